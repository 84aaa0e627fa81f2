"""``cartrl record``."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from rich.progress import BarColumn, Progress, TextColumn

from cartrl.analysis.numbers import number
from cartrl.errors import CartrlError, UsageError
from cartrl.pictures import ffmpeg, milestones
from cartrl.pictures.milestones import Milestone
from cartrl.policies import beside, sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.rollouts import Rollouts
from cartrl.runs.directory import RunDirectory, run_of
from cartrl.runs.finding import find_policy, find_run
from cartrl.system import notices, quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_writable
from cartrl.terminal import tables


class Subject(NamedTuple):
    """What is filmed."""

    name: tuple[str, str]  # what it is, and which
    policies: list[Milestone]
    default_output: Path
    run: Optional[RunDirectory]  # in which the policies are


def run(
    checkpoint: Optional[str],
    progress: Optional[str],
    rollouts: Rollouts,
    output: Optional[Path],
    fps: Optional[int],
) -> None:
    """Film ``rollouts`` of the policy ``checkpoint``, or of several policies of the run ``progress``; print the facts.

    Without ``output`` the film goes to the run's videos/; without ``fps`` it has the environment's own frame rate.
    """
    if progress is not None and checkpoint is not None:
        raise UsageError("name one policy to film, or a run with --progress to film how it learned")
    subject = _policy(checkpoint) if progress is None else _run(progress)
    target = output or _default(subject.default_output, rollouts.is_greedy)
    require_writable(target, "film", ffmpeg.SUFFIXES)
    ffmpeg.require_rate(target, fps)
    ffmpeg.require_encoder(target)
    for milestone in subject.policies:
        require_match(milestone.saved)
    with quiet.loading():
        from cartrl.environments import suite
        from cartrl.pictures import recording, side_by_side
    console = Console()
    saved = subject.policies[0].saved
    limit = suite.time_limit(saved.environment)
    bar = Progress(
        TextColumn("filming"), BarColumn(), TextColumn("{task.description}"), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        on_frame = _reporter(bar, console, rollouts.count, limit)
        file = recording.FilmFile(target, fps)
        if progress is None:
            film = recording.record(saved, rollouts, file, on_frame)
        else:
            film = side_by_side.record(subject.policies, rollouts, file, on_frame)
    if subject.run is not None and subject.run.tensorboard.is_dir():
        _show_in_tensorboard(film.path, subject.run, saved.step)
    tables.facts(
        console,
        [
            subject.name,
            *(row for milestone in subject.policies for row in beside.rows(milestone.saved, rollouts.is_greedy)),
            ("returns", "\n".join(map(_listed, subject.policies, film.returns))),
            ("duration", f"{film.seconds:.1f} s, {film.frames:,} frames at {film.fps:g} a second"),
            ("size", f"{film.path.stat().st_size / 1024:,.0f} KiB"),
            *([] if film.note is None else [("frame rate", film.note)]),
        ],
    )
    tables.lines(console, "film", [str(film.path)])


def _show_in_tensorboard(film: Path, run: RunDirectory, step: int) -> None:
    """Add the ``film`` of a policy of ``run`` to the event files of the run; a failure is a warning."""
    from cartrl.runs import tensorboard

    tag = f"films/{film.stem}"
    try:
        with tempfile.TemporaryDirectory(prefix="cartrl-") as folder:
            gif = Path(folder) / "film.gif"
            ffmpeg.make_small_gif(film, gif)
            tensorboard.add_picture(run.tensorboard, tag, gif, step, is_film=True)
    except (CartrlError, OSError) as error:
        notices.warn(f"{run.tensorboard}: the film is not shown in TensorBoard: {error}")


def _default(greedy: Path, is_greedy: bool) -> Path:
    """Return where a film goes: one of drawn actions never takes the place of the ``greedy`` one."""
    return greedy if is_greedy else greedy.with_name(f"{greedy.stem}-stochastic{greedy.suffix}")


def _policy(reference: Optional[str]) -> Subject:
    """Return a policy; its film goes to videos/ in the run that it is in, or here for a policy on its own."""
    saved = sidecar.read(find_policy(reference))
    run = run_of(saved.directory)
    output = (Path() if run is None else run.videos) / f"{saved.directory.resolve().name}.mp4"
    return Subject(("policy", f"{saved.directory} (step {saved.step})"), [Milestone("", saved)], output, run)


def _run(reference: str) -> Subject:
    """Return the policies of a run."""
    run = find_run(reference)
    return Subject(("run", str(run.root)), milestones.of_run(run), run.videos / "progress.mp4", run)


def _listed(milestone: Milestone, returns: Sequence[float]) -> str:
    listed = ", ".join(map(number, returns))
    return f"{milestone.title}: {listed}" if milestone.title else listed


def _reporter(bar: Progress, console: Console, episodes: int, limit: int) -> Callable[[int, int], None]:
    """Return a callback for each frame, which moves the bar, or without a terminal prints a line an episode."""
    task = bar.add_task("", total=episodes * (limit + 1))

    def on_frame(episode: int, step: int) -> None:
        if not bar.disable:
            done = (episode - 1) * (limit + 1) + step + 1
            bar.update(task, completed=done, description=f"episode {episode} of {episodes}, step {step}")
        elif step == 0:
            console.print(f"filming episode {episode} of {episodes}", highlight=False)

    return on_frame
