"""PPO's parts against computations of their own: by hand in numpy, or with Keras."""

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts

from cartrl.agents import ppo
from cartrl.agents.adam import Adam, PlainAdam
from cartrl.agents.normalizers import ObservationNormalizer, RewardScaler
from cartrl.settings.agents import PpoSettings

OBSERVATION = tf.TensorSpec([3], tf.float32, "observation")
DISCRETE = tensor_spec.BoundedTensorSpec([], tf.int64, 0, 1, "action")
CONTINUOUS = tensor_spec.BoundedTensorSpec([2], tf.float32, -2.0, 2.0, "action")
STEPS, ENVIRONMENTS = 12, 3


def agent_of(action_spec=DISCRETE, **settings):
    return ppo.PpoAgent(PpoSettings(**settings), ts.time_step_spec(OBSERVATION), action_spec, ENVIRONMENTS)


def rollout_of(rng, action_spec=DISCRETE):
    """A rollout in which some steps are terminal and others truncated."""
    cells = (STEPS, ENVIRONMENTS)
    actions = rng.integers(0, 2, cells) if action_spec is DISCRETE else rng.normal(size=(*cells, 2)).astype(np.float32)
    terminated = rng.random(cells) < 0.15
    return {
        "observations": rng.normal(size=(*cells, 3)).astype(np.float32),
        "actions": actions,
        "rewards": rng.normal(size=cells).astype(np.float32),
        "terminated": terminated,
        "truncated": (rng.random(cells) < 0.15) & ~terminated,
        "next_observations": rng.normal(size=(*cells, 3)).astype(np.float32),
    }


def by_definition(rewards, values, following, terminated, truncated, discount, gae_lambda):
    """Advantages as the sum of (discount lambda)^k delta_{t+k} up to the end of the episode or of the rollout."""
    advantages = np.zeros(rewards.shape)
    for env in range(rewards.shape[1]):
        for start in range(len(rewards)):
            factor = 1.0
            for step in range(start, len(rewards)):
                beyond = 0.0 if terminated[step, env] else following[step, env]
                advantages[start, env] += factor * (rewards[step, env] + discount * beyond - values[step, env])
                if terminated[step, env] or truncated[step, env]:
                    break
                factor *= discount * gae_lambda
    return advantages


def test_advantages_bootstrap_where_an_episode_is_truncated_and_not_where_it_terminates():
    rng = np.random.default_rng(0)
    rollout = rollout_of(rng)
    assert rollout["terminated"].any() and rollout["truncated"].any()
    agent = agent_of(discount=0.9, gae_lambda=0.7)
    steps, explained = agent.steps({name: tf.constant(array) for name, array in rollout.items()})
    values, following = (
        agent.values(tf.reshape(rollout[name], [-1, 3])).numpy().reshape(STEPS, ENVIRONMENTS)
        for name in ("observations", "next_observations")
    )
    flags = rollout["terminated"], rollout["truncated"]
    expected = by_definition(rollout["rewards"], values, following, *flags, 0.9, 0.7)
    np.testing.assert_allclose(steps.advantages.numpy().reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(steps.returns.numpy(), (expected + values).ravel(), rtol=1e-4, atol=1e-5)
    assert float(explained) == pytest.approx(1 - expected.var() / (expected + values).var(), rel=1e-3)


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def test_the_loss_is_that_of_the_paper():
    rng = np.random.default_rng(1)
    agent = agent_of(value_estimation_loss_coef=0.7)
    count, clip, entropy_weight = 40, 0.2, 0.05
    observations = rng.normal(size=(count, 3)).astype(np.float32)
    actions = rng.integers(0, 2, count)
    advantages, returns = rng.normal(size=(2, count)).astype(np.float32)
    logits = agent.actor(observations, step_type=(), network_state=())[0].logits_parameter().numpy().reshape(count, 2)
    log_probabilities = log_softmax(logits.astype(np.float64))
    taken = log_probabilities[np.arange(count), actions]
    old = taken + rng.normal(scale=0.4, size=count)  # of a policy from which this one has moved
    steps = ppo.Steps(observations, actions, old.astype(np.float32), advantages, returns)
    loss, parts = agent.loss(ppo.Steps(*map(tf.constant, steps)), scheduled(clip=clip, entropy=entropy_weight))

    ratios = np.exp(taken - old)
    scaled = (advantages - advantages.mean()) / advantages.std()
    gains = np.where(
        scaled > 0, np.minimum(ratios, 1 + clip) * scaled, np.maximum(ratios, 1 - clip) * scaled
    )  # the paper's figure 1
    values = agent.values(observations).numpy()
    entropy = -(np.exp(log_probabilities) * log_probabilities).sum(axis=1).mean()
    assert float(parts.policy_gradient_loss) == pytest.approx(-gains.mean(), rel=1e-4)
    assert float(parts.value_estimation_loss) == pytest.approx(0.7 * ((values - returns) ** 2).mean(), rel=1e-4)
    assert float(parts.policy_entropy) == pytest.approx(entropy, rel=1e-4)
    assert float(parts.entropy_regularization_loss) == pytest.approx(-entropy_weight * entropy, rel=1e-4)
    assert float(parts.clip_fraction) == pytest.approx((np.abs(ratios - 1) > clip).mean())
    assert 0 < float(parts.clip_fraction) < 1
    assert float(parts.kl_divergence) == pytest.approx((ratios - 1 - np.log(ratios)).mean(), rel=1e-3)
    assert float(loss) == pytest.approx(float(sum(parts[:3])), rel=1e-5)


def scheduled(learning_rate=1e-3, clip=0.2, entropy=0.0):
    return ppo.Scheduled(*(tf.constant(value, tf.float32) for value in (learning_rate, clip, entropy)))


def test_a_clipped_step_moves_the_policy_no_further_and_the_critic_not_the_actor():
    """Two steps beyond the clip range, each in the direction that its advantage asks for: no gradient for the actor."""
    agent = agent_of()
    observations, actions = np.ones((2, 3), np.float32), np.array([0, 1])
    taken = agent.distribution(observations).log_prob(actions).numpy()
    old = taken + np.array([-1.0, 1.0], np.float32)  # ratios of e and 1 / e
    steps = ppo.Steps(
        *map(tf.constant, (observations, actions, old, np.array([1, -1], np.float32), np.zeros(2, np.float32)))
    )
    with tf.GradientTape(persistent=True) as tape:
        loss, _ = agent.loss(steps, scheduled())
    assert all(not np.any(part) for part in tape.gradient(loss, agent.actor.trainable_variables))
    assert any(np.any(part) for part in tape.gradient(loss, agent.critic.trainable_variables))
    closer = steps._replace(log_probabilities=tf.constant(taken))
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(closer, scheduled())
    assert any(np.any(part) for part in tape.gradient(loss, agent.actor.trainable_variables))


def test_continuous_actions_have_the_normal_density_that_no_bound_squashes():
    agent = agent_of(CONTINUOUS, initial_stddev=0.5)
    observations = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)
    distribution = agent.distribution(observations)
    np.testing.assert_allclose(distribution.stddev(), np.full((4, 2), 0.5), rtol=1e-5)
    actions = np.full((4, 2), 3.0, np.float32)  # beyond the bounds
    mean = distribution.mean().numpy()
    expected = (-0.5 * ((actions - mean) / 0.5) ** 2 - np.log(0.5) - 0.5 * np.log(2 * np.pi)).sum(axis=1)
    np.testing.assert_allclose(distribution.log_prob(actions), expected, rtol=1e-4)


@pytest.mark.parametrize("kind", [Adam, PlainAdam])
@pytest.mark.parametrize("clipping", [None, 0.3])
def test_adam_is_keras_s(clipping, kind):
    rng = np.random.default_rng(3)
    shapes = [(3, 4), (4,), (4, 2), ()]
    ours, keras = ([tf.Variable(tf.ones(shape)) for shape in shapes] for _ in range(2))
    optimizer = kind(ours, clipping)
    optimizer.adopt()
    reference = tf.keras.optimizers.Adam(0.01, epsilon=1e-9)  # Keras adds it at another place, where it does not matter
    for _ in range(20):
        gradients = [tf.constant(rng.normal(size=shape).astype(np.float32)) for shape in shapes]
        norm = optimizer.apply(gradients, tf.constant(0.01))
        clipped, expected = tf.clip_by_global_norm(gradients, clipping or 1e9)
        assert float(norm) == pytest.approx(float(expected), rel=1e-5)
        reference.apply_gradients(zip(clipped, keras))
    for one, other in zip(ours, keras):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-3)
    assert float(optimizer.steps) == 20


def test_every_epoch_takes_every_step_once_in_an_order_of_the_seed():
    orders = ppo.minibatches(24, 3, 8, tf.constant([1, 2])).numpy()
    assert orders.shape == (9, 8)
    epochs = orders.reshape(3, 24)
    assert all(sorted(epoch) == list(range(24)) for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 3
    assert np.array_equal(orders, ppo.minibatches(24, 3, 8, tf.constant([1, 2])))
    assert not np.array_equal(orders, ppo.minibatches(24, 3, 8, tf.constant([1, 3])))


def test_observations_are_normalised_by_all_that_were_seen():
    normalizer = ObservationNormalizer(OBSERVATION, "observations")
    rng = np.random.default_rng(4)
    first = rng.normal([1e-2, 5.0, -100.0], [1e-3, 1.0, 30.0], (50, 3)).astype(np.float32)
    np.testing.assert_allclose(normalizer.normalize(first / 50), first / 50, rtol=1e-5)  # the identity at the beginning
    second = rng.normal([1e-2, 4.0, -90.0], [1e-3, 2.0, 20.0], (70, 3)).astype(np.float32)
    normalizer.update(first)
    normalizer.update(second)
    seen = np.concatenate([first, second]).astype(np.float64)
    found = normalizer.normalize(second).numpy()
    expected = np.clip((second - seen.mean(0)) / np.sqrt(seen.var(0) + 1e-8), -10, 10)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert found[:, 0].std() > 0.3  # a small quantity does not vanish


def test_the_first_update_sees_observations_as_the_policy_does_after_it():
    """With a step size of 0 only the statistics can change, so the same values are estimated during and after."""
    rollout = rollout_of(np.random.default_rng(7))
    for name in ("observations", "next_observations"):
        rollout[name] = 20 + 3 * rollout[name]
    rollout = {name: tf.constant(array) for name, array in rollout.items()}
    agent = agent_of(normalize_observations=True, batch_size=12)
    agent.initialize()
    info = agent.train(rollout, seed=tf.constant([0, 1]), scheduled=scheduled(learning_rate=0.0))
    _, explained = agent.steps(rollout)
    assert float(info.extra["explained_variance"]) == pytest.approx(float(explained), rel=1e-5)
    assert float(explained) != pytest.approx(float(agent_of().steps(rollout)[1]), rel=0.1)


def test_rewards_are_divided_by_the_deviation_of_discounted_returns_over_rollouts():
    rng = np.random.default_rng(5)
    scaler = RewardScaler(ENVIRONMENTS, 0.9)
    running, totals = np.zeros(ENVIRONMENTS), []
    for _ in range(3):
        rewards = rng.normal(3.0, 1.0, (STEPS, ENVIRONMENTS)).astype(np.float32)
        ended = rng.random(rewards.shape) < 0.2
        scaled = scaler.scale(tf.constant(rewards), tf.constant(ended)).numpy()
        for reward, end in zip(rewards, ended):
            running = running * 0.9 + reward
            totals.append(running.copy())
            running[end] = 0
        np.testing.assert_allclose(scaled, rewards / np.std(totals), rtol=1e-3)


def test_an_update_stops_when_the_policy_has_moved_far_enough():
    rollout = {name: tf.constant(array) for name, array in rollout_of(np.random.default_rng(6)).items()}

    def gradient_steps(**settings):
        agent = agent_of(batch_size=12, num_epochs=8, **settings)
        info = agent.train(rollout, seed=tf.constant([0, 1]), scheduled=scheduled(learning_rate=0.05))
        return int(info.extra["gradient_steps"])

    assert gradient_steps() == 8 * 3
    assert 1 <= gradient_steps(target_kl=0.01) < 8 * 3
