"""``cartrl reproduce``."""

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
from cartrl.runs.machine import processor, versions
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.runs.reproduction import Cells, Difference
from cartrl.settings import load
from cartrl.system import child_process, imports
from cartrl.system.console import Console
from cartrl.terminal import tables
from cartrl.training import tasks

POLL_INTERVAL = 0.2  # seconds between two updates of the progress bar


def run(path: Path, run_dir: Optional[Path]) -> None:
    """Train the run at ``path`` again, in ``run_dir`` or a temporary directory; exit with 1 if the metrics differ."""
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
    console = Console()
    with tempfile.TemporaryDirectory(prefix="cartrl-") as scratch:
        again = RunDirectory(run_dir or Path(scratch) / "run")
        has_failed = outcome is Outcome.FAILED
        _train(console, [str(original.config), "--run-dir", str(again.root), *overrides], again, last, has_failed)
        now = reproduction.read_cells(again.metrics)
    difference = reproduction.first_difference(before, now)
    what = f"{path}, seed {settings.train.seed}, to iteration {last:,}"
    verdict = _verdict(difference, before, now)
    tables.facts(console, [("run", what), ("metrics", verdict), *_since_then(manifest)])
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
        columns = len(reproduction.compared_columns(before, now))
        extent = f": {len(before):,} rows of {columns} columns are the same to the last bit"
        return Text.assemble(("identical", "bold green"), extent)
    was, is_now = (value or "nothing" for value in (difference.before, difference.now))
    where = f": first in {difference.column} of iteration {difference.iteration}, which was {was} and is now {is_now}"
    return Text.assemble(("different", "bold red"), where)


def _since_then(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows that say which versions and processors differ from those in the manifest."""
    first, *rest = _changes(manifest) or ["the same versions and processor"]
    return [("since then", first), *(("", line) for line in rest)]


def _changes(manifest: dict[str, Any]) -> list[str]:
    """Return a line for each version, and for the processor, that is no longer what the manifest says."""
    then = {**_section(manifest, "versions"), "processor": _section(manifest, "host").get("processor")}
    now = {**versions(), "processor": processor()}
    return [f"{name} {old or 'none'} → {new or 'none'}" for name, old, new in reproduction.changes(then, now)]


def _section(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    section = manifest.get(name)
    return section if isinstance(section, dict) else {}
