"""Wrappers around environments, by the settings of `cartrl.settings.wrappers`."""

from collections.abc import Sequence
from typing import Callable

from cartrl.environments.environment import Environment
from cartrl.environments.wrappers.wrapper import Innermost
from cartrl.settings.wrappers import WrapperSettings
from cartrl.system import extensions


def wrapped(env: Environment, layers: Sequence[WrapperSettings], time_limit: Callable[[], int]) -> Environment:
    """Return ``env`` in its wrappers; returns it as it is without any.

    Args:
        env: the environment.
        layers: the wrappers, the innermost first.
        time_limit: returns the time limit, in steps of the policy.

    Raises:
        WrapperError: for one that does not fit what it is around.
        UsageError: when there is no time limit, and one of them needs it.
    """
    if not layers:
        return env
    inner = Innermost(env)
    for layer in layers:
        inner = extensions.imported(layer.builder)(inner, layer, time_limit)
    return Environment(inner, env.name)
