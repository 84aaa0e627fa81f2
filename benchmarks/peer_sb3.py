"""Stable-Baselines3's PPO on CartPole-v1 until it is solved, in an environment of its own: see peers.py.

    python benchmarks/peer_sb3.py SEED

The hyperparameters are those that RL Baselines3 Zoo found (hyperparams/ppo.yml, CartPole-v1, "tuned"). Every 2,048
steps the greedy policy plays 20 episodes of gymnasium's CartPole-v1, side by side; a mean return of 475 ends the run.
Prints one JSON object.
"""

import json
import sys
import time

from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

STEPS = 100_000
EVAL_INTERVAL = 2_048
EVAL_EPISODES = 20
SOLVED_FROM = 475


class UntilSolved(BaseCallback):
    """Evaluates, and ends the training once the task is solved."""

    def __init__(self, seed):
        super().__init__()
        self.mean, self.seconds = 0.0, 0.0
        self._environment = make_vec_env("CartPole-v1", n_envs=EVAL_EPISODES, seed=seed + 1_000)

    def _on_step(self):
        if self.num_timesteps % EVAL_INTERVAL == 0:
            began = time.perf_counter()
            self.mean, _ = evaluate_policy(self.model, self._environment, n_eval_episodes=EVAL_EPISODES)
            self.seconds += time.perf_counter() - began
        return self.mean < SOLVED_FROM


def linear(initial):
    """Fall from ``initial`` to 0 over the training."""
    return lambda remaining: remaining * initial


def main(seed):
    """Train and report."""
    model = PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", n_envs=8, seed=seed), n_steps=32, batch_size=256, gae_lambda=0.8,
        gamma=0.98, n_epochs=20, ent_coef=0.0, learning_rate=linear(0.001), clip_range=linear(0.2), seed=seed,
        device="cpu",
    )  # fmt: skip
    until_solved = UntilSolved(seed)
    began = time.perf_counter()
    model.learn(STEPS, callback=until_solved)
    seconds = time.perf_counter() - began - until_solved.seconds
    print(json.dumps({"mean": float(until_solved.mean), "steps": model.num_timesteps, "loop": seconds}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
