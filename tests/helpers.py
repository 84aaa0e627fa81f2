"""What tests share: the command line, called as a user calls it."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from tests import surroundings
from tests.forks import forks

REPO = Path(__file__).resolve().parent.parent
CONFIGS = REPO / "configs"
CARTRL = str(Path(sys.executable).with_name("cartrl"))  # as it is installed beside this Python

Done = subprocess.CompletedProcess
T = TypeVar("T")


WHOLE = {"COLUMNS": ""}  # for tests that read tables: as wide as they are in a pipe, in any surroundings


def run_cartrl(
    *arguments: Any, cwd: Path, env: Optional[dict] = None, timeout: float = 300, largest_file: Optional[int] = None
) -> "Done[str]":
    """Run ``cartrl`` with ``arguments`` in ``cwd``, without a terminal; return its exit code, stdout and stderr.

    ``largest_file``, in KiB, is what any file of the process may grow to: a disk that fills up. (Nor can coverage
    write then, so it is not measured.)

    It is a fork of a process that has imported TensorFlow, unless variables are asked for that a process could read
    while it starts, or surroundings that do not suit one.
    """
    if largest_file is None and set(env or {}) <= set(WHOLE) and not surroundings.are_hostile():
        environment = clean_environment()
        is_measured = any(name.startswith("COVERAGE_") for name in environment)
        return forks(is_measured).run([*map(str, arguments)], Path(cwd), {**environment, **(env or {})}, timeout)
    with surroundings.files_in(Path(cwd)):
        return subprocess.run(
            [*limit(largest_file), CARTRL, *map(str, arguments)],
            cwd=cwd,
            env={**(clean_environment() if largest_file is None else unmeasured_environment()), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )


def unmeasured_environment() -> dict:
    """The clean environment, without what makes a process measure its coverage."""
    return {name: value for name, value in clean_environment().items() if not name.startswith("COVERAGE_")}


def limit(largest_file: Optional[int]) -> list[str]:
    """Return what stands before a command whose files may grow to so many KiB."""
    return [] if largest_file is None else ["bash", "-c", 'ulimit -f "$0" && exec "$@"', str(largest_file)]


def clean_environment() -> dict:
    """The environment without what would change how the output looks, or how quiet the libraries are.

    Where the tests run in hostile surroundings, those are in it.
    """
    unwanted = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM", "TF_CPP_MIN_LOG_LEVEL", "SDL_VIDEODRIVER", "DISPLAY"}
    clean = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**clean, **surroundings.variables()}


HEAVY = ("tensorflow", "tensorflow_probability", "tf_agents", "reverb", "gym", "matplotlib", "imageio")

# Runs the command line as `cartrl` does, and writes down how it ended and what it had imported by then.
WATCHED_MAIN = """
import json, sys
report, heavy, sys.argv = sys.argv[1], sys.argv[2].split(","), ["cartrl", *sys.argv[3:]]
from cartrl.system import surroundings
from cartrl.cli import main
surroundings.settle()
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
with open(report, "w") as file:
    json.dump([code, [name for name in heavy if name in sys.modules]], file)
"""


def run_and_list_imports(
    *arguments: Any, cwd: Path, report: Path, before: Sequence[str] = ()
) -> "tuple[Done[str], list[str]]":
    """Run ``cartrl`` as `run_cartrl` does; return that, and which of ``HEAVY`` its process had imported.

    ``report`` is a file outside ``cwd`` through which the process says so, so that both its streams stay its own.
    ``before`` is a command that starts the process, which it is given as further arguments.
    """
    done = subprocess.run(
        [*before, sys.executable, "-c", WATCHED_MAIN, str(report), ",".join(HEAVY), *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert report.is_file(), f"the process died before it could report: {done.stderr}"
    code, imported = json.loads(report.read_text(encoding="utf-8"))
    return subprocess.CompletedProcess(done.args, code, done.stdout, done.stderr), imported


MODULES = REPO / "tests" / "modules"  # with PYTHONPATH on it, bad_environments can be imported

# Runs several command lines, one after the other, in one process: what takes seconds to import is imported once.
SEVERAL = """
import json, os, sys, tempfile
from cartrl.system import surroundings
from cartrl.cli import main
surroundings.settle()
outcomes = []
for arguments in json.loads(sys.argv[1]):
    files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    kept = [os.dup(1), os.dup(2)]
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    sys.argv = ["cartrl", *arguments]
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    for number, file in enumerate((sys.stdout, sys.stderr), 1):
        file.flush()
        os.dup2(kept[number - 1], number)
        os.close(kept[number - 1])
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read().decode())
    outcomes.append([code, *texts, "tensorflow" in sys.modules])
json.dump(outcomes, sys.stdout)
"""


class Outcome(NamedTuple):
    """How one of several command lines ended."""

    returncode: int
    stdout: str
    stderr: str
    tensorflow: bool  # whether it had been imported by then


def run_several(
    *calls: Sequence[Any], cwd: Path, env: Optional[dict] = None, largest_file: Optional[int] = None
) -> list[Outcome]:
    """Run ``cartrl`` with the arguments of each of ``calls``, in this order, in one process; see `run_cartrl`."""
    done = subprocess.run(
        [*limit(largest_file), sys.executable, "-c", SEVERAL, json.dumps([list(map(str, call)) for call in calls])],
        cwd=cwd,
        env={
            **(clean_environment() if largest_file is None else unmeasured_environment()),
            "PYTHONPATH": module_path(),
            **(env or {}),
        },
        capture_output=True,
        text=True,
        timeout=300 + 60 * len(calls),  # a slow machine that other tests keep busy takes long
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return [Outcome(*outcome) for outcome in json.loads(done.stdout)]


def module_path() -> str:
    """Return a PYTHONPATH with what it holds already, and the modules of tests/modules."""
    return os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(MODULES)])


def one_line(outcome: Any, exit_code: int, stdout: str = "") -> str:
    """Check that ``outcome`` is a failure with ``exit_code`` that is told in one line; return what it says."""
    assert outcome.returncode == exit_code, outcome
    assert outcome.stdout == stdout
    assert outcome.stderr.startswith("error: "), outcome.stderr
    assert outcome.stderr.endswith("\n")
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    return outcome.stderr[len("error: ") : -1]


def everything_below(directory: Path) -> "dict[str, Optional[bytes]]":
    """Return what is below ``directory``: the content of every regular file by relative path, None for the rest."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


def assert_one_sentence(done: "Done[str]", place: str) -> str:
    """Check that ``done`` ended as a refusal must, with one sentence about ``place``; return what it says of it."""
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("\n")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    start = f"error: {place}: "
    assert done.stderr.startswith(start), f"{done.stderr!r} does not start with {start!r}"
    return done.stderr[len(start) :].rstrip("\n")


def children(pid: int) -> list[int]:
    """Return the processes that process ``pid`` has started and that it has not seen end."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text().split()]


def wait_until(
    condition: Callable[[], T], what: str, seconds: float = 300.0, process: "Optional[subprocess.Popen]" = None
) -> T:
    """Return the first value of ``condition()`` that is true; ``what`` names the event that makes it so.

    Raises:
        AssertionError: when so many seconds have passed before, or ``process`` has ended before.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the process ended with {process.returncode} before {what}")
        if time.monotonic() > deadline:
            raise AssertionError(f"{seconds:g} s passed before {what}")
        time.sleep(0.01)
    return value


def has_handler(pid: int, number: signal.Signals) -> bool:
    """Return whether process ``pid`` handles the signal.

    A process of cartrl handles a first signal only: once the kernel has delivered that one, a second ends the process.
    """
    (caught,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that this process has started and has seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int, with_children: bool = True) -> float:
    """Return the CPU seconds of process ``pid``, which is still there, and of those that it has seen end."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_children else 13])) / os.sysconf("SC_CLK_TCK")
