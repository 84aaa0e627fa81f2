"""Saves policies with TF-Agents' PolicySaver, and a sidecar beside each."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tf_agents.policies import policy_saver, tf_policy

from cartrl.policies import sidecar
from cartrl.system import files


class PolicyExporter:
    """Saves a policy with the values that its variables have at that moment.

    The policy is the collect policy, whose actions are drawn from a distribution. The greedy policy is the mode of
    that distribution; from a saved greedy policy no other action could ever be drawn.

    A SavedModel is a program and its variables. The program never changes, and PolicySaver takes 0.1 s to write it,
    so it is written once, and copied beside the variables of each policy.

    Args:
        policy: the collect policy.
        train_step: updates of the policy so far.
        first_action: the environment's action for the policy's 0; the sidecar says it.
    """

    def __init__(self, policy: tf_policy.TFPolicy, train_step: tf.Variable, first_action: int):
        self._saver = policy_saver.PolicySaver(policy, batch_size=None, train_step=train_step)
        self._specs = {
            "observation": describe(policy.time_step_spec.observation),
            "action": {**describe(policy.action_spec), "start": first_action},
        }
        with tempfile.TemporaryDirectory(prefix="cartrl-policy-") as directory:
            self._saver.save(directory)
            self._program = {
                path.relative_to(directory): path.read_bytes() for path in Path(directory).rglob("*") if path.is_file()
            }

    def save(self, directory: Path, facts: dict[str, Any]) -> None:
        """Save to ``directory``, in the place of what was there; ``facts`` go into the sidecar."""
        with files.whole_directory(directory) as draft:
            for name, content in self._program.items():
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                with files.naming(draft / name):
                    (draft / name).write_bytes(content)
            self._saver.save_checkpoint(str(draft))  # over the variables in variables/
            sidecar.write(draft, {**facts, "specs": self._specs})


def describe(spec: tf.TypeSpec) -> dict[str, Any]:
    """Return a bounded spec as JSON."""
    return {
        "shape": list(spec.shape),
        "dtype": spec.dtype.name,
        "minimum": np.asarray(spec.minimum).tolist(),
        "maximum": np.asarray(spec.maximum).tolist(),
    }
