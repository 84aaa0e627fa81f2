"""What a kind of agent says of itself before anything heavy is imported."""

from dataclasses import dataclass, field

from cartrl.columns import Column
from cartrl.settings.experience import EPISODES, Experience
from cartrl.settings.section import Section
from cartrl.settings.spaces import Served


class AgentSettings(Section):
    """The ``agent`` section of a config; each kind of agent has a class of its own."""

    kind: str


@dataclass(frozen=True)
class Kind:
    """A kind of agent: its settings, the columns that it adds to the metrics, and where it is built."""

    settings: type[AgentSettings]
    columns: tuple[Column, ...]  # what each report of the agent holds, in this order
    builder: str  # ``package.module:function``; imported when an agent is built
    serves: Served = field(default_factory=Served)  # the kinds of spaces that it can observe and act in
    experience: Experience = EPISODES  # what it learns from
