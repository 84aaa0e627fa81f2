"""A learner's side of collectors elsewhere: who may join, and what each is told first."""

from collections.abc import Callable, Sequence
from typing import Any, Optional

from cartrl.errors import CartrlError
from cartrl.experience.remote.channel import Channel, LostError
from cartrl.experience.remote.collector import News, Standing, TeamCollector, Writable
from cartrl.experience.remote.door import Door
from cartrl.experience.remote.forms import Form, RowPlayer
from cartrl.experience.remote.local import Joined, LocalCollectors
from cartrl.experience.remote.team import Team
from cartrl.experience.supply import Blueprint
from cartrl.runs.machine import differing, processor
from cartrl.settings import ExperimentSettings
from cartrl.system import imports


def collecting(
    blueprint: Blueprint, form: Form, here: RowPlayer, standing: Sequence[Standing], replay: Writable
) -> Optional[TeamCollector]:
    """Return a collector that has others play for it, if the experiment is to have any or to act with older policies.

    Args:
        blueprint: of the experiment.
        form: what a row of a turn is.
        here: plays in this process.
        standing: the environments of this process, where episodes go on between turns.
        replay: is given what was played.
    """
    settings = blueprint.settings
    if not (settings.collect.workers or settings.collect.policy_lag or blueprint.listening):
        return None
    news = News()
    team = Team(form, here, news.tell)
    reception = Reception(settings, team, news.tell)
    local = LocalCollectors(settings.collect.workers, reception.meet) if settings.collect.workers else None
    if local is not None:
        blueprint.opened.callback(local.close)
    if blueprint.listening is not None:
        Door(blueprint.listening, reception.meet, news.tell)
    blueprint.opened.callback(team.close)
    return TeamCollector(team, standing, replay, here.variables, settings, local, news)


class Reception:
    """Lets collectors join a team.

    Args:
        settings: that they are to play with.
        team: that they join.
        tell: is given a sentence for the user.
    """

    def __init__(self, settings: ExperimentSettings, team: Team, tell: Callable[[str], None]):
        self._settings = settings
        self._team = team
        self._tell = tell

    def meet(self, name: str, channel: Channel, joined: Joined) -> None:
        """Let a collector join, which is then ``joined``, and play until it is lost.

        Raises:
            CartrlError: when it cannot join.
        """
        try:
            facts = channel.receive().facts
            reason = _unfit(facts)
            if reason is not None:
                channel.send({"refused": f"the learner does not take this collector, which {reason}"})
                raise CartrlError(f"it {reason}")
            channel.send({"settings": self._settings.json(by_alias=True)})
            answer = channel.receive().facts
        except LostError as error:
            raise CartrlError(str(error)) from None
        if "failed" in answer:
            raise CartrlError(str(answer["failed"]))
        if facts.get("processor") != processor():
            self._tell(f"{name} has another processor, on which the last bits of numbers may differ")
        self._team.join(name, channel, joined)


def _unfit(facts: dict[str, Any]) -> Optional[str]:
    """Return what is wrong with a collector that says ``facts`` of itself; None if it may join."""
    found = facts.get("versions")
    differences = differing(found if isinstance(found, dict) else {})
    if differences:
        return f"has {', '.join(differences)}"
    missing = [module for module in imports.given if module not in facts.get("modules", ())]
    return f"was not given {' '.join(imports.options(missing))}" if missing else None
