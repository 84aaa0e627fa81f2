"""How collectors explore: noise that lasts is standard normal all the same, and actions at random are within bounds."""

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.specs import tensor_spec

from cartrl.experience.exploration import BatchExploration, Exploration
from cartrl.policies.acting import Policies
from cartrl.randomness import ActionSeeds, Stream
from cartrl.settings.pipeline import RolloutCollectSettings, StepCollectSettings
from tests.helpers import run_cartrl

MANY = 500
TORQUES = tensor_spec.BoundedTensorSpec((2,), tf.float32, [-2.0, -1.0], [2.0, 3.0])
CHOICES = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 2)


def nothing(observations, seed):
    return tf.zeros([tf.shape(observations)[0], 2])


def explorer(collect, spec=TORQUES, explore=nothing, warm_up_steps=0):
    policies = Policies(explore, explore, perturbed=lambda observations, noise: noise)
    return BatchExploration(Exploration(policies, spec, collect, warm_up_steps), tf.TensorSpec([3]))


def actions_of(exploration, steps, begins=lambda step: step == 0, at_random=False):
    seeds = ActionSeeds(7, Stream.COLLECT_ACTIONS, 1)
    observations = np.zeros((MANY, 3), np.float32)
    return np.stack(
        [exploration.act(observations, seeds[step], np.full(MANY, begins(step)), at_random) for step in range(steps)]
    )


def test_noise_that_lasts_is_standard_normal_in_every_step_and_correlated():
    lasting = explorer(RolloutCollectSettings(num_environments=MANY, noise_correlation=0.9))
    noise = actions_of(lasting, 40, begins=lambda step: step in (0, 20)).reshape(40, -1)
    assert np.abs(noise.mean(axis=1)).max() < 0.15
    assert np.abs(noise.std(axis=1) - 1).max() < 0.1
    correlations = [np.corrcoef(before, after)[0, 1] for before, after in zip(noise, noise[1:])]
    assert abs(correlations.pop(19)) < 0.1  # the step in which other episodes began
    assert correlations == pytest.approx([0.9] * 38, abs=0.05)
    # By the definition of the process: two steps apart the correlation is 0.9², ten apart 0.9¹⁰.
    assert np.corrcoef(noise[1], noise[11])[0, 1] == pytest.approx(0.9**10, abs=0.1)


@pytest.mark.parametrize("spec, least, most", [(TORQUES, [-2, -1], [2, 3]), (CHOICES, 0, 2)])
def test_a_warm_up_draws_evenly_between_the_bounds(spec, least, most):
    def greedy(observations, seed):
        return tf.ones([tf.shape(observations)[0], *spec.shape], spec.dtype)

    exploration = explorer(StepCollectSettings(num_environments=MANY), spec, greedy, warm_up_steps=1)
    drawn = actions_of(exploration, 20, at_random=True).reshape(-1, *spec.shape)
    assert (drawn.min(axis=0) >= least).all() and (drawn.max(axis=0) <= most).all()
    np.testing.assert_allclose(drawn.mean(axis=0), (np.array(least) + np.array(most)) / 2, atol=0.05)
    span = np.array(most) - np.array(least)
    variance = span * (span + 2) / 12 if spec is CHOICES else span**2 / 12
    np.testing.assert_allclose(drawn.var(axis=0), variance, rtol=0.05)
    assert (actions_of(exploration, 1) == 1).all()


def test_discrete_actions_have_no_noise_to_last(tmp_path):
    (tmp_path / "ppo.yaml").write_text(
        "environment: {env_name: CartPole-v1}\nagent: {kind: ppo}\ncollect: {noise_correlation: 0.5}\n"
    )
    done = run_cartrl("config", "ppo.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "ppo.yaml, line 3: collect.noise_correlation: CartPole-v1 takes actions of Discrete(2)" in " ".join(
        done.stderr.split()
    )
