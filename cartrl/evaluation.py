"""Rolls a policy out on the real gym environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

import numpy as np

from cartrl import policies, seeding
from cartrl.environments import gym_environment
from cartrl.environments.rollout import VectorEnvironment
from cartrl.episodes import Evaluation
from cartrl.statistics import bootstrap_interval, verdict

WIDEST = 256  # environments at once; more would gain little


def greedy(policy: policies.BatchPolicy, environment: VectorEnvironment, resets: np.ndarray) -> Evaluation:
    """Run one greedy episode for each seed in ``resets``."""
    return Evaluation.of(environment.run_episodes(lambda observations, _: policy.mode(observations), resets))


def stochastic(
    policy: policies.BatchPolicy, environment: VectorEnvironment, resets: np.ndarray, actions: seeding.ActionSeeds
) -> Evaluation:
    """Run one episode for each seed in ``resets``, drawing each action from the policy's distribution."""
    return Evaluation.of(
        environment.run_episodes(lambda observations, step: policy.sample(observations, actions[step]), resets)
    )


@dataclass(frozen=True)
class Report:
    """An evaluation of a saved policy, and what follows from it."""

    policy: Path
    sidecar: Dict[str, Any]
    evaluation: Evaluation
    is_greedy: bool
    seed: int

    def facts(self) -> Dict[str, Any]:
        """Return all that ``cartrl eval`` tells, by name; the same keys as its JSON."""
        evaluation, env_name = self.evaluation, self.sidecar["environment"]["env_name"]
        interval = bootstrap_interval(evaluation.returns)
        threshold = gym_environment.reward_threshold(env_name)
        terminated = int(evaluation.terminated.sum())
        return {
            "policy": str(self.policy),
            "env_name": env_name,
            "step": self.sidecar["step"],
            "actions": "greedy" if self.is_greedy else "stochastic",
            "seed": self.seed,
            "episodes": len(evaluation.returns),
            "mean": evaluation.mean,
            "std": evaluation.std,
            "interval_95": list(interval),
            "min": float(evaluation.returns.min()),
            "median": float(np.median(evaluation.returns)),
            "max": float(evaluation.returns.max()),
            "terminated": terminated,
            "truncated": len(evaluation.returns) - terminated,
            "reward_threshold": threshold,
            "verdict": verdict(interval, threshold),
        }


def evaluate_saved(directory: Path, sidecar: Dict[str, Any], episodes: int, is_greedy: bool, seed: int) -> Report:
    """Load the policy in ``directory`` and evaluate it on fresh episodes."""
    environment = VectorEnvironment(
        sidecar["environment"]["env_name"], min(episodes, WIDEST), sidecar["environment"]["max_episode_steps"]
    )
    policy = policies.load(directory, sidecar)
    resets = seeding.draw(episodes, seed, seeding.Stream.EVAL_RESETS)
    if is_greedy:
        evaluation = greedy(policy, environment, resets)
    else:
        evaluation = stochastic(policy, environment, resets, seeding.ActionSeeds(seed, seeding.Stream.EVAL_ACTIONS))
    environment.close()
    return Report(directory, sidecar, evaluation, is_greedy, seed)
