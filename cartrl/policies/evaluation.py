"""Rolls a policy out on the real environment."""

from contextlib import closing
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.analysis.episodes import summary, verdict
from cartrl.environments import suite
from cartrl.environments.episodes import Evaluation
from cartrl.environments.vector import VectorEnvironment
from cartrl.policies import loading
from cartrl.policies.loading import Acting
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy

WIDEST = 256  # environments at once; more would gain little


def evaluate(
    policy: Acting,
    environment: VectorEnvironment,
    resets: NDArray[Any],
    actions: Optional[randomness.ActionSeeds] = None,
) -> Evaluation:
    """Run one episode for each seed in ``resets``, greedily, or with ``actions`` drawn from the policy."""
    return environment.evaluate(lambda observations, step: policy.act(observations, step, actions), resets)


def evaluate_saved(saved: SavedPolicy, rollouts: Rollouts) -> Evaluation:
    """Load a saved policy and play ``rollouts`` with it."""
    return played(saved, loading.load(saved), rollouts)


def played(saved: SavedPolicy, policy: Acting, rollouts: Rollouts) -> Evaluation:
    """Play ``rollouts`` with ``policy`` in the environment of a saved one."""
    with closing(VectorEnvironment(saved.environment, min(rollouts.count, WIDEST))) as environment:
        resets = randomness.draw(rollouts.count, rollouts.seed, randomness.Stream.EVAL_RESETS)
        drawn = randomness.ActionSeeds(rollouts.seed, randomness.Stream.EVAL_ACTIONS)
        actions = None if rollouts.is_greedy else drawn
        return evaluate(policy, environment, resets, actions)


def facts(saved: SavedPolicy, evaluation: Evaluation, rollouts: Rollouts) -> dict[str, Any]:
    """Return the JSON of ``cartrl eval``: what the ``evaluation`` found in ``rollouts`` of a saved policy."""
    found = summary(evaluation.returns)
    threshold, no_threshold = suite.solved_from(saved.environment)
    terminated = int(evaluation.terminated.sum())
    return {
        "policy": str(saved.directory),
        "env_name": saved.environment.env_name,
        "step": saved.step,
        "actions": "greedy" if rollouts.is_greedy else "stochastic",
        "seed": rollouts.seed,
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
