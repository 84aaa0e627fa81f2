"""Settings of the ``environment`` section."""

import json
import math
from typing import Any, Optional

from pydantic import Field, validator

from cartrl.settings import suites, wrappers
from cartrl.settings.section import ConstantName, Section, count
from cartrl.settings.wrappers import WrapperSettings


class EnvironmentSettings(Section):
    """What the policy acts in."""

    class Config:
        """What the JSON Schema says."""

        @staticmethod
        def schema_extra(schema: dict[str, Any], model: type) -> None:
            """List the suites that are installed, and the kinds of wrappers."""
            Section.Config.schema_extra(schema, model)
            schema["properties"]["suite"]["enum"] = suites.names()
            kinds = [{**kind.schema(), "required": ["kind"]} for kind in wrappers.KINDS.values()]
            schema["properties"]["wrappers"]["items"] = {"anyOf": kinds}

    env_name: str = Field(
        ...,
        min_length=1,
        description="The name of the environment in its suite, such as gym's id CartPole-v0 or dm_control's "
        "cartpole-swingup. `cartrl env NAME` shows what it is like. MODULE:NAME, of a module outside gym and "
        "gymnasium, needs the option `--import-module MODULE`.",
    )
    # Whether it is installed is asked where an environment is made: the results of a run are read without it.
    suite: str = Field(
        suites.GYM,
        min_length=1,
        description="The suite that has the environment: gym, gymnasium, atari, dm_control, cartrl, or one that "
        "another installed package registers. `cartrl env --suite NAME` lists the environments of one.",
    )
    max_episode_steps: Optional[int] = count(
        None,
        "The time limit: an episode still going after so many steps is truncated. "
        "null takes the environment's own limit, which gym registers for it.",
    )
    constants: dict[ConstantName, float] = Field(
        {},
        description="Physical constants that differ from gym's, by gym's names, in SI units and radians. The five of "
        "classic control have some; `cartrl env NAME` lists them.",
    )
    kwargs: dict[str, Any] = Field(
        {},
        description="Arguments of the environment's constructor that differ from its defaults, or from those of its "
        "suite. `cartrl env NAME` lists them. One alone is set by `--set environment.kwargs.NAME=VALUE`.",
    )
    wrappers: tuple[WrapperSettings, ...] = Field(
        (),
        description="What changes observations, actions or rewards of the environment: a list of wrappers, the "
        "innermost first, each with its kind and its own settings, which docs/settings.md lists under Wrappers.",
    )

    @validator("wrappers", pre=True)
    def _of_kinds(cls, items: Any) -> Any:
        return tuple(map(wrappers.read, items)) if isinstance(items, (list, tuple)) else items

    @validator("wrappers")
    def _in_order(cls, items: tuple[WrapperSettings, ...]) -> tuple[WrapperSettings, ...]:
        wrappers.require_order([layer for item in items for layer in item.layers()])
        return items

    @property
    def layers(self) -> tuple[WrapperSettings, ...]:
        """The wrappers, each preset as those for which it stands; the innermost first."""
        return tuple(layer for item in self.wrappers for layer in item.layers())

    @property
    def repeats(self) -> int:
        """Steps of the environment itself in a step of the policy."""
        return math.prod(layer.steps for layer in self.layers)

    @property
    def stacked(self) -> int:
        """Frames that an observation consists of, the newest last along its last axis; 1 where it is no stack."""
        seen = [layer for layer in self.layers if not layer.for_learning]  # those for learning change no observation
        return seen[-1].stacked if seen else 1

    def judged(self) -> "EnvironmentSettings":
        """Return the environment in which a policy is evaluated and filmed, without what is for learning alone."""
        kept = tuple(layer for layer in self.layers if not layer.for_learning)
        return self if len(kept) == len(self.layers) else self.copy(update={"wrappers": kept})

    @validator("kwargs")
    def _finite(cls, values: dict[str, Any]) -> dict[str, Any]:
        json.dumps(values, allow_nan=False)  # raises ValueError for infinity and NaN, which no sidecar can hold
        return values
