"""Films a policy: every frame of every episode, captioned, at the environment's own frame rate."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List

import imageio.v2 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cartrl import policies, seeding
from cartrl.environments import gym_environment
from cartrl.errors import UsageError

FONT_SIZE = 18
# Suffix -> how imageio writes it. Both codecs want even sizes, which classic control has: nothing is resized.
FORMATS: Dict[str, Callable[[int], Dict[str, Any]]] = {
    ".mp4": lambda fps: {"format": "FFMPEG", "fps": fps, "codec": "libx264", "macro_block_size": 2, "quality": 8},
    ".webm": lambda fps: {"format": "FFMPEG", "fps": fps, "codec": "libvpx-vp9", "macro_block_size": 2, "quality": 8},
    ".gif": lambda fps: {"format": "GIF-PIL", "duration": 1000 / fps, "loop": 0},
}


@dataclass(frozen=True)
class Recording:
    """What was filmed."""

    path: Path
    fps: int
    frames: int
    returns: List[float]

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return self.frames / self.fps


def require_writable(output: Path) -> None:
    """Check the film's path before anything is rendered.

    Raises:
        UsageError: for a suffix that cannot be written, or a place where no file can be.
    """
    if output.suffix.lower() not in FORMATS:
        raise UsageError(f"{output}: the name of a film ends in one of {', '.join(FORMATS)}")
    if output.is_dir():
        raise UsageError(f"{output}: this is a directory; give the name of a file")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{output.parent}: cannot be made: {error.strerror}") from None
    if not os.access(output.parent, os.W_OK):
        raise UsageError(f"{output.parent}: no file can be written there")


def record(
    directory: Path,
    sidecar: Dict[str, Any],
    output: Path,
    episodes: int,
    fps: int,
    is_greedy: bool,
    seed: int,
    on_frame: Callable[[int, int], None],
) -> Recording:
    """Film ``episodes`` episodes of the saved policy in ``directory``.

    Args:
        directory: the policy.
        sidecar: the content of its sidecar.
        output: the film, with a suffix of `FORMATS`; it appears whole, in the place of what was there.
        episodes: how many.
        fps: frames a second; 0 takes the environment's own rate.
        is_greedy: take the most probable action, or draw one.
        seed: start states, and drawn actions, depend on it alone.
        on_frame: called with (episode from 1, step from 0) after each frame.
    """
    env_name, limit = sidecar["environment"]["env_name"], sidecar["environment"]["max_episode_steps"]
    env = gym_environment.make(env_name)
    fps = fps or gym_environment.render_fps(env)
    policy = policies.load(directory, sidecar)
    resets = seeding.draw(episodes, seed, seeding.Stream.RECORD_RESETS)
    draft = output.with_name(f".draft-{os.getpid()}{output.suffix}")
    returns: List[float] = []
    frames = 0
    try:
        with imageio.get_writer(draft, mode="I", **FORMATS[output.suffix.lower()](fps)) as film:
            for episode in range(episodes):
                actions = seeding.ActionSeeds(seed, seeding.Stream.RECORD_ACTIONS, episode)
                observation, total, step, done = env.reset(seed=int(resets[episode])), 0.0, 0, False
                while True:
                    caption = f"episode {episode + 1} of {episodes}   step {step}   return {total:g}"
                    film.append_data(captioned(gym_environment.frame(env), caption))
                    frames += 1
                    on_frame(episode + 1, step)
                    if done or step == limit:
                        break
                    batch = np.asarray(observation, np.float32)[np.newaxis]
                    drawn = policy.mode(batch) if is_greedy else policy.sample(batch, actions[step])
                    observation, reward, done, _ = env.step(gym_environment.moves(env.action_space, drawn)[0])
                    total += float(reward)
                    step += 1
                returns.append(total)
        os.replace(draft, output)
    finally:
        draft.unlink(missing_ok=True)
        env.close()
    return Recording(output, fps, frames, returns)


def captioned(picture: np.ndarray, caption: str) -> np.ndarray:
    """Write ``caption`` into the upper left corner of ``picture``, uint8 [height, width, 3]."""
    image = Image.fromarray(picture)
    font = ImageFont.load_default(size=FONT_SIZE)
    ImageDraw.Draw(image).text((12, 10), caption, font=font, fill="black", stroke_width=2, stroke_fill="white")
    return np.asarray(image)
