"""Plays a policy for somebody who watches, at the environment's own frame rate."""

import time
from typing import Any, Callable, Protocol

from numpy.typing import NDArray

from cartrl.pictures.recording import Actor, starts
from cartrl.policies.rollouts import Rollouts
from cartrl.system.console import one_line

EPISODES = Rollouts(count=10_000, seed=0, is_greedy=True)  # more than anybody watches; the first are those of a film
STILL = 1.0  # seconds that the last frame of an episode stays, to read how it ended


class Viewer(Protocol):
    """Where frames are shown."""

    def show(self, picture: NDArray[Any], caption: str) -> bool:
        """Show a frame, uint8 [height, width, 3], and its ``caption``; return False where nobody watches any more."""

    def wait(self, seconds: float) -> bool:
        """Wait so long; return False, and do so at once, where nobody watches any more."""


class Pace:
    """Tells how long a frame stays.

    Args:
        fps: frames a second. Where showing one takes longer, the next follows at once, and none is made up for.
    """

    def __init__(self, fps: float):
        self._period, self._due = 1 / fps, time.monotonic()

    def left(self) -> float:
        """Return the seconds until the next frame is due."""
        now = time.monotonic()
        self._due = max(self._due + self._period, now)
        return self._due - now


def play(actor: Actor, viewer: Viewer, is_stopped: Callable[[], bool]) -> None:
    """Play one episode after the other, until nobody watches any more or ``is_stopped``."""
    pace = Pace(actor.env.frame_rate.fps)
    for number, start in enumerate(starts(EPISODES), 1):
        for moment in actor.play(start):
            told = f"episode {number}   step {moment.step}   return {moment.total:g}"
            is_watched = viewer.show(moment.picture, f"{one_line(actor.env.name)}   {told}   q: quit")
            if not is_watched or is_stopped() or not viewer.wait(pace.left()):
                return
        if is_stopped() or not viewer.wait(STILL):
            return
