"""Films policies side by side: all start from the same states, and take their steps together."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cartrl.pictures import recording
from cartrl.pictures.captions import GAP, PAPER, STRIP, enlarged, write
from cartrl.pictures.milestones import Milestone
from cartrl.pictures.recording import Actor, FilmFile, Moment, Recording
from cartrl.policies.rollouts import Rollouts

WIDEST = 1200  # pixels, of all panels together
READABLE = 240  # pixels of width in which the words of a panel can be read
DESK = (226, 226, 226)
DIMMED = 0.6  # the share of the paper's colour in a panel whose episode is over


def record(
    milestones: Sequence[Milestone], rollouts: Rollouts, file: FilmFile, on_frame: recording.OnFrame
) -> Recording:
    """Film policies of one environment side by side; see `cartrl.pictures.recording.record`.

    A panel whose episode is over stands still until all are. Then the film stands still for a second, so that one can
    read how the episodes ended.
    """
    camera = recording.Camera()
    returns: list[list[float]] = [[] for _ in milestones]
    actions_are = "" if rollouts.is_greedy else ", drawn actions"
    width = _width(len(milestones))

    def pictures(actors: Sequence[Actor], still: int) -> Iterator[NDArray[Any]]:
        for number, start in enumerate(recording.starts(rollouts), start=1):
            panels = [Panel(milestone.title, actor.play(start), width) for milestone, actor in zip(milestones, actors)]
            heading = f"{actors[0].env.name}{actions_are}   episode {number} of {rollouts.count}"
            for step, picture in enumerate(_play(panels, heading)):
                yield picture
                on_frame(number, step)
            yield from [picture] * still
            for panel, totals in zip(panels, returns):
                totals.append(panel.total)

    with ExitStack() as opened:
        actors = [opened.enter_context(closing(Actor(milestone.saved, camera))) for milestone in milestones]
        rate, note = recording.frame_rate(actors[0].env, file)
        frames = recording.write(file.path, rate, pictures(actors, recording.held(rate)))
    return Recording(file.path, rate, frames, returns, note)


def _width(panels: int) -> int:
    """Return how wide a panel may be, in pixels: an even number."""
    return (WIDEST - GAP * (panels + 1)) // panels // 2 * 2


class Panel:
    """The picture of one policy's episode: a title, the current frame, and below it step and return.

    Args:
        title: which policy it is.
        moments: the episode.
        width: pixels to which a wider frame is scaled down.
    """

    def __init__(self, title: str, moments: Iterator[Moment], width: int):
        self._title = title
        self._moments = moments
        self._width = width
        self.is_over = False
        self.total = 0.0

    def advance(self) -> None:
        """Draw the next moment of the episode."""
        moment = next(self._moments)
        self.is_over = moment.is_over
        self.total = moment.total
        status = f"step {moment.step}"
        if self.is_over:
            status = f"ended after {moment.step} steps" if moment.is_terminal else f"time limit, {moment.step} steps"
        self.image = self._drawn(moment.picture, f"{status}   return {moment.total:g}")

    def _drawn(self, picture: NDArray[Any], status: str) -> Image.Image:
        frame = enlarged(picture, READABLE)
        width = min(self._width, frame.width // 2 * 2)
        height = round(frame.height * width / frame.width / 2) * 2
        frame = frame.resize((width, height), Image.Resampling.BILINEAR)
        if self.is_over:
            frame = Image.blend(frame, Image.new("RGB", frame.size, PAPER), DIMMED)
        image = Image.new("RGB", (max(width, READABLE), height + 2 * STRIP), PAPER)
        image.paste(frame, ((image.width - width) // 2, STRIP))
        write(image, self._title, 0)
        write(image, status, STRIP + height)
        return image


def _play(panels: Sequence[Panel], heading: str) -> Iterator[NDArray[Any]]:
    """Step all panels together until each is over; yield their pictures."""
    while not all(panel.is_over for panel in panels):
        for panel in panels:
            if not panel.is_over:
                panel.advance()
        yield _beside([panel.image for panel in panels], heading)


def _beside(images: Sequence[Image.Image], heading: str) -> NDArray[Any]:
    """Return ``images`` of one size in a row below ``heading``: uint8 [height, width, 3], both even."""
    width, height = images[0].size
    row = Image.new("RGB", (GAP + len(images) * (width + GAP), STRIP + height + GAP), DESK)
    write(row, heading, 0)
    for column, image in enumerate(images):
        row.paste(image, (GAP + column * (width + GAP), STRIP))
    return np.asarray(row)
