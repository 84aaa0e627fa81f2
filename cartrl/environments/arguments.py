"""The arguments that an environment's constructor takes, as far as its signature tells."""

import inspect
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any, Callable

from cartrl.errors import UsageError, nearest

MISSING = ...  # stands for the default of an argument that has none
RESERVED = ("render_mode",)  # arguments that cartrl alone gives, also to a constructor that takes any
NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


class ArgumentsError(UsageError):
    """An argument that an environment does not take, or cannot take."""


@dataclass(frozen=True)
class Arguments:
    """What an environment's constructor takes."""

    defaults: Mapping[str, Any] = field(default_factory=dict)  # by name; `MISSING` where there is none
    is_open: bool = False  # whether it takes others, too, of which the signature does not tell

    def changed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of ``given`` that differ from the defaults."""
        return {name: value for name, value in given.items() if not _equal(self.defaults.get(name, MISSING), value)}

    def require(self, env_name: str, given: Mapping[str, Any]) -> None:
        """Refuse arguments that the constructor does not take.

        Raises:
            ArgumentsError: naming the first, and the nearest one or all that there are.
        """
        for name in given:
            if name in RESERVED or (name not in self.defaults and not self.is_open):
                has = f"it takes {', '.join(self.defaults)}" if self.defaults else "it takes none"
                raise ArgumentsError(
                    f"{env_name} takes no argument {name!r}{nearest(name, list(self.defaults)) or f'; {has}'}"
                )


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # arrays, which do not say whether they are equal as a whole
        return False


def of(maker: Callable[..., Any], given: Mapping[str, Any], but: Container[str] = RESERVED) -> Arguments:
    """Return what the constructor ``maker`` takes.

    Args:
        maker: a class or a function.
        given: arguments that the suite itself gives it, in the place of its own defaults.
        but: arguments that cartrl alone gives.
    """
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):  # it is not written in Python
        return Arguments(dict(given), is_open=True)
    defaults = {
        parameter.name: MISSING if parameter.default is Parameter.empty else parameter.default
        for parameter in parameters
        if parameter.kind in NAMED and parameter.name not in but
    }
    return Arguments({**defaults, **given}, any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters))
