"""Learning algorithms: one file an agent, and the builder that belongs to each kind of settings."""

from typing import Callable

from cartrl.agents import reinforce
from cartrl.settings.agents import ReinforceSettings

BUILDERS: dict[type, Callable[..., reinforce.ReinforceLearner]] = {
    ReinforceSettings: reinforce.build,
}
