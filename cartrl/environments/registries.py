"""Environments in the registries of gym and gymnasium: found by name, with what their constructors take and need."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

from cartrl.environments.suite import Description
from cartrl.errors import CartrlError, UsageError
from cartrl.settings import suites
from cartrl.system import calls, extras, imports

Entry = TypeVar("Entry")


class Needed(NamedTuple):
    """A package that some environments need, which gym and gymnasium do not bring."""

    package: str  # by the name under which Python imports it
    extra: str  # of cartrl, which installs it


# By the module that has the environments. gymnasium's own advice, gymnasium[box2d], would bring pygame-ce, which
# overwrites the pygame that TF-Agents pins.
NEEDED = {
    "gym.envs.box2d": Needed("Box2D", "box2d"),
    "gymnasium.envs.box2d": Needed("Box2D", "box2d"),
    "gymnasium.envs.mujoco": Needed("mujoco", "mujoco"),
}


def entry(env_name: str, known: Mapping[str, Entry], suite: str, usual: str) -> Entry:
    """Return the entry for ``env_name`` among those that a registry knows.

    Args:
        env_name: an id, or ``module:id``.
        known: the entries by id.
        suite: whose registry it is.
        usual: some ids, for an answer where no other is near.

    Raises:
        UsageError: for an id that is not known, or a ``module:id`` whose module nobody asked to import.
    """
    module, colon, name = env_name.rpartition(":")
    wanted = dict.fromkeys([*imports.remembered, *([module] if colon else [])])
    lacking = [other for other in wanted if other not in imports.given]
    if colon and module in lacking:
        raise UsageError(
            f"{env_name!r} imports code, the module {module!r}; if you trust it, say so: {calls.again_with(lacking)}"
        )
    if name not in known and lacking:
        raise UsageError(
            f"{suite} has no environment {env_name!r}; it was trained with code of {' and '.join(lacking)}; "
            f"if you trust it, say so: {calls.again_with(lacking)}"
        )
    if name not in known:
        raise UsageError(f"{suite} has no environment {env_name!r}{suites.hint(name, suite, list(known)) or usual}")
    return known[name]


def require_installed(env_name: str, entry_point: Any) -> None:
    """Refuse an environment of gym's or gymnasium's own whose physics are not installed.

    Raises:
        UsageError: with what to type.
    """
    folder = ".".join(entry_point.split(":")[0].split(".")[:3]) if isinstance(entry_point, str) else ""
    needed = NEEDED.get(folder)
    if needed is not None and not extras.is_installed(needed.package):
        raise UsageError(extras.missing(env_name, needed.package, needed.extra))


class Registered(Protocol):
    """What gym and gymnasium register for an environment."""

    max_episode_steps: Any
    reward_threshold: Any


def described(spec: Registered) -> Description:
    """Return the time limit and the reward threshold that are registered; one that is not finite counts as none."""
    threshold = spec.reward_threshold
    is_named = threshold is not None and math.isfinite(threshold)
    return Description(spec.max_episode_steps, float(threshold) if is_named else None)


@contextmanager
def making(env_name: str, suite: str, refusal: type[Exception]) -> Iterator[None]:
    """Turn a failure of the block, which makes an environment, into bad usage where something is missing.

    Args:
        env_name: the environment.
        suite: of which it is.
        refusal: the suite's own class of errors.

    Raises:
        UsageError: when the suite refused, or a module cannot be imported.
    """
    try:
        yield
    except CartrlError as error:
        cause = error.__cause__
        if isinstance(cause, (refusal, ImportError)):
            raise UsageError(f"{suite} cannot make {env_name}, is all that it needs installed? {cause}") from cause
        raise
