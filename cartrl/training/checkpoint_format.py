"""What a checkpoint is on disk: a directory, named after its iteration, no file of which ever changes.

    learner.npz      the learner's variables
    collector.npz    the collector's state, where it has one between iterations
    replay/          the replay's files, where it holds anything between iterations
    checkpoint.json  the format, the iteration, the settings of the experiment, and SHA-256 of each of the files

The counters and the record of evaluations are in the metrics. No generator of random numbers has a state.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple, Optional

from cartrl.errors import CartrlError
from cartrl.runs import formats
from cartrl.runs.json_files import read_json
from cartrl.settings.section import has_type
from cartrl.system import files
from cartrl.system.fingerprints import difference, fingerprints
from cartrl.training import state_files
from cartrl.training.parts import Parts, Stored
from cartrl.training.state_files import State

CONTENTS = "checkpoint.json"
LEARNER, COLLECTOR, REPLAY = "learner.npz", "collector.npz", "replay"
ITERATION, EXPERIMENT, FILES = "iteration", "experiment", "files"  # keys of checkpoint.json
SEAL = "sha256"  # the key of the SHA-256 of all other keys
FILE_SUFFIX = ".npz"  # in format 1 a checkpoint is a file: the learner's variables, beside them the settings as a text


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    iteration: int
    experiment: Any  # the settings, as `resuming.identity` returns them; None where the checkpoint does not say
    learner: State
    collector: State  # empty where the collector had none
    replay: Optional[Path]  # a directory, for as long as the checkpoint is kept

    def restore(self, parts: Parts) -> None:
        """Let ``parts`` continue from here.

        Raises:
            CartrlError: when a part is another one than that whose state this is.
        """
        if (self.collector and parts.collector is None) or (self.replay and parts.replay is None):
            raise CartrlError("the checkpoint holds the state of another collector or replay than this experiment has")
        parts.learner.restore(self.learner)
        if parts.collector is not None:
            parts.collector.restore(self.collector)
        if parts.replay is not None and self.replay is not None:
            parts.replay.restore(self.replay)


def is_checkpoint(path: Path) -> bool:
    """Whether ``path`` has the name of a checkpoint, of any format."""
    return path.suffix in ("", FILE_SUFFIX) and path.stem.isascii() and path.stem.isdigit()


def iteration_of(path: Path) -> int:
    """Return the iteration of the checkpoint ``path``."""
    return int(path.stem)


def write(draft: Path, path: Path, experiment: Any, parts: Parts, before: Optional[Path]) -> None:
    """Write a checkpoint to the new directory ``draft``, read it back and check it.

    Args:
        draft: the directory, which is to stand at ``path``.
        path: what errors name; its name is the iteration.
        experiment: the settings, as `resuming.identity` returns them.
        parts: whose states are written.
        before: the checkpoint before, if there is one.

    Raises:
        CartrlError: for a value that is not finite, or when a file does not read back the same.
    """
    state_files.write(draft / LEARNER, parts.learner.state(), path / LEARNER)
    if parts.collector is not None and (state := parts.collector.state()):
        state_files.write(draft / COLLECTOR, state, path / COLLECTOR)
    if parts.replay is not None:
        _write_replay(draft / REPLAY, parts.replay, before)
    _write_contents(draft, path, experiment, known=_linked(draft, before))


def _write_replay(draft: Path, replay: Stored, before: Optional[Path]) -> None:
    """Save ``replay`` into ``draft``, which begins with the replay's files of the checkpoint ``before``."""
    if before is not None and (before / REPLAY).is_dir():
        shutil.copytree(before / REPLAY, draft, copy_function=files.link_or_copy)
    else:
        draft.mkdir()
    replay.save(draft)
    if not any(draft.iterdir()):
        draft.rmdir()


def _linked(draft: Path, before: Optional[Path]) -> dict[str, str]:
    """Return the SHA-256 of the files of ``draft`` that are those of the checkpoint ``before``, under a second name.

    A memory of images takes gigabytes, which are not to be read at each checkpoint. Damage to them is found when one is
    resumed from, as they then are not what was saved first.
    """
    if before is None or not (before / CONTENTS).exists():
        return {}
    try:
        saved = _contents(before)[FILES]
    except CartrlError:
        return {}
    return {
        name: digest
        for name, digest in saved.items()
        if (draft / name).exists() and (before / name).exists() and (draft / name).samefile(before / name)
    }


def _write_contents(draft: Path, path: Path, experiment: Any, known: dict[str, str]) -> None:
    """Write what is to be known of the checkpoint beside its files, of which some fingerprints are ``known``."""
    content = {
        formats.KEY: formats.FORMAT,
        ITERATION: iteration_of(path),
        EXPERIMENT: experiment,
        FILES: fingerprints(draft, CONTENTS, known),
    }
    text = json.dumps({**content, SEAL: _seal(content)}, indent=2, allow_nan=False)
    with files.naming(path / CONTENTS, draft / CONTENTS):
        (draft / CONTENTS).write_text(f"{text}\n", encoding="utf-8")


def _seal(content: dict[str, Any]) -> str:
    """Return the SHA-256 of what is in checkpoint.json."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read(path: Path) -> Checkpoint:
    """Read a checkpoint of any format.

    Raises:
        NewerFormatError: when a newer cartrl has written it.
        CartrlError: when it is damaged.
    """
    return _read_file(path) if path.suffix == FILE_SUFFIX else _read_directory(path)


def _read_directory(path: Path) -> Checkpoint:
    content = _contents(path)
    saved: dict[str, str] = content[FILES]
    try:
        changed = difference(path, CONTENTS, saved)
    except OSError as error:
        raise CartrlError(f"{error.filename}: cannot be read: {error.strerror}") from None
    if changed is not None:
        raise CartrlError(f"{path}: damaged, {changed}")
    return Checkpoint(
        iteration_of(path),
        content.get(EXPERIMENT),
        learner=state_files.read(path / LEARNER),
        collector=state_files.read(path / COLLECTOR) if COLLECTOR in saved else {},
        replay=path / REPLAY if (path / REPLAY).is_dir() else None,
    )


def _contents(path: Path) -> dict[str, Any]:
    """Read what is to be known of the checkpoint ``path`` beside its files.

    Raises:
        CartrlError: when it is damaged.
    """
    content = read_json(path / CONTENTS)
    seal = content.pop(SEAL, None)
    is_whole = seal == _seal(content) and content.get(ITERATION) == iteration_of(path)
    if not is_whole or not has_type(content.get(FILES), dict[str, str]):
        raise CartrlError(f"{path}: damaged, {CONTENTS} is not what was saved")
    return content


def _read_file(path: Path) -> Checkpoint:
    """Read a checkpoint of format 1."""
    state = dict(state_files.read(path))
    try:
        formats.require_readable(_scalar(state, formats.KEY), path)
        experiment = json.loads(_scalar(state, EXPERIMENT) or "null")
    except (ValueError, TypeError, RecursionError):
        experiment = None
    return Checkpoint(iteration_of(path), experiment, state, collector={}, replay=None)


def _scalar(state: dict[str, Any], name: str) -> Any:
    """Take the only value out of the array ``name``; None where there is no such array."""
    return state.pop(name).item() if name in state else None
