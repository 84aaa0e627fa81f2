"""How a policy's return depends on physical constants of its environment, and on noise in what it observes."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.analysis.episodes import summary
from cartrl.environments import suite
from cartrl.environments.episodes import Evaluation
from cartrl.errors import UsageError, nearest
from cartrl.policies import evaluation
from cartrl.policies.loading import Acting
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.policies.variations import Axis
from cartrl.randomness import ActionSeeds
from cartrl.settings import EnvironmentSettings, wrappers
from cartrl.settings.section import has_type

DIGITS = 10  # of a value, so that 0.1 × 3 is 0.3


class Quantity(NamedTuple):
    """A number of an environment that can be varied."""

    trained: float  # with which the policy was trained
    put: Callable[[EnvironmentSettings, float], EnvironmentSettings]  # returns the settings with another value


@dataclass(frozen=True)
class Varied:
    """An axis in the environment of a policy."""

    axis: Axis
    quantity: Quantity
    values: tuple[float, ...]


class Noisy:
    """A policy that sees its observations with Gaussian noise: the same draws for each ``deviation``, scaled.

    Args:
        policy: the policy.
        deviation: the standard deviation of what is added to each number of an observation, in that number's own unit.
        seed: on which, and on the step, the draws depend.
    """

    def __init__(self, policy: Acting, deviation: float, seed: int):
        self._policy, self._deviation, self._seed = policy, np.float32(deviation), seed

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the actions for ``observations`` [N, *observation] with noise."""
        drawn = randomness.draw(4, self._seed, randomness.Stream.OBSERVATION_NOISE, step)
        noise = np.random.default_rng(drawn).standard_normal(observations.shape, np.float32)
        return self._policy.act(observations + self._deviation * noise, step, seeds)


def varied(saved: SavedPolicy, axes: Sequence[Axis], points: int) -> list[Varied]:
    """Return what ``axes`` are in the environment of a policy, each with so many values, or as many as there are.

    Raises:
        UsageError: for a name or a value that the environment does not have, or another space of observations.
    """
    known = _quantities(saved.environment)
    found = []
    for axis in axes:
        if axis.is_noise:
            if saved.observation_dtype == "uint8":
                raise UsageError("--noise is for observations that are numbers, not for images")
            quantity = Quantity(0.0, lambda settings, _: settings)
        elif axis.name in known:
            quantity = known[axis.name]
        else:
            has = nearest(axis.name, list(known)) or f"; it has {', '.join(known) or 'none'}"
            raise UsageError(f"--vary: {saved.environment.env_name} has no number {axis.name!r} to vary{has}")
        found.append(Varied(axis, quantity, _values(axis, points, isinstance(quantity.trained, int))))
        for end in (found[-1].values[0], found[-1].values[-1]):
            _require_same_spaces(saved, quantity.put(saved.environment, end), f"{axis.name}={end:g}")
    return found


def _values(axis: Axis, points: int, is_whole: bool) -> tuple[float, ...]:
    places = np.linspace(axis.low, axis.high, points)
    if is_whole:
        return tuple(map(int, np.unique(np.rint(places))))
    return tuple(float(f"{place:.{DIGITS}g}") for place in places)


def _quantities(settings: EnvironmentSettings) -> dict[str, Quantity]:
    """Return what can be varied, by name: constants, numbers that the constructor takes, and those of wrappers."""
    with closing(suite.playable(settings)) as env:
        constants = dict(env.constants)
    taken: Mapping[str, Any] = {**suite.arguments(settings).defaults, **settings.kwargs}
    numbers = {name: value for name, value in taken.items() if has_type(value, float)}
    found = {name: Quantity(value, _putting("kwargs", name)) for name, value in numbers.items()}
    found.update({name: Quantity(float(value), _putting("constants", name)) for name, value in constants.items()})
    for number, layer in enumerate(settings.layers):
        for key, value in layer.dict().items():
            if has_type(value, float):
                found[f"{layer.kind}.{key}"] = Quantity(value, _putting_in_wrapper(number, key))
    return found


def _putting(section: str, name: str) -> Callable[[EnvironmentSettings, float], EnvironmentSettings]:
    def put(settings: EnvironmentSettings, value: float) -> EnvironmentSettings:
        return settings.copy(update={section: {**getattr(settings, section), name: value}})

    return put


def _putting_in_wrapper(number: int, key: str) -> Callable[[EnvironmentSettings, float], EnvironmentSettings]:
    def put(settings: EnvironmentSettings, value: float) -> EnvironmentSettings:
        layers = list(settings.layers)
        try:
            layers[number] = wrappers.read({**layers[number].dict(), key: value})
        except ValueError as error:
            raise UsageError(f"--vary: {error}") from None
        return settings.copy(update={"wrappers": tuple(layers)})

    return put


def _require_same_spaces(saved: SavedPolicy, settings: EnvironmentSettings, changed: str) -> None:
    with closing(suite.playable(settings)) as env:
        if (env.observation_space.shape, env.action_space.shape) != (saved.observation_shape, saved.action_shape):
            raise UsageError(
                f"--vary {changed}: the environment then observes {env.observation_space} and takes actions of "
                f"{env.action_space}, for which the policy is not"
            )


def number_of_cells(along: Sequence[Varied]) -> int:
    """Return how many times `cells` plays."""
    return 1 + math.prod(len(one.values) for one in along)


def cells(saved: SavedPolicy, policy: Acting, rollouts: Rollouts, along: Sequence[Varied]) -> Iterator[dict[str, Any]]:
    """Play ``rollouts`` as the policy was trained, and then for each combination of values; yield the JSON of each.

    All have the same start states, the same draws of actions and the same noise but for its scale.
    """
    yield _facts({}, evaluation.played(saved, policy, rollouts))
    for values in itertools.product(*(one.values for one in along)):
        settings, acting = saved.environment, policy
        for one, value in zip(along, values):
            settings = one.quantity.put(settings, value)
            if one.axis.is_noise:
                acting = Noisy(policy, value, rollouts.seed)
        played = evaluation.played(dataclasses.replace(saved, environment=settings), acting, rollouts)
        yield _facts({one.axis.name: value for one, value in zip(along, values)}, played)


def _facts(values: dict[str, float], played: Evaluation) -> dict[str, Any]:
    found = summary(played.returns)
    return {
        "values": values,
        "mean": played.mean,
        "std": played.std,
        "interval_95": None if found.low is None else [found.low, found.high],
        "differing_95": found.differing,
        "min": float(played.returns.min()),
        "max": float(played.returns.max()),
    }


def report(
    saved: SavedPolicy, rollouts: Rollouts, along: Sequence[Varied], found: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the JSON of ``cartrl eval --vary`` with what `cells` has ``found``."""
    trained, *grid = found
    return {
        "policy": str(saved.directory),
        "env_name": saved.environment.env_name,
        "step": saved.step,
        "actions": "greedy" if rollouts.is_greedy else "stochastic",
        "seed": rollouts.seed,
        "episodes": rollouts.count,
        "reward_threshold": suite.solved_from(saved.environment)[0],
        "axes": [
            {"name": one.axis.name, "trained": float(one.quantity.trained), "values": list(map(float, one.values))}
            for one in along
        ],
        "trained": trained,
        "cells": grid,
    }
