"""Reference returns of environments, between which returns of several environments are normalised."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

from cartrl.errors import UsageError, cut

OPTION = "--reference"


class Reference(NamedTuple):
    """The returns that count as 0 and as 1, and where they come from."""

    low: float
    high: float
    source: str


GIVEN = f"given by {OPTION}"
THRESHOLD = "a random policy's mean return, measured with gym 0.23.1, and gym's reward threshold"
# For gym's own time limits, constants and rewards. Random policies: means of 1,000 episodes, of 10,000 for CartPole.
KNOWN = {
    "CartPole-v0": Reference(22.0, 195.0, THRESHOLD),
    "CartPole-v1": Reference(22.0, 475.0, THRESHOLD),
    "Acrobot-v1": Reference(-499.0, -100.0, THRESHOLD),
    "MountainCar-v0": Reference(-200.0, -110.0, THRESHOLD),
    "MountainCarContinuous-v0": Reference(-33.0, 90.0, THRESHOLD),
}
DM_CONTROL = Reference(0.0, 1000.0, "the least and the greatest return of DM Control (Tassa et al., 2018)")


def parse_references(texts: Sequence[str]) -> dict[str, Reference]:
    """Return the references by the names of their environments, from ``ENV=LOW..HIGH`` each.

    Raises:
        UsageError: when one is anything else, or an environment has two.
    """
    found: dict[str, Reference] = {}
    for text in texts:
        env_name, _, ends = text.rpartition("=")
        try:
            low, high = map(float, ends.split(".."))
        except ValueError:
            low = high = 0.0
        if not (env_name and abs(high - low) > 0 and abs(high - low) < float("inf")):
            raise UsageError(
                f"{OPTION} {cut(text)}: must be ENV=LOW..HIGH with two different returns, as in Pendulum-v1=-1200..-150"
            )
        if env_name in found:
            raise UsageError(f"{OPTION} {cut(text)}: {env_name} has a reference already")
        found[env_name] = Reference(low, high, GIVEN)
    return found


def known(env_name: str, suite: Optional[str]) -> Optional[Reference]:
    """Return the reference of an environment of ``suite`` that cartrl knows of, if any."""
    return DM_CONTROL if suite == "dm_control" else KNOWN.get(env_name)
