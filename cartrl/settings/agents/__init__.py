"""The kinds of agents that a config can name: cartrl's own, and those of other installed packages.

Another package registers a kind through the entry-point group ``cartrl.agents``: the entry's name is the ``agent.kind``
of a config, and its value names a `Kind`, as in ``random-search = "my_package.light:KIND"``. Listing the names imports
none of these packages; a package is imported when a config names its kind.
"""

import functools
from collections.abc import Mapping

from cartrl.errors import UsageError
from cartrl.settings.agents.ddpg import KIND as DDPG
from cartrl.settings.agents.dqn import KIND as DQN
from cartrl.settings.agents.kind import AgentSettings, Kind
from cartrl.settings.agents.ppo import KIND as PPO
from cartrl.settings.agents.ppo import PpoSettings
from cartrl.settings.agents.reinforce import KIND as REINFORCE
from cartrl.settings.agents.reinforce import ReinforceSettings
from cartrl.settings.agents.sac import KIND as SAC
from cartrl.settings.agents.td3 import KIND as TD3
from cartrl.settings.spaces import Served
from cartrl.system import extensions

GROUP = "cartrl.agents"
DEFAULT = "reinforce"
OWN: Mapping[str, Kind] = {DEFAULT: REINFORCE, "ppo": PPO, "dqn": DQN, "ddpg": DDPG, "td3": TD3, "sac": SAC}

__all__ = ["DEFAULT", "AgentSettings", "Kind", "PpoSettings", "ReinforceSettings", "kind", "names", "served"]


def names() -> list[str]:
    """Return the names of all kinds, cartrl's own first."""
    return [*OWN, *sorted(extensions.registered(GROUP).keys() - OWN.keys())]


def kind(name: str) -> Kind:
    """Return the kind of a name that `names` has.

    Raises:
        UsageError: when the package that registers it cannot be imported, or registers something else.
    """
    return OWN[name] if name in OWN else _load(name)


def served(name: str) -> Served:
    """Return the spaces that the kind ``name`` serves; where it is not installed, those that a `Kind` says by default.

    A saved policy needs no package of its agent.
    """
    return kind(name).serves if name in OWN or name in extensions.registered(GROUP) else Served()


@functools.cache
def _load(name: str) -> Kind:
    place = extensions.registered(GROUP)[name]
    found = extensions.load(place, f"the agent {name!r}")
    if not isinstance(found, Kind):
        raise UsageError(f"the agent {name!r} is {place}, which is no cartrl.settings.agents.Kind")
    return found
