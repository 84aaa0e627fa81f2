"""Films policies side by side: all play from the same start states, and step together."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Callable, Optional

import numpy as np
from PIL import Image

from cartrl.environments import gym_suite
from cartrl.pictures import recording
from cartrl.pictures.captions import GAP, PAPER, STRIP, enlarged, write
from cartrl.pictures.milestones import Milestone
from cartrl.pictures.recording import Moment, Recording
from cartrl.policies import acting

WIDEST = 1200  # pixels, of all panels together
READABLE = 240  # pixels in which what a panel says can be read
DESK = (226, 226, 226)
DIMMED = 0.6  # how much of the paper shows through the picture of an episode that is over


def record(
    milestones: Sequence[Milestone],
    output: Path,
    episodes: int,
    fps: Optional[int],
    is_greedy: bool,
    seed: int,
    on_frame: Callable[[int, int], None],
) -> Recording:
    """Film policies of one environment; see `cartrl.pictures.recording.record`.

    A panel whose episode is over stands still. After each episode the film stands still for a
    second, so that one can read how it ended.
    """
    loaded = [acting.load(milestone.saved) for milestone in milestones]
    camera = recording.Camera()
    returns: list[list[float]] = [[] for _ in milestones]
    actions_are = "" if is_greedy else ", drawn actions"

    def pictures(still: int) -> Iterator[np.ndarray]:
        for number, (reset, actions) in enumerate(recording.starts(episodes, is_greedy, seed), start=1):
            panels = [
                Panel(
                    milestone,
                    recording.play(env, milestone.saved, policy, camera, reset, actions),
                    _width(len(milestones)),
                )
                for milestone, env, policy in zip(milestones, envs, loaded)
            ]
            heading = f"{envs[0].name}{actions_are}   episode {number} of {episodes}"
            for step, picture in enumerate(_play(panels, heading)):
                yield picture
                on_frame(number, step)
            for _ in range(still):
                yield picture
            for panel, totals in zip(panels, returns):
                totals.append(panel.total)

    with ExitStack() as opened:
        envs = [
            opened.enter_context(closing(gym_suite.playable(milestone.saved.environment, is_filmed=True)))
            for milestone in milestones
        ]
        rate, note = recording.fps_of(envs[0], output, fps)
        frames = recording.write(output, rate, pictures(recording.held(rate)))
    return Recording(output, rate, frames, returns, note)


def _width(panels: int) -> int:
    """Return how wide a panel may be, in pixels: an even number."""
    return (WIDEST - GAP * (panels + 1)) // panels // 2 * 2


class Panel:
    """An episode, drawn: a title, the frame of the moment, and how far it is.

    Args:
        milestone: whose episode.
        moments: the episode.
        width: what a frame is scaled down to if it is wider, in pixels.
    """

    def __init__(self, milestone: Milestone, moments: Iterator[Moment], width: int):
        self._milestone = milestone
        self._moments = moments
        self._width = width
        self.is_over = False
        self.total = 0.0

    def advance(self) -> None:
        """Go on to the next moment."""
        moment = next(self._moments)
        self.is_over = moment.is_over
        self.total = moment.total
        status = f"step {moment.step}"
        if self.is_over:
            status = f"ended after {moment.step} steps" if moment.is_terminal else f"time limit, {moment.step} steps"
        self.image = self._drawn(moment.picture, f"{status}   return {moment.total:g}")

    def _drawn(self, picture: np.ndarray, status: str) -> Image.Image:
        frame = enlarged(picture, READABLE)
        width = min(self._width, frame.width // 2 * 2)
        height = round(frame.height * width / frame.width / 2) * 2
        frame = frame.resize((width, height), Image.Resampling.BILINEAR)
        if self.is_over:
            frame = Image.blend(frame, Image.new("RGB", frame.size, PAPER), DIMMED)
        image = Image.new("RGB", (max(width, READABLE), height + 2 * STRIP), PAPER)
        image.paste(frame, ((image.width - width) // 2, STRIP))
        write(image, self._milestone.title, 0)
        write(image, status, STRIP + height)
        return image


def _play(panels: Sequence[Panel], heading: str) -> Iterator[np.ndarray]:
    """Step all panels together until each is over; yield their pictures."""
    while not all(panel.is_over for panel in panels):
        for panel in panels:
            if not panel.is_over:
                panel.advance()
        yield _beside([panel.image for panel in panels], heading)


def _beside(images: Sequence[Image.Image], heading: str) -> np.ndarray:
    """Return ``images`` of one size in a row below ``heading``: uint8 [height, width, 3], both even."""
    width, height = images[0].size
    row = Image.new("RGB", (GAP + len(images) * (width + GAP), STRIP + height + GAP), DESK)
    write(row, heading, 0)
    for column, image in enumerate(images):
        row.paste(image, (GAP + column * (width + GAP), STRIP))
    return np.asarray(row)
