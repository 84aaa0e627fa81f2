"""Closing tables: what a run reached, what an evaluation found, what an environment is like."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cartrl.analysis.numbers import exact, number, numbers
from cartrl.analysis.summaries import certainty, of_json
from cartrl.runs.directory import RunDirectory
from cartrl.runs.manifest import Spent
from cartrl.runs.outcome import Outcome
from cartrl.system.calls import call, quoted
from cartrl.system.console import say
from cartrl.system.lasting import columns
from cartrl.terminal.training import spread
from cartrl.training.journal import Progress

GAP = 2  # columns between names and values
LEAST_ROOM = 20  # columns for values, however narrow the terminal is
VERDICT_STYLES = {"solved": "bold green", "not solved": "bold red", "undecided": "bold yellow"}


def facts(console: Console, rows: Sequence[tuple[str, Any]]) -> None:
    """Print names and values, one pair a line, the values below each other.

    A value that is too long goes on in the next line, but never within a word: a path or a number stays whole.
    """
    margin = max(len(name) for name, _ in rows) + GAP
    room = columns(console) - margin
    for name, value in rows:
        text = value.copy() if isinstance(value, Text) else Text(str(value))
        text.overflow = "ignore"  # a word that is too long; passed to wrap, it would turn wrapping off
        wrapped = text.wrap(console, max(room, LEAST_ROOM))
        for position, line in enumerate(wrapped):
            line.rstrip()
            label = name if position == 0 else ""
            console.print(Text.assemble((f"{label:<{margin}}", "bold"), line), soft_wrap=True)


def lines(console: Console, title: str, texts: Sequence[str]) -> None:
    """Print a title and indented lines that can be copied whole, however long."""
    console.print(Text(title, style="bold"))
    for text in texts:
        say(console, f"  {text}")


def since_then(changes: Sequence[str]) -> list[tuple[str, str]]:
    """Return the rows of `facts` that say what has changed since a run was trained."""
    return titled("since then", changes or ["the same versions and processor"])


def titled(title: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return a row of `facts` for each text, of which the first has the title; none where there is no text."""
    return [(title if number == 0 else "", text) for number, text in enumerate(texts)]


def run_summary(console: Console, progress: Progress, run: RunDirectory, threshold: str, before: Spent) -> None:
    """Print what a run reached, what it wrote, and what to type next.

    ``threshold`` is the reward threshold, or why there is none; ``before`` is what earlier processes took.
    """
    rows: list[tuple[str, Any]] = []
    if progress.ended is not Outcome.FINISHED:
        rows.append((str(progress.ended), f"after {progress.iteration} of {progress.num_iterations} iterations"))
    rows += [
        ("best greedy return", f"{spread(progress.best)} at iteration {progress.best.step if progress.best else 0}"),
        _last(progress),
        ("reward threshold", threshold),
        ("episodes", number(progress.episodes)),
        ("environment steps", number(progress.environment_steps)),
        ("seconds", _seconds(progress.seconds, before)),
    ]
    facts(console, rows)
    lines(console, "written", [str(path) for path in written(run)])
    resume = [call("train", "--resume", run.root)] if progress.ended is Outcome.INTERRUPTED else []
    lines(
        console,
        "next",
        [
            *resume,
            call("eval", run.root),
            call("record", run.root, "--episodes", 3),
            quoted("tensorboard", "--logdir", run.root.parent),
        ],
    )


def _last(progress: Progress) -> tuple[str, str]:
    """Return the name and the value of the last evaluation, which is the final one only where nothing is left."""
    if progress.ended.is_over or progress.last is None:
        return "final greedy return", spread(progress.last)
    return "last greedy return", f"{spread(progress.last)} at iteration {progress.last.step}"


def _seconds(phases: dict[str, float], before: Spent) -> str:
    """Write how long a run took, in all its processes and in the phases of this one."""
    own = sum(phases.values())
    text = f"{own:.1f} s: {', '.join(f'{name} {value:.1f} s' for name, value in phases.items())}"
    if not before.processes:
        return text
    least = "" if before.is_whole else "at least "
    return f"{least}{before.seconds + own:.1f} s in {before.processes + 1} processes; the last of them {text}"


def written(run: RunDirectory) -> list[Path]:
    """Return the paths that a run has written."""
    paths = [
        run.config, run.manifest, run.metrics, run.learning_curve, run.best_policy, run.final_policy,
        run.checkpoints, run.tensorboard,
    ]  # fmt: skip
    return [path for path in paths if path.exists()]


def evaluation(console: Console, report: dict[str, Any], played: Sequence[tuple[str, str]]) -> None:
    """Print an evaluation's report, and after the policy the rows about how it was ``played``."""
    mean = certainty(of_json(report, "mean"), report["episodes"], "episode")
    threshold, verdict = report["reward_threshold"], report["verdict"]
    rows: list[tuple[str, Any]] = [
        ("policy", f"{report['policy']} (step {report['step']})"),
        *played,
        ("environment", report["env_name"]),
        ("episodes", f"{report['episodes']:,} {report['actions']}, seed {report['seed']}"),
        ("mean return", ", ".join(mean)),
        ("standard deviation", number(report["std"], report["std"])),
        ("min, median, max", "; ".join(numbers([report[name] for name in ("min", "median", "max")], report["std"]))),
        ("ended", f"{report['terminated']:,} terminated (fell, or reached the goal), "
                  f"{report['truncated']:,} truncated (time limit)"),
    ]  # fmt: skip
    if verdict is not None:
        outcome = Text.assemble((verdict, VERDICT_STYLES[verdict]), f": the reward threshold is {exact(threshold)}")
        rows.append(("verdict", outcome))
    else:
        rows.append(("verdict", f"none: {report['no_verdict']}"))
    facts(console, rows)
