"""The losses and targets of DQN, DDPG, TD3 and SAC, against computations by hand."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts

from cartrl.agents.ddpg import DdpgAgent
from cartrl.agents.dqn import DqnAgent
from cartrl.agents.off_policy import Steps, TargetNetworks
from cartrl.agents.sac import SacAgent
from cartrl.agents.td3 import Td3Agent
from cartrl.policies import acting
from cartrl.settings.agents.ddpg import DdpgSettings
from cartrl.settings.agents.dqn import DqnSettings
from cartrl.settings.agents.sac import SacSettings
from cartrl.settings.agents.td3 import Td3Settings

B, WIDTHS, GAMMA = 16, (8, 8), 0.9
TIME_STEP = ts.time_step_spec(tensor_spec.TensorSpec((3,), tf.float32))
CHOICES = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 2)
LOW, HIGH = np.array([-2.0, 0.0], np.float32), np.array([2.0, 6.0], np.float32)
FORCES = tensor_spec.BoundedTensorSpec((2,), tf.float32, LOW, HIGH)
MIDDLE, HALF = (LOW + HIGH) / 2, (HIGH - LOW) / 2
SEED = tf.constant([3, 4])
BY_HAND = 1e-5  # relative difference of computations in another order


@pytest.fixture
def steps():
    """Returns a function from actions to a batch of which some steps terminated."""
    rng = np.random.default_rng(0)

    def batch(actions):
        return Steps(
            observations=tf.constant(rng.normal(size=(B, 3)).astype(np.float32)),
            actions=tf.constant(actions),
            rewards=tf.constant(rng.normal(size=B).astype(np.float32)),
            terminated=tf.constant(np.arange(B) % 3 == 0),
            next_observations=tf.constant(rng.normal(size=(B, 3)).astype(np.float32)),
        )

    return batch


@pytest.fixture
def choices(steps):
    return steps(np.random.default_rng(1).integers(0, 3, B))


@pytest.fixture
def forces(steps):
    return steps(np.random.default_rng(1).uniform(LOW, HIGH, (B, 2)).astype(np.float32))


@pytest.fixture(autouse=True)
def same_weights():
    """Keras draws the first weights from a generator of the process, wherever other tests have left it."""
    tf.keras.utils.set_random_seed(1)


def dqn(**settings):
    agent = DqnAgent(DqnSettings(fc_layer_params=WIDTHS, discount=GAMMA, **settings), TIME_STEP, CHOICES)
    return begun(agent)


def continuous(kind, settings_class, **settings):
    return begun(kind(settings_class(fc_layer_params=WIDTHS, discount=GAMMA, **settings), TIME_STEP, FORCES))


def begun(agent):
    """The agent after its first draw of weights, with targets that differ from them."""
    agent.initialize()
    rng = np.random.default_rng(2)
    for net in agent.targets.networks:
        for variable in net.variables:
            variable.assign(variable + rng.normal(0, 0.1, variable.shape).astype(np.float32))
    return agent


def values_of(variables):
    return [variable.numpy() for variable in variables]


def same(before, after):
    return [np.array_equal(one, other) for one, other in zip(before, after)]


def huber(errors):
    return np.where(errors <= 1, errors**2 / 2, errors - 0.5)


@pytest.mark.parametrize(("loss", "by_hand"), [("huber", huber), ("squared", np.square)])
@pytest.mark.parametrize("double", [False, True])
def test_dqn_s_loss_by_hand(choices, double, loss, by_hand):
    agent = dqn(double=double, td_errors_loss_fn=loss)
    trained, following = (
        net(choices.next_observations)[0].numpy() for net in (agent.q_network, *agent.targets.networks)
    )
    chosen = (trained if double else following).argmax(axis=1)
    assert double == (chosen != following.argmax(axis=1)).any()
    value = following[np.arange(B), chosen]
    targets = choices.rewards.numpy() + np.where(choices.terminated, 0, GAMMA * value)
    values = agent.values(choices.observations).numpy()[np.arange(B), choices.actions.numpy()]
    errors = np.abs(targets - values)
    assert (errors > 1).any() and (errors < 1).any()
    found = agent.update(choices, SEED, tf.constant([1e-3, 0.1]))["loss"]
    assert float(found) == pytest.approx(by_hand(errors).mean(), rel=BY_HAND)


def test_dqn_s_targets_by_hand(choices):
    agent = dqn()
    following = agent.targets.networks[0](choices.next_observations)[0].numpy()
    expected = choices.rewards.numpy() + np.where(choices.terminated, 0, GAMMA * following.max(axis=1))
    np.testing.assert_allclose(agent.estimates(choices), expected, rtol=BY_HAND)
    assert (agent.estimates(choices).numpy() == choices.rewards.numpy())[choices.terminated.numpy()].all()


def test_epsilon_greedy_draws_any_action_that_often_and_its_mode_is_the_greedy_one():
    agent = dqn(epsilon=0.3)
    observations = tf.constant(np.random.default_rng(4).normal(size=(20_000, 3)).astype(np.float32))
    greedy = np.argmax(agent.values(observations), axis=1)
    distribution = agent.epsilon_greedy(observations)
    assert np.array_equal(distribution.mode(), greedy)
    # A random action is the greedy one in one of three cases.
    assert (distribution.sample(seed=[1, 2]).numpy() != greedy).mean() == pytest.approx(0.3 * 2 / 3, abs=0.01)
    agent.epsilon.assign(1.0)
    assert np.array_equal(agent.epsilon_greedy(observations).mode(), greedy)


def test_ddpg_s_losses_by_hand(forces):
    agent = continuous(DdpgAgent, DdpgSettings)
    (critic,), (target_actor, target_critic) = agent.critics.networks, agent.targets.networks
    following = (target_actor(forces.next_observations)[0] - MIDDLE) / HALF
    value = target_critic((forces.next_observations, following))[0].numpy()
    targets = forces.rewards.numpy() + np.where(forces.terminated, 0, GAMMA * value)
    np.testing.assert_allclose(agent.estimate(forces, SEED), targets, rtol=BY_HAND)
    values = critic((forces.observations, (forces.actions.numpy() - MIDDLE) / HALF))[0].numpy()
    acted = (agent.actor(forces.observations)[0] - MIDDLE) / HALF
    actor_loss = -critic((forces.observations, acted))[0].numpy().mean()
    assert float(agent.actor_loss(forces)) == pytest.approx(actor_loss, rel=BY_HAND)
    loss, _, _ = agent.update_critics(forces, tf.constant(targets), tf.constant(1e-3))
    assert float(loss) == pytest.approx(np.square(targets - values).mean(), rel=BY_HAND)


def test_td3_s_targets_by_hand(forces):
    agent = continuous(Td3Agent, Td3Settings, target_policy_noise=0.0)
    actor, *critics = agent.targets.networks
    actions = (actor(forces.next_observations)[0] - MIDDLE) / HALF
    least = np.minimum(*(critic((forces.next_observations, actions))[0] for critic in critics))
    expected = forces.rewards.numpy() + np.where(forces.terminated, 0, GAMMA * least)
    np.testing.assert_allclose(agent.estimate(forces, SEED), expected, rtol=BY_HAND)


def test_td3_s_smoothing_is_clipped_in_units_of_half_the_range_and_to_the_bounds(steps):
    agent = continuous(Td3Agent, Td3Settings, target_policy_noise=0.4, target_policy_noise_clip=0.3)
    observations = tf.constant(np.random.default_rng(5).normal(size=(20_000, 3)).astype(np.float32))
    plain = agent.targets.networks[0](observations)[0].numpy()
    smoothed = agent.next_actions(observations, SEED).numpy()
    assert (smoothed >= LOW).all() and (smoothed <= HIGH).all()
    noise = (smoothed - plain) / HALF
    assert np.abs(noise).max() == pytest.approx(0.3, rel=1e-4)
    inside = (plain - 0.3 * HALF > LOW) & (plain + 0.3 * HALF < HIGH)
    # of a normal with deviation 0.4, the share beyond 0.3 is 2 (1 - Φ(0.75))
    assert (np.abs(noise[inside]) > 0.2999).mean() == pytest.approx(0.4533, abs=0.01)


def test_td3_s_actor_and_targets_learn_in_every_second_update(forces):
    agent = continuous(Td3Agent, Td3Settings)
    experience = {name: tf.stack([value]) for name, value in forces._asdict().items()}
    parts = [agent.actor.variables, agent.critics.trainable_variables, agent.targets.networks[0].variables]
    seen = [[values_of(variables) for variables in parts]]
    for _ in range(4):
        agent.train(experience, seed=SEED, scheduled=tf.constant([1e-3, 0.1]))
        seen.append([values_of(variables) for variables in parts])
    stayed = [[all(same(*pair)) for pair in zip(before, after)] for before, after in zip(seen, seen[1:])]
    assert stayed == [[True, False, True], [False, False, False]] * 2


@pytest.mark.parametrize(
    "kind, settings", [(DdpgAgent, DdpgSettings), (Td3Agent, Td3Settings), (SacAgent, SacSettings)]
)
def test_no_gradient_goes_where_none_belongs(forces, kind, settings):
    """The actor's loss moves no critic, the critics' no actor, and neither a target."""
    agent = continuous(kind, settings)
    rate = tf.constant(1e-2)
    critics, targets = values_of(agent.critics.trainable_variables), values_of(agent.targets.networks[-1].variables)
    actor = values_of(agent.actor.variables)
    if kind is SacAgent:
        agent.update_actor(forces, SEED, tf.constant(0.2), rate)
    else:
        DdpgAgent.update_actor(agent, forces, rate)
    assert all(same(critics, values_of(agent.critics.trainable_variables)))
    assert not any(same(actor, values_of(agent.actor.variables)))
    actor = values_of(agent.actor.variables)
    agent.update_critics(forces, tf.ones(B), rate)
    assert all(same(actor, values_of(agent.actor.variables)))
    assert not any(same(critics, values_of(agent.critics.trainable_variables)))
    assert all(same(targets, values_of(agent.targets.networks[-1].variables)))


def test_sac_s_probabilities_are_those_of_the_squashed_normal():
    agent = continuous(SacAgent, SacSettings)
    observations = tf.constant(np.random.default_rng(6).normal(size=(B, 3)).astype(np.float32))
    drawn = agent.draw(observations, SEED)
    assert np.abs(drawn.actions).max() < 1
    # By TensorFlow Probability in double precision, in the environment's units: those are larger by half the range.
    normal = agent.normal(observations)
    bijectors = tfp.bijectors
    mean, deviation = (tf.cast(part, tf.float64) for part in (normal.mean(), normal.stddev()))
    squash = bijectors.Chain(
        [bijectors.Shift(MIDDLE.astype(float)), bijectors.Scale(HALF.astype(float)), bijectors.Tanh()]
    )
    independent = tfp.distributions.Independent(tfp.distributions.Normal(mean, deviation), 1)
    actions = MIDDLE + HALF * tf.cast(drawn.actions, tf.float64)
    expected = tfp.distributions.TransformedDistribution(independent, squash).log_prob(actions) + np.log(HALF).sum()
    np.testing.assert_allclose(drawn.log_probabilities, expected, rtol=1e-3, atol=1e-3)


def test_sac_s_losses_by_hand(forces):
    agent = continuous(SacAgent, SacSettings)
    following = agent.draw(forces.next_observations, SEED)
    pair = (forces.next_observations, following.actions)
    least = np.minimum(*(critic(pair)[0] for critic in agent.targets.networks))
    value = least - 0.3 * following.log_probabilities.numpy()
    expected = forces.rewards.numpy() + np.where(forces.terminated, 0, GAMMA * value)
    targets = agent.estimate(forces, SEED, tf.constant(0.3))
    np.testing.assert_allclose(targets, expected, rtol=BY_HAND)

    taken = (forces.observations, (forces.actions.numpy() - MIDDLE) / HALF)
    errors = [np.square(expected - critic(taken)[0].numpy()).mean() for critic in agent.critics.networks]
    now = agent.draw(forces.observations, SEED)
    least = np.minimum(*(critic((forces.observations, now.actions))[0] for critic in agent.critics.networks))
    actor_loss, log_probability = agent.actor_loss(forces, SEED, tf.constant(0.3))
    assert float(actor_loss) == pytest.approx((0.3 * now.log_probabilities.numpy() - least).mean(), rel=BY_HAND)
    assert float(log_probability) == pytest.approx(now.log_probabilities.numpy().mean(), rel=BY_HAND)
    loss, _, _ = agent.update_critics(forces, targets, tf.constant(1e-3))
    assert float(loss) == pytest.approx(sum(errors) / 2, rel=BY_HAND)


@pytest.mark.parametrize("target, moves", [(-100.0, -1), (100.0, 1)])
def test_sac_s_temperature_rises_while_there_is_less_entropy_than_wanted(forces, target, moves):
    agent = continuous(SacAgent, SacSettings, target_entropy=target)
    agent.update(forces, SEED, tf.constant([1e-2]))
    assert float(agent.log_temperature) == pytest.approx(moves * 1e-2, rel=1e-3)  # Adam's first step


def test_sac_s_target_is_minus_the_dimensions_and_a_temperature_that_is_given_stays(forces):
    assert continuous(SacAgent, SacSettings).target_entropy == -2
    agent = continuous(SacAgent, SacSettings, temperature=0.2)
    report = agent.update(forces, SEED, tf.constant([1e-2]))
    assert float(report["temperature"]) == pytest.approx(0.2)
    assert float(tf.exp(agent.log_temperature)) == pytest.approx(0.2)


@pytest.mark.parametrize("tau, period", [(0.25, 1), (1.0, 3), (0.5, 2)])
def test_targets_follow(tau, period):
    agent = dqn()
    source = agent.q_network
    targets = TargetNetworks([source], tau, period)
    targets.copy()
    expected = values_of(source.variables)
    rng = np.random.default_rng(7)
    for update in range(1, 7):
        for variable in source.variables:
            variable.assign(rng.normal(size=variable.shape).astype(np.float32))
        targets.follow(tf.constant(update, tf.int64))
        if update % period == 0:
            expected = [tau * now + (1 - tau) * old for now, old in zip(values_of(source.variables), expected)]
        for found, value in zip(values_of(targets.networks[0].variables), expected):
            np.testing.assert_allclose(found, value, rtol=BY_HAND, atol=1e-7)


@pytest.mark.parametrize(
    "kind, settings", [(DdpgAgent, DdpgSettings), (Td3Agent, Td3Settings), (SacAgent, SacSettings)]
)
def test_continuous_actions_are_within_the_bounds(kind, settings):
    agent = continuous(kind, settings, **({} if kind is SacAgent else {"exploration_noise": 3.0}))
    policies = acting.of_distribution(agent.squashed) if kind is SacAgent else agent.policies
    observations = tf.constant(np.random.default_rng(8).normal(0, 50, size=(2_000, 3)).astype(np.float32))
    noise = tf.constant(np.random.default_rng(9).normal(0, 3, size=(2_000, 2)).astype(np.float32))
    for actions in (
        policies.explore(observations, SEED),
        policies.exploit(observations, SEED),
        policies.perturbed(observations, noise),
    ):
        assert (actions.numpy() >= LOW).all() and (actions.numpy() <= HIGH).all()
