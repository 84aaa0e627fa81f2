"""Goes on from what a power cut has left, and judges what comes of it."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.runs.directory import RunDirectory
from tests import killing
from tests.powercut.in_process import Done, Place
from tests.powercut.scenes import OVER, Laboratory, Scene
from tests.powercut.states import State

# What may come of a state.
IDENTICAL = "identical"  # went on from the last checkpoint that had been reported or a later one, to the same end
BEFORE = "from the one before, said"  # the same, from an earlier checkpoint, and a warning told so
ANEW = "anew, said"  # no checkpoint had been reported, there was none, and it was said
NOTHING = "nothing there yet"  # there was no run to go on with, and none had been reported
WRONG = "wrong"
VERDICTS = (IDENTICAL, BEFORE, ANEW, NOTHING, WRONG)


class Tried(NamedTuple):
    """What came of a state."""

    done: Done
    went_on_after: Optional[int]
    is_begun: bool  # whether there was a run at all
    differing: list[str]
    complaints: list[str]  # about the commands that only look


class Judge:
    """Judges states of a scene, equal ones once."""

    def __init__(self, laboratory: Laboratory, scene: Scene):
        self._laboratory = laboratory
        self._scene = scene
        self._known: dict[str, Tried] = {}
        self._evaluated: dict[str, Done] = {}
        self.verdicts: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    @property
    def resumed(self) -> int:
        """How many different states were resumed from."""
        return len(self._known)

    def judge(self, state: State) -> None:
        """Go on from ``state``, and count what comes of it."""
        digest, said = state.digest(), max(state.said, default=0)
        if digest not in self._known:
            self._known[digest] = self._try(state)
        tried = self._known[digest]
        verdict, why = _verdict(tried, said)
        problems = [*([why] if verdict == WRONG else []), *tried.complaints]
        self.verdicts[WRONG if problems else verdict] += 1
        for problem in problems:
            self.examples.setdefault(problem, f"{state.model}, said {state.said}, {tried}, {sorted(state.tree)}")
            self.problems[problem] += 1

    def _try(self, state: State) -> Tried:
        with Place() as home:
            state.write(home)
            run = home / self._scene.run
            is_begun = (run / "manifest.json").exists()
            complaints = self._look(run) if run.is_dir() else []
            done = self._scene.resume()
            after = self._laboratory.went_on_after
            return Tried(done, after, is_begun, self._differing(run) if done.code == 0 else [], complaints)

    def _differing(self, run: Path) -> list[str]:
        """Return which files of a run that went on are not what they should be."""
        found = killing.outcome(run)
        names = {*self._scene.outcome, *(name for name in found if name.startswith("policies"))}
        return [name for name in sorted(names) if found.get(name) != self._scene.outcome.get(name)]

    def _look(self, run: Path) -> list[str]:
        """Return what is wrong with the answers of the commands that only look."""
        call = self._laboratory.call
        listed = call("runs", run.parent, "--json")
        answers = [listed, call("plot", run), self._eval(run)]
        complaints = [f"answers {done}" for done in answers if not _is_answer(done)]
        best = [entry.get("best") for entry in json.loads(listed.output)] if listed.code == 0 else []
        rows = json.loads(self._scene.outcome["metrics.csv"])
        if not {*best} <= {None, *(row["greedy_return_mean"] for row in rows)}:
            complaints.append(f"runs tells a best of {best}")
        return complaints

    def _eval(self, run: Path) -> Done:
        """Return the answer of eval, the one before where the policy is the same."""
        policy = RunDirectory(run).best_policy
        content = {str(path.relative_to(run)): path.read_bytes() for path in policy.rglob("*") if path.is_file()}
        key = State(content, (), "").digest()
        if key not in self._evaluated:
            self._evaluated[key] = self._laboratory.call("eval", "--checkpoint", run, "--episodes", 2)
        return self._evaluated[key]


def _is_answer(done: Done) -> bool:
    """Whether a command worked, or said in one line why it did not."""
    if done.code == 0:
        return not done.errors
    return done.code in (1, 2) and len(done.errors.splitlines()) == 1 and "unexpected" not in done.errors


def _verdict(tried: Tried, said: int) -> "tuple[str, str]":
    """Return what came of a state before which the checkpoint ``said`` had been reported, and why that is wrong."""
    after, errors = tried.went_on_after, tried.done.errors
    if tried.done.code:
        is_told = _is_answer(tried.done) and not tried.is_begun
        return (NOTHING, "") if is_told and not said else (WRONG, f"refused, with {said or 'nothing'} reported")
    if tried.differing:
        return WRONG, f"ended otherwise in {tried.differing}"
    if after is None or (said <= after and (after or said)):
        return IDENTICAL, ""
    if said == OVER:
        return WRONG, f"went on after {after} with what had been reported as over"
    if said:
        return (BEFORE, "") if "warning" in errors else (WRONG, f"went back from {said} to {after} without a word")
    return (ANEW, "") if "begins anew" in errors or not tried.is_begun else (WRONG, "began anew without a word")
