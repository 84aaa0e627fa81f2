"""Vectors of environments of gymnasium, Stable-Baselines3 and EnvPool, in an environment of their own: see vectors.py.

    python benchmarks/peer_vectors.py '{"task": "Pong", "vector": "EnvPool", "counts": [1, 8], "seconds": 2}'

Prints one JSON object: steps per second with actions drawn at random, and with those of a policy of Stable-Baselines3.
"""

import json
import sys
import time

import ale_py
import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common import env_util, vec_env

IDS = {"CartPole": "CartPole-v1", "LunarLander": "LunarLander-v3", "Pong": "ALE/Pong-v5"}
SWINGUP = "cartpole-swingup"
POOLED = {**IDS, "Pong": "Pong-v5", SWINGUP: "CartpoleSwingup-v1"}


class Swingup(gymnasium.Env):
    """DM Control's task in gymnasium's API, which it does not have."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (5,), np.float64)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self):
        from dm_control import suite

        self._task = suite.load("cartpole", "swingup")

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._seen(self._task.reset()), {}

    def step(self, action):
        step = self._task.step(action)
        return self._seen(step), float(step.reward), False, step.last(), {}

    def _seen(self, step):
        return np.concatenate([np.ravel(part) for part in step.observation.values()])


def environment(task):
    """Return a function that makes a task in gymnasium's API."""
    if task == SWINGUP:
        return Swingup
    if task != "Pong":
        return lambda: gymnasium.make(IDS[task])

    def pong():
        gymnasium.register_envs(ale_py)
        raw = gymnasium.make(IDS[task], frameskip=1, repeat_action_probability=0.0)
        return gymnasium.wrappers.FrameStackObservation(
            gymnasium.wrappers.AtariPreprocessing(raw, terminal_on_life_loss=True), 4
        )

    return pong


def of_sb3(task, count, kind):
    """Return a vector of Stable-Baselines3."""
    if task == "Pong":
        gymnasium.register_envs(ale_py)
        many = env_util.make_atari_env("PongNoFrameskip-v4", n_envs=count, vec_env_cls=kind)
        return vec_env.VecTransposeImage(vec_env.VecFrameStack(many, n_stack=4))
    return kind([environment(task)] * count)


def of_envpool(task, count):
    """Return a vector of EnvPool."""
    import envpool

    return envpool.make(POOLED[task], env_type="gymnasium", num_envs=count)


VECTORS = {
    "gymnasium, SyncVectorEnv": lambda task, count: gymnasium.vector.SyncVectorEnv([environment(task)] * count),
    "gymnasium, AsyncVectorEnv": lambda task, count: gymnasium.vector.AsyncVectorEnv([environment(task)] * count),
    "Stable-Baselines3, DummyVecEnv": lambda task, count: of_sb3(task, count, vec_env.DummyVecEnv),
    "Stable-Baselines3, SubprocVecEnv": lambda task, count: of_sb3(task, count, vec_env.SubprocVecEnv),
    "EnvPool": of_envpool,
}


def policy_for(task, space):
    """Return what acts: Stable-Baselines3's own networks for the task, drawing each action."""
    torch.set_num_threads(1)
    like = Spaces(task, space)
    model = PPO("CnnPolicy" if task == "Pong" else "MlpPolicy", like, device="cpu")

    def act(observations):
        if isinstance(observations, dict):  # EnvPool's of DM Control
            observations = np.concatenate([part.reshape(len(part), -1) for part in observations.values()], axis=1)
        return model.predict(observations)[0]

    return act


class Spaces(gymnasium.Env):
    """An environment that only has the spaces of a task, of which a policy is made."""

    def __init__(self, task, space):
        shapes = {"CartPole": (4,), "LunarLander": (8,), SWINGUP: (5,)}
        self.observation_space = (
            gymnasium.spaces.Box(0, 255, (4, 84, 84), np.uint8)
            if task == "Pong"
            else gymnasium.spaces.Box(-np.inf, np.inf, shapes[task], np.float32)
        )
        self.action_space = space


def rate(many, act, count, seconds):
    """Return the steps per second of all environments together."""
    observations = many.reset()
    observations = observations[0] if isinstance(observations, tuple) else observations
    for warm in (True, False):
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < (0.2 if warm else seconds):
            observations = many.step(act(observations))[0]
            steps += count
    return steps / (time.perf_counter() - began)


def main(case):
    """Measure each number of environments."""
    rates = {}
    for count in case["counts"]:
        many = VECTORS[case["vector"]](case["task"], count)
        space = getattr(many, "single_action_space", many.action_space)
        drawn = np.stack([np.asarray(space.sample()) for _ in range(64 * count)]).reshape(64, count, *space.shape)
        number = iter(range(10**9))
        acting = policy_for(case["task"], space)
        rates[count] = [
            rate(many, act, count, case["seconds"])
            for act in (lambda _, drawn=drawn, number=number: drawn[next(number) % 64], acting)
        ]
        many.close()
    print(json.dumps(rates))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
