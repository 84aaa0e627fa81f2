"""TfAgentLearner on agents of TF-Agents that cartrl does not have yet: all that they keep is saved and restored."""

import numpy as np
import pytest
import tensorflow as tf
from tf_agents.agents.ddpg import critic_network
from tf_agents.agents.dqn import dqn_agent
from tf_agents.agents.sac import sac_agent
from tf_agents.networks import actor_distribution_network, q_network
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory

from cartrl.agents.learner import TfAgentLearner, variables_of
from cartrl.errors import CartrlError
from cartrl.randomness import Turn

OBSERVATION = tensor_spec.BoundedTensorSpec((3,), tf.float32, -1, 1)
TIME_STEP = ts.time_step_spec(OBSERVATION)
DISCRETE = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 1)
TORQUE = tensor_spec.BoundedTensorSpec((1,), tf.float32, -2, 2)


def dqn(optimizer):
    network = q_network.QNetwork(OBSERVATION, DISCRETE, fc_layer_params=(8,))
    agent = dqn_agent.DqnAgent(
        TIME_STEP, DISCRETE, q_network=network, optimizer=optimizer, target_update_period=3,
        train_step_counter=tf.Variable(0, dtype=tf.int64),
    )  # fmt: skip
    return agent, [network]


def sac():
    actor = actor_distribution_network.ActorDistributionNetwork(OBSERVATION, TORQUE, fc_layer_params=(8,))
    critic = critic_network.CriticNetwork((OBSERVATION, TORQUE), joint_fc_layer_params=(8,))
    adam = tf.keras.optimizers.legacy.Adam
    agent = sac_agent.SacAgent(
        TIME_STEP, TORQUE, actor_network=actor, critic_network=critic, actor_optimizer=adam(1e-2),
        critic_optimizer=adam(1e-2), alpha_optimizer=adam(1e-2), train_step_counter=tf.Variable(0, dtype=tf.int64),
    )  # fmt: skip
    return agent, [actor, critic]


AGENTS = {
    "dqn": lambda: dqn(tf.keras.optimizers.Adam(1e-2)),
    "dqn, legacy optimizer": lambda: dqn(tf.keras.optimizers.legacy.Adam(1e-2)),
    "sac": sac,
}


def transitions(agent, seed):
    """Eight pairs of steps."""
    rng = np.random.default_rng(seed)
    steps = tf.ones((8, 2), tf.int32)
    observations = tf.constant(rng.uniform(-1, 1, (8, 2, 3)), tf.float32)
    is_discrete = agent.action_spec == DISCRETE
    drawn = rng.integers(0, 2, (8, 2)) if is_discrete else rng.uniform(-2, 2, (8, 2, 1))
    actions = tf.constant(drawn, agent.action_spec.dtype)
    rewards = tf.constant(rng.normal(size=(8, 2)), tf.float32)
    return trajectory.Trajectory(steps, observations, actions, (), steps, rewards, tf.ones((8, 2)))


def learner_of(name):
    agent, networks = AGENTS[name]()
    agent.initialize()
    agent.train(transitions(agent, 0))  # builds the slots of the optimizers
    return TfAgentLearner(agent, networks, lambda agent, batch: {"loss": agent.train(batch).loss})


@pytest.mark.parametrize("name", AGENTS)
def test_every_variable_of_the_agent_comes_back(name):
    learner = learner_of(name)
    learner.initialise(seed=1)
    for seed in range(4):
        learner.learn(transitions(learner.agent, seed), Turn(0, 1))
    saved, kept = learner.state(), {id(variable): variable.numpy() for variable in learner.agent.variables}
    for seed in range(4, 9):
        learner.learn(transitions(learner.agent, seed), Turn(0, 1))
    changed = [variable for variable in learner.agent.variables if (variable.numpy() != kept[id(variable)]).any()]
    assert len(changed) > len(learner.agent.variables) / 2
    learner.restore(saved)
    for variable in learner.agent.variables:
        np.testing.assert_array_equal(variable.numpy(), kept[id(variable)], variable.name)


@pytest.mark.parametrize("name", AGENTS)
def test_what_it_saves_does_not_depend_on_what_the_process_built_before(name):
    """Keras counts its layers: the second network of a process has other names of variables than the first."""
    one, other = learner_of(name), learner_of(name)
    one.initialise(seed=1)
    other.restore(one.state())
    with pytest.raises(CartrlError, match="the checkpoint holds other variables than this agent has"):
        other.restore({**one.state(), "more": np.zeros(1)})


def test_the_slots_and_the_counter_of_the_targets_are_among_the_variables():
    agent, _ = AGENTS["dqn, legacy optimizer"]()
    agent.initialize()
    agent.train(transitions(agent, 0))
    names = variables_of(agent).keys()
    assert {name.split("/")[0] for name in names} == {
        "_q_network", "_target_q_network", "_optimizer", "_train_step_counter", "_update_target"
    }  # fmt: skip
    kernels = [name for name in names if name.startswith("_q_network") and name.endswith("kernel")]
    assert {f"_optimizer/{slot}/{kernel}" for slot in ("m", "v") for kernel in kernels} <= names


def test_the_report_is_the_mean_over_the_updates_since_the_last():
    learner = learner_of("dqn")
    learner.initialise(seed=1)
    start = learner.state()
    losses = []
    for seed in (1, 2):
        learner.learn(transitions(learner.agent, seed), Turn(0, 1))
        losses.append(learner.report()["loss"])
    learner.restore(start)
    for seed in (1, 2):
        learner.learn(transitions(learner.agent, seed), Turn(0, 1))
    assert learner.report()["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert learner.report() == {}
