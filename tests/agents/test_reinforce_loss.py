"""The loss and its gradient, against TF-Agents' own agent on episodes without padding, and against numbers by hand."""

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.networks import actor_distribution_network, value_network
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory

from cartrl.agents import reinforce
from cartrl.environments.episodes import Episode, EpisodeBatch
from cartrl.randomness import Turn

OBSERVATION = tensor_spec.BoundedTensorSpec((4,), tf.float32, -10, 10, name="observation")
DISCRETE = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 2, name="action")
CONTINUOUS = tensor_spec.BoundedTensorSpec((2,), tf.float32, -1, 1, name="action")
LENGTHS = (7, 1, 12, 4)
DISCOUNT = 0.9


@pytest.fixture(autouse=True)
def _the_same_networks_every_time():
    tf.keras.utils.set_random_seed(0)


def make_episodes(action_spec, seed=0):
    rng = np.random.default_rng(seed)
    episodes = []
    for number, length in enumerate(LENGTHS):
        actions = rng.integers(0, 3, length) if action_spec is DISCRETE else rng.normal(size=(length, 2))
        episodes.append(
            Episode(
                observations=rng.normal(size=(length, 4)).astype(np.float32),
                actions=actions.astype(action_spec.dtype.as_numpy_dtype),
                rewards=rng.normal(size=length).astype(np.float32),
                terminated=number % 2 == 0,
                final_observation=rng.normal(size=4).astype(np.float32),
            )
        )
    return episodes


def make_agents(action_spec, baseline, **options):
    """Our agent and TF-Agents' own, and the networks that both share: the actor, and with a baseline the critic."""
    actor = actor_distribution_network.ActorDistributionNetwork(OBSERVATION, action_spec, fc_layer_params=(8,))
    critic = value_network.ValueNetwork(OBSERVATION, fc_layer_params=(8,)) if baseline else None
    agents = []
    for kind, extra in (
        (reinforce.EpisodicReinforceAgent, {}),
        # The critic is a constant in the policy's loss, as the equation has it.
        (reinforce_agent.ReinforceAgent, {"advantage_fn": lambda r, v: r if v is None else r - tf.stop_gradient(v)}),
    ):
        agent = kind(
            ts.time_step_spec(OBSERVATION),
            action_spec,
            actor_network=actor,
            value_network=critic,
            optimizer=tf.keras.optimizers.SGD(0.0),
            gamma=DISCOUNT,
            train_step_counter=tf.Variable(0, dtype=tf.int64),
            **options,
            **extra,
        )
        agent.initialize()
        agents.append(agent)
    return (*agents, [actor, critic] if baseline else [actor])


def concatenated(episodes):
    """All episodes in one row without padding, as TF-Agents' agent reads them: [1, sum of lengths]."""
    first = [[ts.StepType.FIRST] + [ts.StepType.MID] * (len(e) - 1) for e in episodes]
    following = [[ts.StepType.MID] * (len(e) - 1) + [ts.StepType.LAST] for e in episodes]
    discount = [[1.0] * (len(e) - 1) + [0.0 if e.terminated else 1.0] for e in episodes]

    def row(parts, dtype):
        return tf.constant(np.concatenate(parts)[np.newaxis], dtype)

    return trajectory.Trajectory(
        step_type=row(first, tf.int32),
        observation=row([e.observations for e in episodes], tf.float32),
        action=row([e.actions for e in episodes], None),
        policy_info=(),
        next_step_type=row(following, tf.int32),
        reward=row([e.rewards for e in episodes], tf.float32),
        discount=row(discount, tf.float32),
    )


def padded(episodes, num_steps):
    batch = EpisodeBatch.pad(episodes, num_steps)
    return reinforce.as_trajectory({name: tf.constant(array) for name, array in batch.arrays().items()})


def returns_of(agent, experience):
    """Discounted returns, by TF-Agents' own recipe of resets at the last step."""
    not_last = tf.cast(experience.next_step_type != ts.StepType.LAST, tf.float32)
    returns, total = [], tf.zeros_like(experience.reward[:, 0])
    for step in reversed(range(experience.reward.shape[1])):
        total = experience.reward[:, step] + DISCOUNT * not_last[:, step] * total
        returns.insert(0, total)
    return tf.stack(returns, axis=1)


def weights_of(networks):
    return [weight for network in networks for weight in network.trainable_weights]


def loss_and_gradients(agent, variables, experience, weights, part=None):
    with tf.GradientTape() as tape:
        info = agent.total_loss(experience, returns_of(agent, experience), weights)
        value = info.loss if part is None else info.extra[part]
    return value.numpy(), tape.gradient(value, variables)


@pytest.mark.parametrize("action_spec", [DISCRETE, CONTINUOUS], ids=["discrete", "continuous"])
@pytest.mark.parametrize("baseline", [False, True], ids=["no baseline", "baseline"])
@pytest.mark.parametrize("num_steps", [12, 50], ids=["tight", "much padding"])
def test_a_padded_batch_equals_the_same_episodes_without_padding(action_spec, baseline, num_steps):
    ours, theirs, networks = make_agents(action_spec, baseline)
    episodes = make_episodes(action_spec)
    experience, mask = padded(episodes, num_steps)
    loss, gradients = loss_and_gradients(ours, weights_of(networks), experience, mask)
    expected_loss, expected = loss_and_gradients(theirs, weights_of(networks), concatenated(episodes), None)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5, atol=1e-5)
    for gradient, reference in zip(gradients, expected):
        np.testing.assert_allclose(gradient, reference, rtol=1e-4, atol=1e-5)
        assert np.abs(reference).max() > 0


def test_what_stands_in_the_padding_changes_nothing():
    ours, _, networks = make_agents(DISCRETE, baseline=True, entropy_regularization=0.1)
    episodes = make_episodes(DISCRETE)
    batch = EpisodeBatch.pad(episodes, 20)
    rubbish = {name: array.copy() for name, array in batch.arrays().items()}
    padding = np.arange(20)[np.newaxis] >= batch.lengths[:, np.newaxis]
    rubbish["observations"][padding] = 123.0
    rubbish["actions"][padding] = 2
    outcomes = []
    for arrays in (batch.arrays(), rubbish):
        experience, mask = reinforce.as_trajectory({name: tf.constant(array) for name, array in arrays.items()})
        outcomes.append(loss_and_gradients(ours, weights_of(networks), experience, mask))
    np.testing.assert_allclose(outcomes[0][0], outcomes[1][0], rtol=1e-6)
    for clean, dirty in zip(outcomes[0][1], outcomes[1][1]):
        np.testing.assert_allclose(clean, dirty, rtol=1e-5, atol=1e-6)


def test_the_policy_loss_gives_the_critic_no_gradient():
    ours, _, networks = make_agents(DISCRETE, baseline=True)
    experience, mask = padded(make_episodes(DISCRETE), 12)
    _, gradients = loss_and_gradients(ours, weights_of(networks), experience, mask, part="policy_gradient_loss")
    actor = len(networks[0].trainable_weights)
    assert all(gradient is not None for gradient in gradients[:actor])
    assert all(gradient is None for gradient in gradients[actor:])


def test_the_parts_of_the_loss_by_hand():
    """The module's equation in plain numpy, from the logits and values that the networks give."""
    ours, _, networks = make_agents(DISCRETE, baseline=True, entropy_regularization=0.5, value_estimation_loss_coef=0.3)
    episodes = make_episodes(DISCRETE)
    experience, mask = padded(episodes, 12)
    parts = ours.total_loss(experience, returns_of(ours, experience), mask).extra
    advantages, log_probabilities, entropies, errors = [], [], [], []
    for episode in episodes:
        returns, total = [], 0.0
        for reward in reversed(episode.rewards):
            total = reward + DISCOUNT * total
            returns.insert(0, total)
        distribution, _ = networks[0](episode.observations, (), ())
        values, _ = networks[1](episode.observations)
        logits = distribution.logits.numpy().reshape(len(episode), 3)
        all_log = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        log_probabilities.append(all_log[np.arange(len(episode)), episode.actions])
        entropies.append(-(np.exp(all_log) * all_log).sum(axis=1))
        errors.append((np.array(returns) - values.numpy()) ** 2)
        advantages.append(np.array(returns) - values.numpy())
    advantages, log_probabilities, entropies, errors = map(
        np.concatenate, (advantages, log_probabilities, entropies, errors)
    )
    advantages = (advantages - advantages.mean()) / advantages.std()
    count = len(episodes)
    # Advantages of both signs cancel: the rounding is that of the terms, not of their small sum.
    terms = -log_probabilities * advantages / count
    np.testing.assert_allclose(parts["policy_gradient_loss"], terms.sum(), atol=1e-5 * np.abs(terms).sum())
    np.testing.assert_allclose(parts["entropy_regularization_loss"], -0.5 * entropies.sum() / count, rtol=1e-4)
    np.testing.assert_allclose(parts["value_estimation_loss"], 0.3 * errors.sum() / count, rtol=1e-4)
    np.testing.assert_allclose(parts["policy_entropy"], entropies.mean(), rtol=1e-4)


@pytest.mark.parametrize("baseline", [False, True], ids=["no baseline", "baseline"])
def test_returns_by_hand_and_a_truncated_episode_goes_on_with_its_estimated_value(baseline):
    ours, _, networks = make_agents(DISCRETE, baseline)
    episodes = make_episodes(DISCRETE)
    assert {episode.terminated for episode in episodes} == {True, False}
    experience, _ = padded(episodes, 15)
    returns = ours.returns(experience, tf.constant([episode.final_observation for episode in episodes]))
    for row, episode in zip(returns.numpy(), episodes):
        total = 0.0
        if baseline and not episode.terminated:
            total = float(networks[1](episode.final_observation[np.newaxis])[0][0])
            assert total != 0
        for step in reversed(range(len(episode))):
            total = episode.rewards[step] + DISCOUNT * total
            assert row[step] == pytest.approx(total, rel=1e-5)


def config(agent):
    from cartrl.settings import ExperimentSettings

    return ExperimentSettings(environment={"env_name": "none"}, agent=agent)


def test_an_update_is_adam_on_the_gradient_and_reports_its_norm():
    """One compiled update, against the gradient taken outside of it and Adam's first step by hand."""
    from cartrl.settings import ReinforceSettings

    learner = reinforce.build(
        config(ReinforceSettings(fc_layer_params=[8], discount=DISCOUNT, learning_rate=0.01)),
        ts.time_step_spec(OBSERVATION), DISCRETE,
    )  # fmt: skip
    agent = learner.agent
    batch = EpisodeBatch.pad(make_episodes(DISCRETE), 12)
    arrays = {name: tf.constant(array) for name, array in batch.arrays().items()}
    experience, mask = reinforce.as_trajectory(arrays)
    loss, gradients = loss_and_gradients(agent, agent.trainable_variables, experience, mask)
    assert len(gradients) == 4  # a kernel and a bias of each of two layers
    before = [weight.numpy() for weight in agent.trainable_variables]
    learner.learn(arrays, Turn(0, 1))
    report = learner.report()
    np.testing.assert_allclose(report["loss"], loss, rtol=1e-4, atol=1e-5)
    norm = np.sqrt(sum((np.asarray(gradient) ** 2).sum() for gradient in gradients))
    np.testing.assert_allclose(report["gradient_norm"], norm, rtol=1e-4)
    for old, new, gradient in zip(before, agent.trainable_variables, map(np.asarray, gradients)):
        large = np.abs(gradient) > 1e-3  # where Adam's epsilon does not matter, its first step is the sign
        np.testing.assert_allclose((new - old)[large], -0.01 * np.sign(gradient[large]), rtol=1e-2)
    assert learner.train_step.numpy() == 1


def test_the_step_size_follows_its_schedule():
    """A step of Adam is about as long as the step size; here that falls from 0.02 to 0 over 100 steps."""
    from cartrl.settings import ReinforceSettings

    learner = reinforce.build(
        config(ReinforceSettings(fc_layer_params=[8], learning_rate={"from": 0.02, "to": 0, "over": 100})),
        ts.time_step_spec(OBSERVATION), DISCRETE,
    )  # fmt: skip
    batch = EpisodeBatch.pad(make_episodes(DISCRETE), 12).arrays()
    arrays = {name: tf.constant(array) for name, array in batch.items()}
    moved = []
    for number, environment_steps in enumerate((0, 50, 100, 150)):
        before = [weight.numpy() for weight in learner.agent.trainable_variables]
        learner.learn(arrays, Turn(0, number + 1, environment_steps=environment_steps))
        after = [weight.numpy() for weight in learner.agent.trainable_variables]
        moved.append(max(np.abs(new - old).max() for new, old in zip(after, before)))
    assert moved == pytest.approx([0.02, 0.01, 0, 0], rel=0.1)


def test_weights_depend_on_the_seed_alone():
    def weights(seed):
        from cartrl.settings import ReinforceSettings

        settings = config(ReinforceSettings(value_fc_layer_params=[5]))
        learner = reinforce.build(settings, ts.time_step_spec(OBSERVATION), DISCRETE)
        learner.initialise(seed)
        return [weight.numpy() for weight in learner.agent.trainable_variables]

    first, again, other = weights(1), weights(1), weights(2)
    tf.random.normal([3])  # a draw from the global generator in between
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other) if a.ndim == 2)
    assert np.std(first[0]) == pytest.approx(np.sqrt(2 / (4 + 100)), rel=0.15)  # Glorot: sqrt(2 / (fan in + out))
