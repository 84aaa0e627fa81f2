"""The notebook's pipeline as a script, with its own parts and hyperparameters: what cartrl is measured against.

    python -m benchmarks.plain_tutorial [ITERATIONS]

Prints one JSON object: iterations, and seconds of their loop and of collecting in it, without the first iteration,
which traces the update; environment steps collected in them; the returns of the evaluations.
"""

import json
import sys
import time

import reverb
import tensorflow as tf
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.drivers import py_driver
from tf_agents.environments import suite_gym, tf_py_environment
from tf_agents.networks import actor_distribution_network
from tf_agents.policies import py_tf_eager_policy
from tf_agents.replay_buffers import reverb_replay_buffer, reverb_utils
from tf_agents.specs import tensor_spec
from tf_agents.utils import common

TABLE = "uniform_table"
CAPACITY = 2000
EPISODES_PER_ITERATION = 2
EVAL_EPISODES = 10
EVAL_INTERVAL = 50


def average_return(environment, policy):
    """Play EVAL_EPISODES greedy episodes one after another."""
    total = 0.0
    for _ in range(EVAL_EPISODES):
        time_step = environment.reset()
        while not time_step.is_last():
            time_step = environment.step(policy.action(time_step).action)
            total += float(time_step.reward)
    return total / EVAL_EPISODES


def make_agent(environment):
    """Build actor network, optimizer and agent."""
    network = actor_distribution_network.ActorDistributionNetwork(
        environment.observation_spec(), environment.action_spec(), fc_layer_params=(100,)
    )
    agent = reinforce_agent.ReinforceAgent(
        environment.time_step_spec(),
        environment.action_spec(),
        actor_network=network,
        optimizer=tf.keras.optimizers.Adam(1e-3),
        normalize_returns=True,
        train_step_counter=tf.Variable(0),
    )
    agent.initialize()
    agent.train = common.function(agent.train)
    return agent


def make_replay(agent):
    """Start the Reverb server; return its buffer and the observer that writes episodes."""
    signature = tensor_spec.add_outer_dim(tensor_spec.from_spec(agent.collect_data_spec))
    table = reverb.Table(
        TABLE,
        max_size=CAPACITY,
        sampler=reverb.selectors.Uniform(),
        remover=reverb.selectors.Fifo(),
        rate_limiter=reverb.rate_limiters.MinSize(1),
        signature=signature,
    )
    buffer = reverb_replay_buffer.ReverbReplayBuffer(
        agent.collect_data_spec, table_name=TABLE, sequence_length=None, local_server=reverb.Server([table])
    )
    return buffer, reverb_utils.ReverbAddEpisodeObserver(buffer.py_client, TABLE, CAPACITY)


def main(iterations):
    """Train, evaluating as the notebook does."""
    environment = suite_gym.load("CartPole-v0")
    agent = make_agent(tf_py_environment.TFPyEnvironment(suite_gym.load("CartPole-v0")))
    eval_environment = tf_py_environment.TFPyEnvironment(suite_gym.load("CartPole-v0"))
    buffer, observer = make_replay(agent)
    returns = [average_return(eval_environment, agent.policy)]
    steps, collecting, learning = [], [], []

    def count(trajectory):
        steps[-1] += not trajectory.is_boundary()

    for iteration in range(1, iterations + 1):
        steps.append(0)
        began = time.perf_counter()
        policy = py_tf_eager_policy.PyTFEagerPolicy(agent.collect_policy, use_tf_function=True)
        driver = py_driver.PyDriver(environment, policy, [observer, count], max_episodes=EPISODES_PER_ITERATION)
        driver.run(environment.reset())
        collected = time.perf_counter()
        trajectories, _ = next(iter(buffer.as_dataset(sample_batch_size=1)))
        agent.train(experience=trajectories)
        buffer.clear()
        collecting.append(collected - began)
        learning.append(time.perf_counter() - collected)
        if iteration % EVAL_INTERVAL == 0:
            returns.append(average_return(eval_environment, agent.policy))
    report = {
        "iterations": iterations - 1,
        "loop": sum(collecting[1:]) + sum(learning[1:]),
        "collect": sum(collecting[1:]),
        "steps": int(sum(steps[1:])),
        "returns": returns,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250)
