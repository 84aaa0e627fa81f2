"""Films a policy: every frame of every episode, captioned, at the environment's own frame rate."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import gym
import imageio.v2 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cartrl import policies, seeding
from cartrl.environments import gym_environment
from cartrl.sidecar import SavedPolicy

FONT_SIZE = 18


def _ffmpeg(codec: str, *parameters: str) -> Callable[[int], dict[str, Any]]:
    """Return how imageio writes with ``codec``; it wants even sizes, which all of classic control has."""
    return lambda fps: {
        "format": "FFMPEG",
        "fps": fps,
        "codec": codec,
        "macro_block_size": 2,
        "quality": None,
        "ffmpeg_log_level": "error",
        "output_params": list(parameters),
    }


# Suffix -> how imageio writes it.
FORMATS: dict[str, Callable[[int], dict[str, Any]]] = {
    ".mp4": _ffmpeg("libx264", "-crf", "20", "-movflags", "+faststart"),
    ".webm": _ffmpeg("libvpx-vp9", "-crf", "32", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "5"),
    ".gif": lambda fps: {"format": "GIF-PIL", "duration": 1 / fps, "loop": 0},
}


@dataclass(frozen=True)
class Recording:
    """What was filmed."""

    path: Path
    fps: int
    frames: int
    returns: list[float]

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
    """Film ``episodes`` episodes of a saved policy.

    Args:
        saved: the policy.
        output: the film, with a suffix of `FORMATS`; it appears whole, in the place of what was there.
        episodes: how many.
        fps: frames a second; None takes the environment's own rate.
        is_greedy: take the most probable action, or draw one.
        seed: start states, and drawn actions, depend on it alone.
        on_frame: called with (episode from 1, step from 0) after each frame.
    """
    env = gym_environment.make(saved.env_name)
    fps = fps or gym_environment.render_fps(env)
    policy = policies.load(saved)
    resets = seeding.draw(episodes, seed, seeding.Stream.RECORD_RESETS)
    draft = output.with_name(f".draft-{os.getpid()}{output.suffix}")
    returns, frames = [0.0] * episodes, 0
    try:
        with imageio.get_writer(draft, mode="I", **FORMATS[output.suffix.lower()](fps)) as film:
            for number in range(episodes):
                actions = None if is_greedy else seeding.ActionSeeds(seed, seeding.Stream.RECORD_ACTIONS, number)
                episode = play(env, policy, int(resets[number]), saved.max_episode_steps, actions)
                for step, total, picture in episode:
                    caption = f"episode {number + 1} of {episodes}   step {step}   return {total:g}"
                    film.append_data(captioned(picture, caption))  # type: ignore[attr-defined]
                    returns[number] = total
                    frames += 1
                    on_frame(number + 1, step)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
        env.close()
    return Recording(output, fps, frames, returns)


def play(
    env: gym.Env, policy: policies.BatchPolicy, reset: int, limit: int, actions: Optional[seeding.ActionSeeds]
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Play one episode from the start state ``reset``, greedily without ``actions``.

    Yields:
        The step from 0, the return so far, and the frame: one more of them than there are steps.
    """
    observation, total, done = env.reset(seed=reset), 0.0, False
    for step in range(limit + 1):
        yield step, total, gym_environment.frame(env)
        if done or step == limit:
            return
        batch = np.asarray(observation, np.float32)[np.newaxis]
        drawn = policy.act(batch, step, actions)
        observation, reward, done, _ = env.step(gym_environment.moves(env.action_space, drawn)[0])
        total += float(reward)


def captioned(picture: np.ndarray, caption: str) -> np.ndarray:
    """Write ``caption`` into the upper left corner of ``picture``, uint8 [height, width, 3]."""
    image = Image.fromarray(picture)
    font = ImageFont.load_default(size=FONT_SIZE)
    ImageDraw.Draw(image).text((12, 10), caption, font=font, fill="black", stroke_width=2, stroke_fill="white")
    return np.asarray(image)
