"""Networks with convolutions are updated outside of XLA: the same updates, one after the other."""

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts

from cartrl import agents
from cartrl.agents.off_policy import Steps
from cartrl.randomness import Turn
from cartrl.settings import load

SIZE = (12, 12, 2)
CONFIG = """\
environment: {{env_name: Pictures-v0}}
agent: {{kind: dqn, conv_layer_params: {convolutions}, fc_layer_params: [16], target_update_period: 2, epsilon: 0.1}}
"""


def learner(tmp_path, convolutions="[[4, 4, 2], [4, 3, 1]]"):
    (tmp_path / "a.yaml").write_text(CONFIG.format(convolutions=convolutions))
    observation = tensor_spec.BoundedTensorSpec(SIZE, tf.uint8, 0, 255)
    action = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 3)
    made = agents.build(load(tmp_path / "a.yaml", []).settings, ts.time_step_spec(observation), action)
    made.initialise(5)
    return made


def batches(updates, size=8):
    """Return a batch for each of so many updates, tensors [K, B, …] by name."""
    rng = np.random.default_rng(1)
    cells = (updates, size)
    seen = rng.integers(0, 256, (2, *cells, *SIZE), dtype=np.uint8)
    arrays = {
        "observations": seen[0],
        "actions": rng.integers(0, 4, cells),
        "rewards": rng.normal(size=cells).astype(np.float32),
        "terminated": rng.random(cells) < 0.2,
        "next_observations": seen[1],
    }
    return {name: tf.constant(values) for name, values in arrays.items()}


@pytest.mark.parametrize("convolutions", ["[[4, 4, 2], [4, 3, 1]]", "[]"], ids=["convolutions", "none"])
def test_a_program_of_several_updates_does_them_one_after_the_other(convolutions, tmp_path):
    together, apart = learner(tmp_path, convolutions), learner(tmp_path, convolutions)
    experience, turn = batches(5), Turn(seed=2, iteration=1)
    together.learn(experience, turn)
    seed, scheduled = (tf.constant(values) for values in together.varying(turn))
    for number in range(5):
        apart.agent.update(Steps(**{name: values[number] for name, values in experience.items()}), seed, scheduled)
        apart.agent.train_step_counter.assign_add(1)
        apart.agent.targets.follow(apart.agent.train_step_counter)
    expected = apart.state()
    # Of each variable: itself, its target's, and two moments, which XLA's Adam keeps in one tensor with a copy; beside
    # them two counters and epsilon.
    each = 3 if convolutions == "[]" else 4
    assert len(expected) == each * len(apart.agent.q_network.variables) + 3
    for name, values in together.state().items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-6, err_msg=name)
