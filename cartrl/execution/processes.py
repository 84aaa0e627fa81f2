"""The processes of a study, which share its seeds among them; what they are told: `cartrl.execution.worker`."""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import IO, Any, Optional

from cartrl.runs.outcome import Outcome
from cartrl.runs.study import StudyDirectory, StudyProgress
from cartrl.system import child_process, imports, quiet

SECONDS_BETWEEN_LOOKS = 0.05


class Workers:
    """Processes, of which one that dies takes one seed with it, and another takes its place.

    Args:
        study: where the runs are.
        progress: kept up to date.
        told: called with a seed after each news of it; from several threads, one at a time.
    """

    def __init__(self, study: StudyDirectory, progress: StudyProgress, told: Callable[[int], None]):
        self._study = study
        self._progress = progress
        self._told = told
        self._waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._is_stopping = False

    def train(self, seeds: Sequence[int], jobs: int, should_stop: Callable[[], bool]) -> None:
        """Train ``seeds`` in ``jobs`` processes, until all have ended or it should stop."""
        for seed in seeds:
            self._waiting.put(seed)
        with ThreadPoolExecutor(min(jobs, len(seeds))) as pool:
            work = [pool.submit(self._work) for _ in range(min(jobs, len(seeds)))]
            while wait(work, SECONDS_BETWEEN_LOOKS).not_done:
                if should_stop() and not self._is_stopping:
                    self._stop()
        for thread in work:
            thread.result()

    def _stop(self) -> None:
        with self._lock:
            self._is_stopping = True
            for process in self._processes:
                process.send_signal(signal.SIGTERM)

    def _start(self, errors: IO[str]) -> Optional[subprocess.Popen[str]]:
        with self._lock:
            if self._is_stopping:
                return None
            errors.seek(0)
            errors.truncate()  # what the one before it said
            process = child_process.start(
                "cartrl.execution.worker:main",
                *_arguments(self._study),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for us; we pass it on
            )
            self._processes.append(process)
            return process

    def _work(self) -> None:
        """Let one process after another train seeds, until there are no more."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            process: Optional[subprocess.Popen[str]] = None
            while not self._is_stopping:
                try:
                    seed = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if process is None:
                    process = self._start(errors)
                if process is not None and not self._train_one(process, seed, errors):
                    process.wait()
                    process = None
            if process is not None:
                self._dismiss(process)

    def _dismiss(self, process: subprocess.Popen[str]) -> None:
        """Let the process finish what it is at, such as a picture, and end."""
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        for line in process.stdout:
            self._note(**json.loads(line))
        process.wait()

    def _train_one(self, process: subprocess.Popen[str], seed: int, errors: IO[str]) -> bool:
        """Have ``seed`` trained; return whether the process is still there for another."""
        assert process.stdin is not None and process.stdout is not None
        self._note(seed, outcome=Outcome.RUNNING)
        with suppress(BrokenPipeError):  # the empty answer will tell
            print(seed, file=process.stdin, flush=True)
        for line in process.stdout:
            news = json.loads(line)
            self._note(**news)
            if "outcome" in news:
                return True
        if self._is_stopping:
            self._note(seed, outcome=Outcome.INTERRUPTED)
        else:
            why = child_process.why_it_ended(process, errors)
            self._note(seed, outcome=Outcome.FAILED, error=f"its process {why}")
        return False

    def _note(self, seed: int, **news: Any) -> None:
        with self._lock:
            if "warning" in news:
                self._progress.warnings.append(f"seed {seed}: {news['warning']}")
                return
            state = self._progress.seeds[seed]
            if "row" in news:
                state.note(*news["row"])
            state.outcome = Outcome(news.get("outcome", state.outcome))
            state.error = news.get("error", state.error)
            self._told(seed)


def _arguments(study: StudyDirectory) -> list[str]:
    """Return the arguments of a worker of ``study``: with the options that this process was given."""
    debug = ["--debug"] if quiet.debug else []
    return [*debug, *imports.options(imports.given), str(study.root)]


def default_jobs() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))
