"""Many environments at once, with a policy that acts: one number of steps per second.

    python -m benchmarks.vectors '{"task": "Pong", "processes": 2, "counts": [1, 8], "seconds": 2}'

Prints one JSON object: steps per second with actions drawn at random, and with those of a policy of cartrl.
"""

import json
import sys
import time
from contextlib import closing

from cartrl.system import quiet

quiet.prepare()
with quiet.loading():
    import numpy as np

    from cartrl import agents
    from cartrl.environments import spaces, specs
    from cartrl.environments.vector import VectorEnvironment
    from cartrl.experience.stepping.vector import SharedVectorEnvironment
    from cartrl.policies import acting
    from cartrl.randomness import ActionSeeds, Stream
    from cartrl.settings.experiment import of_kind

TASKS = {
    "CartPole": {"env_name": "CartPole-v1", "suite": "gymnasium"},
    "LunarLander": {"env_name": "LunarLander-v3", "suite": "gymnasium"},
    "Pong": {
        "env_name": "Pong",
        "suite": "atari",
        "kwargs": {"obs_type": "grayscale"},
        "wrappers": [{"kind": "atari", "protocol": "mnih2015"}],
    },
    "cartpole-swingup": {"env_name": "cartpole-swingup", "suite": "dm_control"},
}
NETWORKS = {"Pong": {"conv_layer_params": "nature", "fc_layer_params": [512]}}


class Stepping:
    """Steps all environments of a vector, whose episodes begin anew when they end."""

    def __init__(self, vector):
        self._vector, self._step = vector, 0
        size = vector.num_environments
        self._observations = np.zeros((size, *vector.observation_space.shape), vector.observation_dtype)
        self._running = {}
        for row in range(size):
            self._begin(row, 0)

    def _begin(self, row, episode):
        self._running[row] = running = self._vector.begin(row, episode, self._step)
        self._observations[row] = running.env.reset(1000 * episode + row)

    def rate(self, act, seconds):
        """Return the steps per second of all environments together."""
        vector, observations = self._vector, self._observations
        for warm in (True, False):
            steps, began = 0, time.perf_counter()
            while time.perf_counter() - began < (0.2 if warm else seconds):
                moves = spaces.moves(vector.action_space, act(observations, self._step))
                self._step += 1
                vector.step(
                    [*self._running.values()], moves, observations, self._step,
                    lambda ended, _: self._begin(ended.row, ended.episode + 1),
                )  # fmt: skip
                vector.finite("observation", observations, observations.dtype)
                steps += vector.num_environments
        return steps / (time.perf_counter() - began)


def policies(settings, vector):
    """Return what draws actions at random, and what acts as PPO does."""
    space, size = vector.action_space, vector.num_environments
    action_spec = specs.action_spec(space)
    drawn = np.stack([np.asarray(space.sample()) for _ in range(64 * size)]).reshape(64, size, *space.shape)
    time_step_spec = specs.time_step_spec(vector.observation_space)
    agent = agents.build(settings, time_step_spec, action_spec)
    policy = acting.BatchPolicy(agent.policies, time_step_spec.observation)
    seeds = ActionSeeds(0, Stream.COLLECT_ACTIONS, 0)
    return (lambda _, step: drawn[step % 64]), (lambda observations, step: policy.act(observations, step, seeds))


def main(case):
    """Measure each number of environments."""
    agent = {"kind": "ppo", **NETWORKS.get(case["task"], {})}
    settings = of_kind("ppo")(environment=TASKS[case["task"]], agent=agent)
    rates = {}
    for count in case["counts"]:
        processes = min(count, case["processes"])
        shared = () if processes == 1 else (processes,)
        kind = SharedVectorEnvironment if shared else VectorEnvironment
        with closing(kind(settings.environment, count, *shared)) as vector:
            stepping = Stepping(vector)
            rates[count] = [stepping.rate(act, case["seconds"]) for act in policies(settings, vector)]
    print(json.dumps(rates))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
