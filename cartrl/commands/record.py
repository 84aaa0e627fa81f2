"""``cartrl record``."""

from pathlib import Path
from typing import Callable, Optional

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cartrl import quiet, sidecar
from cartrl.display import tables
from cartrl.run_directory import RunDirectory, find_policy


def run(
    checkpoint: Optional[str],
    episodes: int,
    output: Optional[Path],
    fps: Optional[int],
    is_greedy: bool,
    seed: int,
) -> None:
    """Film the policy that ``checkpoint`` names, and print where the film is and what it shows."""
    directory = find_policy(checkpoint)
    content = sidecar.read(directory)
    quiet.prepare()
    with quiet.held_back():
        from cartrl import recording
    target = output or _default_output(directory)
    recording.require_writable(target)
    console = Console()
    limit = content["environment"]["max_episode_steps"]
    bar = Progress(
        TextColumn("filming"), BarColumn(), TextColumn("{task.description}"), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=episodes * (limit + 1))
        on_frame = _reporter(bar, task, console, episodes, limit)
        film = recording.record(directory, content, target, episodes, fps or 0, is_greedy, seed, on_frame)
    returns = ", ".join(f"{value:,.1f}" for value in film.returns)
    tables.facts(
        console,
        [
            ("policy", f"{directory} (step {content['step']})"),
            ("returns", returns),
            ("duration", f"{film.seconds:.1f} s, {film.frames:,} frames at {film.fps} a second"),
            ("size", f"{film.path.stat().st_size / 1024:,.0f} KiB"),
        ],
    )
    tables.lines(console, "film", [str(film.path)])


def _default_output(policy: Path) -> Path:
    """Return videos/ in the run that the policy is in, or this directory for a policy on its own."""
    run = RunDirectory(policy.parent.parent)
    folder = run.videos if run.manifest.is_file() else Path()
    return folder / f"{policy.resolve().name}.mp4"


def _reporter(
    bar: Progress, task: int, console: Console, episodes: int, limit: int
) -> Callable[[int, int], None]:
    """Return what is told of each frame: moves the bar, or without a terminal prints a line an episode."""

    def on_frame(episode: int, step: int) -> None:
        if not bar.disable:
            done = (episode - 1) * (limit + 1) + step + 1
            bar.update(task, completed=done, description=f"episode {episode} of {episodes}, step {step}")
        elif step == 0:
            console.print(f"filming episode {episode} of {episodes}", highlight=False)

    return on_frame
