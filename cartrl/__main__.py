"""The process: ``cartrl``, or ``python -m cartrl``."""

import signal

from cartrl.system import surroundings
from cartrl.system.frames import with_room
from cartrl.system.signals import leave


@with_room
def start() -> None:
    """Run the command line, and leave."""
    code = 0
    try:
        surroundings.settle()
        from cartrl.cli import main

        main()
    except KeyboardInterrupt:  # before the command line could take care of it
        code = 128 + signal.SIGINT
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    leave(code)


if __name__ == "__main__":
    start()
