"""The process: ``cartrl``, or ``python -m cartrl``."""

from cartrl.cli import main
from cartrl.stopping import leave


def start() -> None:
    """Run the command line, and leave."""
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    leave(code)


if __name__ == "__main__":
    start()
