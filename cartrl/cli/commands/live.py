"""``cartrl watch --terminal`` and ``--window``."""

import sys
from contextlib import closing
from typing import Optional, Union

from cartrl.errors import UsageError
from cartrl.pictures.window import Window
from cartrl.policies import sidecar
from cartrl.policies.matching import require_match
from cartrl.runs.finding import find_policy
from cartrl.system import answers, quiet
from cartrl.system.console import Console, colours
from cartrl.system.signals import StopRequest
from cartrl.terminal.screen import Screen


def run(checkpoint: Optional[str], is_in_window: bool) -> None:
    """Show the policy that ``checkpoint`` names, in a window or in this terminal, until it is closed or left."""
    saved = sidecar.read(find_policy(checkpoint))
    viewer: Union[Window, Screen] = Window() if is_in_window else _screen()
    require_match(saved)
    with quiet.loading():
        from cartrl.pictures import live, recording

        actor = recording.Actor(saved, recording.Camera())
    with closing(actor), StopRequest() as stop, viewer, quiet.held_back(), answers.nothing_printed():
        live.play(actor, viewer, stop)
    if stop():
        sys.exit(stop.exit_code)


def _screen() -> Screen:
    console = Console()
    if not console.is_terminal or console.is_dumb_terminal or not sys.stdout.isatty():
        raise UsageError(
            "--terminal needs a terminal, and stdout is none that can show a picture; -o FILE.html writes a page for a "
            "browser"
        )
    return Screen(colours(console))
