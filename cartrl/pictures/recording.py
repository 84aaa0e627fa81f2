"""Films a policy: every frame of every episode, captioned, at the environment's own frame rate."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.environments import spaces, suite
from cartrl.environments.environment import Environment
from cartrl.errors import CartrlError
from cartrl.pictures import ffmpeg
from cartrl.pictures.captions import captioned
from cartrl.policies import loading
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.runs.directory import SIDECAR
from cartrl.system import files
from cartrl.system.fingerprints import fingerprint

OnFrame = Callable[[int, int], None]  # is told (episode from 1, step from 0) after each frame


class FilmFile(NamedTuple):
    """Where a film goes, and how fast it is shown."""

    path: Path  # with a suffix of `ffmpeg.SUFFIXES`; the film appears whole, in the place of what was there
    fps: Optional[int] = None  # frames a second; None is the environment's own rate, as near as the format comes to it


@dataclass(frozen=True)
class Recording:
    """A film that has been written."""

    path: Path
    fps: float
    frames: int
    returns: list[list[float]]  # of each policy: one number an episode
    note: Optional[str]  # a sentence about the frame rate, if it is not what the environment asks for

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return self.frames / self.fps


class Start(NamedTuple):
    """How an episode begins, and how its actions are chosen."""

    reset: int  # the seed of the start state
    actions: Optional[randomness.ActionSeeds]  # with which actions are drawn; None takes the most probable ones


class Moment(NamedTuple):
    """A frame of an episode, and what led up to it."""

    step: int  # from 0
    total: float  # the return so far
    picture: NDArray[Any]  # uint8 [height, width, 3]
    is_terminal: bool  # the episode terminated here
    is_over: bool  # it terminated here, or was truncated


class Camera:
    """Takes the frames of one film and refuses a change of their size, which neither captions nor ffmpeg allow."""

    def __init__(self) -> None:
        self._shape: Optional[tuple[int, ...]] = None

    def take(self, env: Environment) -> NDArray[Any]:
        """Render ``env`` as it stands.

        Raises:
            CartrlError: as `Environment.frame`, or when the frame is of another size than those before.
        """
        picture = env.frame()
        if self._shape is None:
            self._shape = picture.shape
        if picture.shape != self._shape:
            before, now = (f"{width} × {height} pixels" for height, width, _ in (self._shape, picture.shape))
            raise CartrlError(f"{env.name} renders {now} after {before}; a film has frames of one size")
        return picture


class Actor:
    """A saved policy in an environment of its own, which is rendered. Close it when its film is over."""

    def __init__(self, saved: SavedPolicy, camera: Camera):
        self._policy = loading.load(saved)
        self._limit = suite.time_limit(saved.environment)
        self._camera = camera
        self.env = suite.playable(saved.environment, is_filmed=True)

    def play(self, start: Start) -> Iterator[Moment]:
        """Play one episode: yield the moment before the first step, and the one after each."""
        env = self.env
        observation, total, terminated, truncated = env.reset(start.reset), 0.0, False, False
        for step in range(self._limit + 1):
            is_over = terminated or truncated or step == self._limit
            yield Moment(step, total, self._camera.take(env), terminated, is_over)
            if is_over:
                return
            drawn = self._policy.act(observation[np.newaxis], step, start.actions)
            move = spaces.moves(env.action_space, drawn)[0]
            observation, reward, terminated, truncated = env.step(move)
            total += reward

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


def record(saved: SavedPolicy, rollouts: Rollouts, file: FilmFile, on_frame: OnFrame) -> Recording:
    """Film ``rollouts`` of a saved policy; after each episode the film stands still for a second.

    Raises:
        CartrlError: when the environment fails, or the film cannot be written; then none is left.
    """
    returns = [0.0] * rollouts.count
    actions_are = "" if rollouts.is_greedy else ", drawn actions"

    def pictures(actor: Actor, still: int) -> Iterator[NDArray[Any]]:
        for number, start in enumerate(starts(rollouts)):
            for moment in actor.play(start):
                returns[number] = moment.total
                heading = f"{actor.env.name}, iteration {saved.step:,}{actions_are}"
                status = f"episode {number + 1} of {rollouts.count}   step {moment.step}   return {moment.total:g}"
                picture = captioned(moment.picture, [heading, status])
                yield picture
                on_frame(number + 1, moment.step)
            yield from [picture] * still

    with closing(Actor(saved, Camera())) as actor:
        rate, note = frame_rate(actor.env, file)
        frames = write(file.path, rate, pictures(actor, held(rate)), comment(saved, rollouts.is_greedy))
        return Recording(file.path, rate, frames, [returns], note)


def frame_rate(env: Environment, file: FilmFile) -> tuple[float, Optional[str]]:
    """Return the frame rate of a film of ``env``, and a sentence about it where ``env`` names none that can be used."""
    if file.fps is not None:
        return file.fps, None
    own, note = env.frame_rate
    return ffmpeg.rate(file.path, own), note


def comment(saved: SavedPolicy, is_greedy: bool) -> str:
    """Return the metadata of a policy's film: the fingerprint of the policy, and how its actions were chosen."""
    actions = "most probable" if is_greedy else "drawn"
    return f"cartrl: policy {fingerprint(saved.directory / SIDECAR)}, {actions} actions"


def held(fps: float) -> int:
    """Return how many times the last frame of an episode is repeated: for a second, to read how it ended."""
    return round(fps)


def write(output: Path, fps: float, pictures: Iterator[NDArray[Any]], comment: str = "") -> int:
    """Write a film of ``pictures``, uint8 [height, width, 3], with the ``comment`` in it; return how many there were.

    Raises:
        CartrlError: when it cannot be written; then none is left.
    """
    frames = 0
    with files.output(output) as draft, ffmpeg.writer(draft, fps, comment) as film:
        for picture in pictures:
            film.append(picture)
            frames += 1
    return frames


def starts(rollouts: Rollouts) -> Iterator[Start]:
    """Yield how each episode starts; an episode starts the same, however many others are filmed."""
    seeds = randomness.draw(rollouts.count, rollouts.seed, randomness.Stream.RECORD_RESETS)
    for number, reset in enumerate(seeds):
        drawn = randomness.ActionSeeds(rollouts.seed, randomness.Stream.RECORD_ACTIONS, number)
        yield Start(int(reset), None if rollouts.is_greedy else drawn)
