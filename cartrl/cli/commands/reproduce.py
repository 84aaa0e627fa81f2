"""``cartrl reproduce``."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Optional

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from cartrl.errors import CartrlError, UsageError
from cartrl.runs import reproduction
from cartrl.runs.directory import RunDirectory
from cartrl.runs.finding import refuse_many
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.runs.reproduction import Cells, Difference
from cartrl.settings import load
from cartrl.system import answers, child_process, imports
from cartrl.system.console import Console
from cartrl.terminal import tables
from cartrl.training import tasks

POLL_INTERVAL = 0.2  # seconds between two updates of the progress bar


def run(path: Path, run_dir: Optional[Path], as_json: bool) -> None:
    """Train the run at ``path`` again, in ``run_dir`` or a temporary directory; exit with 1 if the metrics differ."""
    stdout = answers.stream(is_alone=as_json)
    original = RunDirectory(path)
    manifest = _manifest(original)
    settings = load(original.config).settings
    tasks.check_environment(load(original.config))
    before = reproduction.read_cells(original.metrics)
    last = int(before[-1]["iteration"])
    overrides = []
    outcome = outcome_of(manifest)
    if outcome is None or not outcome.is_over:
        overrides = ["--set", f"train.num_iterations={max(last, 1)}"]
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="cartrl-") as scratch:
        again = RunDirectory(run_dir or Path(scratch) / "run")
        has_failed = outcome is Outcome.FAILED
        _train(console, [str(original.config), "--run-dir", str(again.root), *overrides], again, last, has_failed)
        now = reproduction.read_cells(again.metrics)
    difference = reproduction.first_difference(before, now)
    changes = reproduction.since(manifest)
    if as_json:
        verdict = "identical" if difference is None else "different"
        said = reproduction.extent(before, now) if difference is None else difference.said
        facts = {"run": str(path), "seed": settings.train.seed, "iteration": last}
        print(json.dumps({**facts, "verdict": verdict, "said": said, "changes": changes}), file=stdout, flush=True)
    else:
        what = f"{path}, seed {settings.train.seed}, to iteration {last:,}"
        metrics = _verdict(difference, before, now)
        tables.facts(console, [("run", what), ("metrics", metrics), *tables.since_then(changes)])
        if run_dir is not None:
            tables.lines(console, "kept", [str(run_dir)])
    sys.exit(0 if difference is None else 1)


def _manifest(run: RunDirectory) -> dict[str, Any]:
    refuse_many(run.root)
    if not run.root.exists():
        raise UsageError(f"{run.root}: no such run")
    if not run.manifest.is_file():
        raise UsageError(f"{run.root}: not a run: it holds no {run.manifest.name}")
    remember_modules(run.root)
    return read_json(run.manifest)


def _train(console: Console, arguments: list[str], again: RunDirectory, last: int, may_fail: bool) -> None:
    """Run ``cartrl train`` in a new process, whose numbers nothing in this one can influence, and show how far it is.

    Raises:
        CartrlError: when it fails, unless the original run failed too (``may_fail``).
    """
    bar = Progress(
        TextColumn("training again"), BarColumn(), MofNCompleteColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors, bar:
        task = bar.add_task("", total=last)
        process = child_process.start(
            "cartrl.__main__:start",
            "train",
            "--quiet",
            "--config",
            *arguments,
            *imports.options(imports.given),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            while process.poll() is None:
                bar.update(task, completed=_rows(again.metrics))
                time.sleep(POLL_INTERVAL)
        finally:  # after Ctrl-C, too: the directory to which the process writes is about to be removed
            process.terminate()
            process.wait()
        if process.returncode and not (may_fail and again.metrics.is_file()):
            raise CartrlError(f"cartrl train {child_process.why_it_ended(process, errors)}")


def _rows(metrics: Path) -> int:
    """Return the last iteration in a metrics file; 0 while there is none."""
    try:
        return max(metrics.read_bytes().count(b"\n") - 2, 0)
    except OSError:
        return 0


def _verdict(difference: Optional[Difference], before: list[Cells], now: list[Cells]) -> Text:
    if difference is None:
        extent = f": {reproduction.extent(before, now)} are the same to the last bit"
        return Text.assemble(("identical", "bold green"), extent)
    return Text.assemble(("different", "bold red"), f": {difference.said}")
