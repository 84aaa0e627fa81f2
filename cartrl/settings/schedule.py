"""Settings that may change while a run goes on."""

from typing import Union

from pydantic import Field

from cartrl.settings.section import LARGEST_INT, Section


class Linear(Section):
    """A value that changes linearly with the steps of the environments, and then stays."""

    start: float = Field(..., ge=0, alias="from", description="The value at the beginning of the run.")
    to: float = Field(..., ge=0, description="The value after `over` steps.")
    over: int = Field(..., ge=1, le=LARGEST_INT, description="Steps of the environments.")


Schedule = Union[float, Linear]  # a constant, or {from: 0.001, to: 0, over: 100000}


def at(schedule: Schedule, environment_steps: int) -> float:
    """Return the value of ``schedule`` when the run has had so many steps."""
    if not isinstance(schedule, Linear):
        return schedule
    done = min(1.0, environment_steps / schedule.over)
    return schedule.start + (schedule.to - schedule.start) * done
