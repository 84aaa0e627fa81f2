"""Settings of the ``environment`` section."""

from typing import Optional

from pydantic import Field

from cartrl.settings.section import ConstantName, Section, count


class EnvironmentSettings(Section):
    """What the policy acts in."""

    env_name: str = Field(
        ...,
        min_length=1,
        description="The gym id of the environment, such as CartPole-v0. `cartrl env NAME` shows what it is like. "
        "MODULE:NAME, of a module outside gym, needs the option `--import-module MODULE`.",
    )
    max_episode_steps: Optional[int] = count(
        None,
        "The time limit: an episode still going after so many steps is truncated. "
        "null takes the limit that gym registers for the environment.",
    )
    constants: dict[ConstantName, float] = Field(
        {},
        description="Physical constants that differ from gym's, by gym's names, in SI units and radians. CartPole and "
        "Pendulum have some; `cartrl env NAME` lists them.",
    )
