"""What a run saves: the state of training, and policies as SavedModels."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tf_agents.policies import policy_saver, tf_policy

from cartrl import sidecar

KEPT_CHECKPOINTS = 2


class PolicyExporter:
    """Saves a policy with TF-Agents' PolicySaver, and a sidecar beside it.

    It takes the collect policy, whose actions are drawn from a distribution: the greedy policy is that
    distribution's mode, while from a saved greedy policy no other action could ever be drawn.
    """

    def __init__(self, policy: tf_policy.TFPolicy, train_step: tf.Variable):
        self._saver = policy_saver.PolicySaver(policy, batch_size=None, train_step=train_step)
        self._specs = {
            "observation": describe(policy.time_step_spec.observation),
            "action": describe(policy.action_spec),
        }

    def save(self, directory: Path, facts: dict[str, Any]) -> None:
        """Save to ``directory``, in the place of what was there; ``facts`` go into the sidecar."""
        draft = directory.with_name(f".{directory.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        self._saver.save(str(draft))
        sidecar.write(draft, {**facts, "specs": self._specs})
        replace_directory(draft, directory)


def replace_directory(draft: Path, directory: Path) -> None:
    """Put the finished ``draft`` in the place of ``directory``."""
    old = directory.with_name(f".{directory.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.replace(old)
    draft.replace(directory)
    shutil.rmtree(old, ignore_errors=True)


def describe(spec: tf.TypeSpec) -> dict[str, Any]:
    """Return a bounded spec as JSON."""
    return {
        "shape": list(spec.shape),
        "dtype": spec.dtype.name,
        "minimum": np.asarray(spec.minimum).tolist(),
        "maximum": np.asarray(spec.maximum).tolist(),
    }


class TrainingCheckpoints:
    """The state of training, a file prefix a save; the newest two are kept."""

    def __init__(self, state: tf.train.Checkpoint, directory: Path):
        self._state = state
        self._directory = directory

    def save(self, iteration: int) -> None:
        """Save the state after ``iteration``."""
        directory = self._directory / f"{iteration:08d}"
        self._state.write(str(directory / "state"))
        for old in sorted(self._directory.iterdir())[:-KEPT_CHECKPOINTS]:
            shutil.rmtree(old)
