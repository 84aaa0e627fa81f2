"""Environment steps per second of collecting: cartrl's vectorized collector beside the tutorial's pipeline.

    python -m tests.benchmarks.collect

Both roll out an untrained policy in CartPole-v0, the same network in both, and put whole episodes into Reverb. They
take turns, so a change of the machine's speed meets both; the ratio is formed turn by turn.
"""

import statistics
import time

from cartrl import quiet

quiet.prepare()
with quiet.held_back():
    import reverb
    import tensorflow as tf
    from tf_agents.drivers import py_driver
    from tf_agents.environments import suite_gym
    from tf_agents.policies import py_tf_eager_policy
    from tf_agents.replay_buffers import reverb_replay_buffer, reverb_utils
    from tf_agents.specs import tensor_spec

    from cartrl import agents, policies, replay
    from cartrl.collectors.vectorized import VectorizedCollector
    from cartrl.environments import specs
    from cartrl.environments.rollout import VectorEnvironment
    from cartrl.settings import ReinforceSettings

ENVIRONMENT = "CartPole-v0"
EPISODES = 64  # a turn of cartrl
TUTORIAL_EPISODES = 6  # a turn of the tutorial, two an iteration as it has them
TURNS = 7


class Tutorial:
    """The notebook's collection: a new PyDriver and PyTFEagerPolicy an iteration, a Reverb observer a step."""

    def __init__(self, collect_policy):
        self._environment = suite_gym.load(ENVIRONMENT)
        self._policy = collect_policy
        signature = tensor_spec.add_outer_dim(tensor_spec.from_spec(collect_policy.collect_data_spec))
        table = reverb.Table(
            "uniform_table",
            max_size=2000,
            sampler=reverb.selectors.Uniform(),
            remover=reverb.selectors.Fifo(),
            rate_limiter=reverb.rate_limiters.MinSize(1),
            signature=signature,
        )
        self._server = reverb.Server([table])
        buffer = reverb_replay_buffer.ReverbReplayBuffer(
            collect_policy.collect_data_spec,
            table_name="uniform_table",
            sequence_length=None,
            local_server=self._server,
        )
        self._observer = reverb_utils.ReverbAddEpisodeObserver(buffer.py_client, "uniform_table", 2000)

    def collect(self, reuse_driver=None):
        """Collect two episodes; return the environment steps made."""
        steps = []
        driver = reuse_driver or self.driver()
        counter = lambda trajectory: steps.append(not trajectory.is_boundary())  # noqa: E731
        driver._observers = [self._observer, counter]
        driver.run(self._environment.reset())
        return sum(map(int, steps))

    def driver(self):
        """Return a driver of two episodes, traced anew as the notebook does each time."""
        policy = py_tf_eager_policy.PyTFEagerPolicy(self._policy, use_tf_function=True)
        return py_driver.PyDriver(self._environment, policy, [self._observer], max_episodes=2)


def vectorized(num_environments, agent, time_step_spec, action_spec):
    """Return a function that collects EPISODES episodes into Reverb and counts their steps."""
    environment = VectorEnvironment(ENVIRONMENT, num_environments)
    policy = policies.BatchPolicy(
        lambda step: agent.collect_policy.distribution(step).action, (4,), type(time_step_spec)
    )
    queue = replay.EpisodeReplay(4, replay.signature(EPISODES, environment.time_limit, time_step_spec, action_spec))
    collector = VectorizedCollector(environment, policy, EPISODES, seed=0)

    def collect(turn):
        episodes = collector.collect(turn)
        queue.write(episodes)
        queue.read()
        return int(episodes.lengths.sum())

    return collect, queue


def rate(function):
    """Return the steps per second of one call, which returns its steps."""
    began = time.perf_counter()
    steps = function()
    return steps / (time.perf_counter() - began)


def measure():
    """Take turns, and return rates by name, a list of TURNS each."""
    environment = VectorEnvironment(ENVIRONMENT, 1)
    time_step_spec = specs.time_step_spec(environment.observation_space)
    action_spec = specs.action_spec(environment.action_space)
    agent = agents.BUILDERS[ReinforceSettings](ReinforceSettings(), time_step_spec, action_spec, 0)
    with quiet.held_back():
        tutorial = Tutorial(agent.collect_policy)
        driver = tutorial.driver()
        tutorial.collect(driver)
        collectors = {count: vectorized(count, agent, time_step_spec, action_spec) for count in (2, 16, 64)}
        for collect, _ in collectors.values():
            collect(0)
    rates = {}
    for turn in range(1, TURNS + 1):
        contenders = {
            "tutorial": lambda: sum(tutorial.collect() for _ in range(TUTORIAL_EPISODES // 2)),
            "tutorial, traced once": lambda: sum(tutorial.collect(driver) for _ in range(TUTORIAL_EPISODES // 2)),
            **{f"cartrl, {n} environments": lambda c=c: c(turn) for n, (c, _) in collectors.items()},  # noqa: B023
        }
        for name, function in contenders.items():
            rates.setdefault(name, []).append(rate(function))
    for _, queue in collectors.values():
        queue.close()
    return rates


def main():
    """Print the rates, and how many times the tutorial's each is."""
    rates = measure()
    print(f"{ENVIRONMENT}, {TURNS} turns, TensorFlow {tf.__version__}; median (minimum to maximum)\n")
    print(f"| {'collector':<24} | {'steps per second':>26} | {'times the tutorial':>22} |")
    print(f"| {'-' * 24} | {'-' * 25}: | {'-' * 21}: |")
    for name, values in rates.items():
        ratios = [value / base for value, base in zip(values, rates["tutorial"])]
        speed = f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"
        times = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"| {name:<24} | {speed:>26} | {times:>22} |")
    return rates


if __name__ == "__main__":
    main()
