"""Suites of environments behind one protocol, and what cartrl asks of the suite that a config names."""

import functools
import math
import numbers
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Optional, Protocol

from cartrl.environments import failures, wrappers
from cartrl.environments.arguments import Arguments, ArgumentsError
from cartrl.environments.environment import Environment, SuiteEnvironment, closed_on_failure
from cartrl.errors import CartrlError, UsageError
from cartrl.settings import EnvironmentSettings, suites
from cartrl.settings.describing import shown
from cartrl.settings.suites import SuiteError
from cartrl.system import extensions


@dataclass(frozen=True)
class Description:
    """What a suite says of an environment before one is made, whatever a config changes of it."""

    time_limit: Optional[int] = None  # steps after which an episode is truncated; None where nothing ends it
    reward_threshold: Optional[float] = None  # the mean return from which it counts as solved; None where none is named

    def __post_init__(self) -> None:
        limit, threshold = self.time_limit, self.reward_threshold
        if limit is not None and (not isinstance(limit, numbers.Integral) or limit < 1):
            raise ValueError(f"a time limit of {limit!r}, but it is a whole number of at least 1, or None")
        if threshold is not None and not (isinstance(threshold, numbers.Real) and math.isfinite(threshold)):
            raise ValueError(f"a reward threshold of {threshold!r}, but it is a finite number, or None")


class Suite(Protocol):
    """Environments by name.

    ``settings.env_name`` is the name. What raises `cartrl.errors.UsageError` is a sentence about it for the user.

    A suite may have two methods more: ``names()``, which returns the names of its environments, as a list; and
    ``arguments(settings)``, which returns the `Arguments` that ``settings.kwargs`` may hold, without which none may.
    """

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return what is known of an environment without making it."""

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> SuiteEnvironment:
        """Make an environment with ``settings.constants`` and ``settings.kwargs``, and without a time limit of its own.

        cartrl keeps the time limit.

        Only one that ``is_filmed`` has to render.
        """


class ConstantsError(UsageError):
    """A constant that an environment does not have, or cannot have."""


def of(settings: EnvironmentSettings) -> Suite:
    """Return the suite that has the environment of ``settings``.

    Raises:
        SuiteError: when it is not installed, cannot be imported, or lacks what a `Suite` has.
    """
    return _loaded(settings.suite)


@functools.cache
def _loaded(name: str) -> Suite:
    place = suites.place(name)
    try:
        suite: Suite = extensions.load(place, f"the suite {name!r}")
    except UsageError as error:
        raise SuiteError(str(error)) from error
    lacking = [method for method in ("describe", "make") if not callable(getattr(suite, method, None))]
    if lacking:
        raise SuiteError(f"the suite {name!r} is {place}, which has no {' and no '.join(lacking)}")
    return suite


def names(suite_name: str) -> list[str]:
    """Return the names of the environments of a suite, as it lists them.

    Raises:
        UsageError: when it lists none, or there is no such suite.
        CartrlError: when the suite fails.
    """
    suite: Any = _loaded(suite_name)
    if not hasattr(suite, "names"):
        raise UsageError(f"the suite {suite_name!r} does not list its environments; give the name of one")
    with failures.named(suite_name, "names"):
        return [str(name) for name in suite.names()]


def arguments(settings: EnvironmentSettings) -> Arguments:
    """Return the arguments that the environment's constructor takes; no arguments where its suite does not say.

    Raises:
        UsageError: for an environment that the suite does not have.
        CartrlError: when the suite fails.
    """
    suite: Any = of(settings)
    if not hasattr(suite, "arguments"):
        return Arguments()
    with failures.named(settings.env_name, f"{settings.suite}'s arguments"):
        found: Arguments = suite.arguments(settings)
    return found


def describe(settings: EnvironmentSettings) -> Description:
    """Return what the suite of ``settings`` says of the environment.

    Raises:
        UsageError: for an environment that the suite does not have.
        CartrlError: when the suite fails.
    """
    suite = of(settings)
    with failures.named(settings.env_name, f"{settings.suite}'s describe"):
        found = suite.describe(settings)
    if not isinstance(found, Description):
        raise CartrlError(f"{settings.suite} describes {settings.env_name} by {found!r}, which is no Description")
    return found


def playable(settings: EnvironmentSettings, is_filmed: bool = False) -> Environment:
    """Make the environment of ``settings``; return it as cartrl plays it, in its wrappers.

    Args:
        settings: suite, name, constants, arguments, wrappers.
        is_filmed: whether it is going to be rendered.

    Raises:
        UsageError: for an environment that the suite does not have, or constants, arguments or wrappers that it cannot
            have.
        CartrlError: when it fails, or lacks what the protocol asks for.
    """
    suite, name = of(settings), settings.env_name
    if settings.kwargs:
        arguments(settings).require(name, settings.kwargs)
    try:
        with failures.named(name, f"{settings.suite}'s make"):
            made: Any = suite.make(settings, is_filmed)
    except CartrlError as error:
        if settings.kwargs and not isinstance(error, UsageError):
            raise ArgumentsError(f"{error}; its arguments are {shown(settings.kwargs)}") from error
        raise
    with closed_on_failure(made, name):
        # Those of gym's suite come checked: of all the APIs that gym had, only that suite knows how to read them.
        env = made if isinstance(made, Environment) else Environment(made, name)
        _require_constants(env, settings)
        return wrappers.wrapped(env, settings.layers, lambda: time_limit(settings))


def _require_constants(env: Environment, settings: EnvironmentSettings) -> None:
    """Refuse constants of ``settings`` that the environment does not have: the suite has not set them.

    Raises:
        ConstantsError: naming the first.
    """
    known = env.constants
    for name in settings.constants:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise ConstantsError(f"{env.name} of the suite {settings.suite!r} has no constant {name!r}; {has}")


def time_limit(settings: EnvironmentSettings) -> int:
    """Return the steps of the policy after which an episode is truncated: the setting, or else the suite's own limit.

    The suite's is in steps of the environment itself, of which wrappers may take several in one.

    Raises:
        UsageError: when there is neither.
    """
    limit = settings.max_episode_steps or _own_limit(settings, describe(settings))
    if limit is None:
        raise UsageError(f"{settings.env_name} has no time limit of its own; set environment.max_episode_steps")
    return int(limit)


def _own_limit(settings: EnvironmentSettings, described: Description) -> Optional[int]:
    """Return the suite's own time limit in steps of the policy."""
    return None if described.time_limit is None else math.ceil(described.time_limit / settings.repeats)


def solved_from(settings: EnvironmentSettings) -> tuple[Optional[float], str]:
    """Return the mean return from which the task of ``settings`` is solved, or None and why there is none.

    A suite's threshold is for its own time limit, constants and arguments: with fewer steps it may be out of reach or
    no longer a feat, and with other constants or arguments, or with some wrappers, the task is another.
    """
    described = describe(settings)
    threshold, steps = described.reward_threshold, _own_limit(settings, described)
    if threshold is None:
        return None, f"{settings.suite} names no reward threshold for {settings.env_name}"
    limit = time_limit(settings)
    said = f"{settings.suite}'s reward threshold of {threshold:g} is for"
    if steps is not None and limit < steps:
        return None, f"{said} episodes of {steps} steps, not of {limit}"
    usual = _usual_constants(settings) if settings.constants else {}
    changed = [f"a {name} of {value:g}" for name, value in settings.constants.items() if usual.get(name) != value]
    if changed:
        return None, f"{said} {settings.suite}'s own constants, not for {', '.join(changed)}"
    added = [layer.kind for layer in settings.layers if layer.changes_task]
    if added:
        return None, f"{said} the environment without {' and '.join(added)}"
    given = arguments(settings).changed(settings.kwargs) if settings.kwargs else {}
    if given:
        return None, f"{said} {settings.suite}'s own arguments, not for {shown(given)}"
    return float(threshold), ""


def _usual_constants(settings: EnvironmentSettings) -> Mapping[str, Any]:
    """Return the constants that the environment of ``settings`` has where none is changed."""
    with closing(playable(settings.copy(update={"constants": {}}))) as env:
        return env.constants
