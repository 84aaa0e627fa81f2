"""``cartrl record``."""

import os
from pathlib import Path
from typing import Callable, Optional

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cartrl import quiet, sidecar
from cartrl.display import tables
from cartrl.errors import UsageError
from cartrl.run_directory import RunDirectory, find_policy

SUFFIXES = (".mp4", ".gif", ".webm")


def run(
    checkpoint: Optional[str],
    episodes: int,
    output: Optional[Path],
    fps: Optional[int],
    is_greedy: bool,
    seed: int,
) -> None:
    """Film the policy that ``checkpoint`` names, and print where the film is and what it shows."""
    saved = sidecar.read(find_policy(checkpoint))
    target = output or _default_output(saved.directory)
    require_writable(target)
    quiet.prepare()
    with quiet.held_back():
        from cartrl import recording
    console = Console()
    limit = saved.max_episode_steps
    bar = Progress(
        TextColumn("filming"), BarColumn(), TextColumn("{task.description}"), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=episodes * (limit + 1))
        on_frame = _reporter(bar, task, console, episodes, limit)
        film = recording.record(saved, target, episodes, fps, is_greedy, seed, on_frame)
    returns = ", ".join(f"{value:,.1f}" for value in film.returns)
    tables.facts(
        console,
        [
            ("policy", f"{saved.directory} (step {saved.step})"),
            ("returns", returns),
            ("duration", f"{film.seconds:.1f} s, {film.frames:,} frames at {film.fps} a second"),
            ("size", f"{film.path.stat().st_size / 1024:,.0f} KiB"),
        ],
    )
    tables.lines(console, "film", [str(film.path)])


def require_writable(output: Path) -> None:
    """Check the film's path before anything is rendered.

    Raises:
        UsageError: for a suffix that cannot be written, or a place where no file can be.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output}: the name of a film ends in one of {', '.join(SUFFIXES)}")
    if output.is_dir():
        raise UsageError(f"{output}: this is a directory; give the name of a file")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{output.parent}: cannot be made: {error.strerror}") from None
    if not os.access(output.parent, os.W_OK):
        raise UsageError(f"{output.parent}: no file can be written there")


def _default_output(policy: Path) -> Path:
    """Return videos/ in the run that the policy is in, or this directory for a policy on its own."""
    run = RunDirectory(policy.parent.parent)
    folder = run.videos if run.manifest.is_file() else Path()
    return folder / f"{policy.resolve().name}.mp4"


def _reporter(bar: Progress, task: TaskID, console: Console, episodes: int, limit: int) -> Callable[[int, int], None]:
    """Return what is told of each frame: moves the bar, or without a terminal prints a line an episode."""

    def on_frame(episode: int, step: int) -> None:
        if not bar.disable:
            done = (episode - 1) * (limit + 1) + step + 1
            bar.update(task, completed=done, description=f"episode {episode} of {episodes}, step {step}")
        elif step == 0:
            console.print(f"filming episode {episode} of {episodes}", highlight=False)

    return on_frame
