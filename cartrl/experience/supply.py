"""What supplies an agent with experience: a collector, a replay, and what the two of an experiment are built from."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.environments import suite, twins
from cartrl.environments.twins import CompiledEnvironment
from cartrl.experience.remote.address import Listening
from cartrl.experience.roles import Collector, Continuing, Remembering, Replay
from cartrl.policies import acting
from cartrl.settings import ExperimentSettings
from cartrl.system import extensions


@dataclass(frozen=True)
class Blueprint:
    """What the collector and the replay of an experiment are built from."""

    settings: ExperimentSettings
    time_limit: int  # of an episode, in steps
    time_step_spec: ts.TimeStep
    action_spec: types.NestedTensorSpec
    policies: acting.Policies  # of the agent
    policy: acting.BatchPolicy  # the same, for numpy arrays
    opened: ExitStack  # closes at the end of the experiment what is registered with it
    listening: Optional[Listening] = None  # where collectors of other machines may join
    told: list[str] = field(default_factory=list)  # sentences for the user, once all is built

    def twin(self) -> Optional[CompiledEnvironment]:
        """Return the compiled twin of the environment if the experiment is to play in it."""
        engine = self.settings.collect.engine
        env = suite.playable(self.settings.environment)
        self.opened.callback(env.close)
        wanted = engine == "compiled" or (engine == "auto" and twins.has_twin(env.raw))
        return twins.twin_of(env.raw) if wanted else None


class Supply(NamedTuple):
    """The collector and the replay of an experiment."""

    collector: Collector
    replay: Replay
    blank: Any  # a batch of the shapes and types that the replay gives, of zeros
    continuing: Optional[Continuing] = None  # the collector, if its episodes go on from one turn to the next
    remembering: Optional[Remembering] = None  # the replay, if it holds what was played beyond its turn


def build(experience: str, blueprint: Blueprint) -> Supply:
    """Build the supply of the form of experience whose builder is ``experience``, written ``module:function``."""
    supply: Supply = extensions.imported(experience)(blueprint)
    return supply
