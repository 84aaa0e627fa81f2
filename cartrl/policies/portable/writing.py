"""Writes exported policies: a directory with the policy, its card, and what plays it."""

import io
import shutil
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.policies import beside, evaluation, sidecar
from cartrl.policies.acting import BatchPolicy
from cartrl.policies.portable import arrays, card, onnx_file, parity, player, tensorflow_file, tflite_file
from cartrl.policies.portable.card import Exported
from cartrl.policies.portable.observations import Visited, completed
from cartrl.policies.portable.original import Original
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import ARRAYS, SavedPolicy
from cartrl.randomness import ActionSeeds
from cartrl.system import files

MODEL, LITE = "policy.onnx", "policy.tflite"
CARD = "README.md"


class Format(NamedTuple):
    """A format of exported policies."""

    write: Callable[[Original, Path], None]
    answers: Callable[[Path, NDArray[Any]], parity.Answers]  # of what was written, to observations [N, *observation]
    is_own_program: bool = True  # which may sum in another order; False where the program is the original's
    is_played_here: bool = False  # by cartrl, as if it were the original


def _write_npz(original: Original, directory: Path) -> None:
    np.savez(directory / ARRAYS, **arrays.of(original))
    shutil.copyfile(player.__file__, directory / "policy.py")


def _answers_of_npz(directory: Path, observations: NDArray[Any]) -> parity.Answers:
    policy = player.Policy(directory / ARRAYS)

    def answers(part: NDArray[Any]) -> parity.Answers:
        parameters = policy.parameters(part)
        names = ("probabilities",) if len(parameters) == 1 else ("mean", "stddev")
        return {"action": np.asarray(policy.act(part)), **dict(zip(names, parameters))}

    return parity.in_parts(answers, observations)


def _write_onnx(original: Original, directory: Path) -> None:
    (directory / MODEL).write_bytes(onnx_file.model(arrays.of(original)).SerializeToString())


def _answers_of_onnx(directory: Path, observations: NDArray[Any]) -> parity.Answers:
    return onnx_file.Player(directory / MODEL).answers(observations)


def _write_tflite(original: Original, directory: Path) -> None:
    (directory / LITE).write_bytes(tflite_file.model(arrays.of(original)))


def _answers_of_tflite(directory: Path, observations: NDArray[Any]) -> parity.Answers:
    return tflite_file.answers((directory / LITE).read_bytes(), observations)


FORMATS = {
    "npz": Format(_write_npz, _answers_of_npz, is_played_here=True),
    "onnx": Format(_write_onnx, _answers_of_onnx),
    "tflite": Format(_write_tflite, _answers_of_tflite),
    "saved-model": Format(tensorflow_file.write, tensorflow_file.answers, is_own_program=False),
}


def export(saved: SavedPolicy, form: str, directory: Path, rollouts: Rollouts) -> Exported:
    """Write ``saved`` to the new ``directory`` in the format ``form``, and evaluate it by ``rollouts`` for its card.

    Raises:
        UsageError: for a policy that cannot be written in this format.
        CartrlError: when what was written acts otherwise than the original. Nothing is left of it then.
    """
    count = parity.count(saved)
    original, visited = Original(saved), Visited(count // 2)  # the other observations are drawn
    report = evaluation.facts(saved, evaluation.played(saved, _Watched(original.batch, visited), rollouts), rollouts)
    observations = completed(visited.sample(), saved.observation_bounds, count)
    content = beside.content(saved)
    with files.whole_directory(directory) as draft:
        found = _written(original, FORMATS[form], draft, observations)
        exported = Exported(saved, content, form, report, found)
        (draft / CARD).write_text(card.text(exported), encoding="utf-8")
        if FORMATS[form].is_played_here:
            sidecar.write(draft, content)
    return exported


def _written(original: Original, form: Format, draft: Path, observations: NDArray[Any]) -> parity.Parity:
    """Write the policy to ``draft``, and hold what was written against the original."""
    form.write(original, draft)
    saved, values = original.saved, None
    if saved.is_discrete and form.is_own_program:
        content = io.BytesIO()
        np.savez(content, **arrays.of(original))
        content.seek(0)
        policy = player.Policy(content)
        values = parity.in_parts(lambda part: {"values": policy.output(part)}, observations)["values"]
    return parity.require(saved, original.answers(observations), form.answers(draft, observations), values)


class _Watched:
    """A policy whose observations are sampled."""

    def __init__(self, policy: BatchPolicy, visited: Visited):
        self._policy, self._visited = policy, visited

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return what the policy does."""
        self._visited.add(observations)
        return self._policy.act(observations, step, seeds)
