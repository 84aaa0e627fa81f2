"""Films a policy: every frame of every episode, captioned, at the environment's own frame rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple, Optional

import numpy as np

from cartrl import randomness
from cartrl.environments import gym_suite
from cartrl.environments.environment import Environment
from cartrl.errors import CartrlError
from cartrl.pictures import ffmpeg
from cartrl.pictures.captions import captioned
from cartrl.policies import acting
from cartrl.policies.sidecar import SavedPolicy, fingerprint
from cartrl.runs.directory import SIDECAR
from cartrl.system.files import whole_file


@dataclass(frozen=True)
class Recording:
    """What was filmed."""

    path: Path
    fps: float
    frames: int
    returns: list[list[float]]  # of each policy, an episode each
    note: Optional[str]  # what is to be said of the frame rate

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return self.frames / self.fps


def record(
    saved: SavedPolicy,
    output: Path,
    episodes: int,
    fps: Optional[int],
    is_greedy: bool,
    seed: int,
    on_frame: Callable[[int, int], None],
) -> Recording:
    """Film ``episodes`` episodes of a saved policy; after each the film stands still for a second.

    Args:
        saved: the policy.
        output: the film, with a suffix of `films.SUFFIXES`; it appears whole, in the place of what was there.
        episodes: how many.
        fps: frames a second; None takes the environment's own rate, as near as the format comes to it.
        is_greedy: take the most probable action, or draw one.
        seed: start states, and drawn actions, depend on it alone.
        on_frame: called with (episode from 1, step from 0) after each frame.

    Raises:
        CartrlError: when the environment fails, or the film cannot be written; then none is left.
    """
    policy = acting.load(saved)
    env = gym_suite.playable(saved.environment, is_filmed=True)
    camera = Camera()
    returns = [0.0] * episodes
    actions_are = "" if is_greedy else ", drawn actions"

    def pictures(still: int) -> Iterator[np.ndarray]:
        for number, (reset, actions) in enumerate(starts(episodes, is_greedy, seed)):
            for moment in play(env, saved, policy, camera, reset, actions):
                returns[number] = moment.total
                heading = f"{env.name}, iteration {saved.step:,}{actions_are}"
                status = f"episode {number + 1} of {episodes}   step {moment.step}   return {moment.total:g}"
                picture = captioned(moment.picture, [heading, status])
                yield picture
                on_frame(number + 1, moment.step)
            yield from [picture] * still

    try:
        rate, note = fps_of(env, output, fps)
        frames = write(output, rate, pictures(held(rate)), comment(saved, is_greedy))
        return Recording(output, rate, frames, [returns], note)
    finally:
        env.close()


def fps_of(env: Environment, output: Path, fps: Optional[int]) -> tuple[float, Optional[str]]:
    """Return the frame rate of a film of ``env``, ``fps`` if that is given, and what is to be said of it."""
    if fps is not None:
        return fps, None
    own, note = gym_suite.render_fps(env)
    return ffmpeg.rate(output, own), note


def comment(saved: SavedPolicy, is_greedy: bool) -> str:
    """Return what the film of a policy has in it, unseen: which policy it shows, and which of its actions."""
    actions = "most probable" if is_greedy else "drawn"
    return f"cartrl: policy {fingerprint(saved.directory / SIDECAR)}, {actions} actions"


def held(fps: float) -> int:
    """Return for how many frames the last one of an episode stands still: a second, to read how it ended."""
    return round(fps)


def write(output: Path, fps: float, pictures: Iterator[np.ndarray], comment: str = "") -> int:
    """Write a film of ``pictures``, uint8 [height, width, 3], with the ``comment`` in it; return how many there were.

    Raises:
        CartrlError: when it cannot be written; then none is left.
    """
    frames = 0
    try:
        with whole_file(output) as draft, ffmpeg.writer(draft, fps, comment) as film:
            for picture in pictures:
                film.append(picture)
                frames += 1
    except OSError as error:
        raise CartrlError(f"{output}: cannot be written: {error.strerror or error}") from error
    return frames


def starts(episodes: int, is_greedy: bool, seed: int) -> Iterator[tuple[int, Optional[randomness.ActionSeeds]]]:
    """Yield for each episode the seed of its start state, and those of its actions, or None for the greedy ones."""
    for number, reset in enumerate(randomness.draw(episodes, seed, randomness.Stream.RECORD_RESETS)):
        actions = None if is_greedy else randomness.ActionSeeds(seed, randomness.Stream.RECORD_ACTIONS, number)
        yield int(reset), actions


class Camera:
    """Takes the frames of one film, which are all of one size: a caption's room and ffmpeg both rest on that."""

    def __init__(self) -> None:
        self._shape: Optional[tuple[int, ...]] = None

    def take(self, env: Environment) -> np.ndarray:
        """Render ``env`` as it stands.

        Raises:
            CartrlError: as `gym_environment.frame`, or when the frame is of another size than those before.
        """
        picture = gym_suite.frame(env)
        if self._shape is None:
            self._shape = picture.shape
        if picture.shape != self._shape:
            before, now = (f"{width} × {height} pixels" for height, width, _ in (self._shape, picture.shape))
            raise CartrlError(f"{env.name} renders {now} after {before}; a film has frames of one size")
        return picture


class Moment(NamedTuple):
    """A frame of an episode, and what led up to it."""

    step: int  # from 0
    total: float  # the return so far
    picture: np.ndarray  # uint8 [height, width, 3]
    is_terminal: bool  # the episode terminated here
    is_over: bool  # it terminated here, or was truncated


def play(
    env: Environment,
    saved: SavedPolicy,
    policy: acting.BatchPolicy,
    camera: Camera,
    reset: int,
    actions: Optional[randomness.ActionSeeds],
) -> Iterator[Moment]:
    """Play one episode from the start state ``reset``, greedily without ``actions``; one more moment than steps."""
    limit = gym_suite.time_limit(saved.environment)
    observation, total, terminated, truncated = env.reset(reset), 0.0, False, False
    for step in range(limit + 1):
        is_over = terminated or truncated or step == limit
        yield Moment(step, total, camera.take(env), terminated, is_over)
        if is_over:
            return
        drawn = policy.act(observation[np.newaxis], step, actions)
        move = gym_suite.moves(env.action_space, drawn)[0]
        observation, reward, terminated, truncated = env.checked_step(move)
        total += reward
