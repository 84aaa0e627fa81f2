"""Rolls a policy out on the real gym environment."""

from contextlib import closing
from typing import Any, Optional

import numpy as np

from cartrl import randomness
from cartrl.analysis.episodes import summary, verdict
from cartrl.environments import gym_suite
from cartrl.environments.episodes import Evaluation
from cartrl.environments.vector import VectorEnvironment
from cartrl.policies import acting
from cartrl.policies.sidecar import SavedPolicy

WIDEST = 256  # environments at once; more would gain little


def evaluate(
    policy: acting.BatchPolicy,
    environment: VectorEnvironment,
    resets: np.ndarray,
    actions: Optional[randomness.ActionSeeds] = None,
) -> Evaluation:
    """Run one episode for each seed in ``resets``, greedily, or with ``actions`` drawn from the policy."""
    return environment.evaluate(lambda observations, step: policy.act(observations, step, actions), resets)


def evaluate_saved(saved: SavedPolicy, episodes: int, is_greedy: bool, seed: int) -> Evaluation:
    """Load a saved policy and evaluate it on fresh episodes."""
    with closing(VectorEnvironment(saved.environment, min(episodes, WIDEST))) as environment:
        policy = acting.load(saved)
        resets = randomness.draw(episodes, seed, randomness.Stream.EVAL_RESETS)
        actions = None if is_greedy else randomness.ActionSeeds(seed, randomness.Stream.EVAL_ACTIONS)
        return evaluate(policy, environment, resets, actions)


def facts(saved: SavedPolicy, evaluation: Evaluation, is_greedy: bool, seed: int) -> dict[str, Any]:
    """Return all that ``cartrl eval`` tells of an evaluation, by name: its JSON."""
    found = summary(evaluation.returns)
    threshold, no_threshold = gym_suite.solved_from(saved.environment)
    terminated = int(evaluation.terminated.sum())
    return {
        "policy": str(saved.directory),
        "env_name": saved.environment.env_name,
        "step": saved.step,
        "actions": "greedy" if is_greedy else "stochastic",
        "seed": seed,
        "episodes": len(evaluation.returns),
        "mean": evaluation.mean,
        "std": evaluation.std,
        "interval_95": None if found.low is None else [found.low, found.high],
        "differing_95": found.differing,
        "min": float(evaluation.returns.min()),
        "median": float(np.median(evaluation.returns)),
        "max": float(evaluation.returns.max()),
        "terminated": terminated,
        "truncated": len(evaluation.returns) - terminated,
        "returns": evaluation.returns.tolist(),
        "lengths": evaluation.lengths.tolist(),
        "ended": ["terminated" if is_so else "truncated" for is_so in evaluation.terminated],
        "reward_threshold": threshold,
        "verdict": verdict(found, threshold),
        "no_verdict": no_threshold or None,
    }
