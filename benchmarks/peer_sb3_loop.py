"""The loop of an agent of Stable-Baselines3, in an environment of its own: see peer_loops.py.

    python benchmarks/peer_sb3_loop.py '{"algorithm": "SAC", "environment": "Pendulum-v1", …}'

Two callbacks note the time: once the first updates are over, and at the end. Prints one JSON object.
"""

import json
import sys
import time

import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env


class Clock(BaseCallback):
    """Notes the time and the steps when the warm-up is over."""

    def __init__(self, warm_up):
        super().__init__()
        self._warm_up = warm_up
        self.began, self.first = None, 0

    def _on_step(self):
        if self.began is None and self.num_timesteps >= self._warm_up:
            self.began, self.first = time.perf_counter(), self.num_timesteps
        return True


def main(case):
    """Train and report."""
    torch.set_num_threads(1)
    environment = make_vec_env(case["environment"], n_envs=case["num_environments"], seed=0)
    algorithm = getattr(stable_baselines3, case["algorithm"])
    policy = {"net_arch": case["layers"]}
    model = algorithm("MlpPolicy", environment, policy_kwargs=policy, seed=0, device="cpu", **case["settings"])
    clock = Clock(case["warm_up"])
    model.learn(case["steps"], callback=clock)
    seconds = time.perf_counter() - clock.began
    print(json.dumps({"steps": model.num_timesteps - clock.first, "loop": seconds}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
