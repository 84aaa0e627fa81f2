"""An environment as cartrl plays it: one API for all that people have, and every number checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from cartrl.environments.failures import named, unexpected
from cartrl.environments.foreign import as_gym_space, find
from cartrl.errors import CartrlError
from cartrl.system.notices import warn_once

USUAL = (np.dtype(np.float32), np.dtype(np.float64))  # of observations
NUMBERS = "fiub"  # numpy's kinds: floats, whole numbers of both kinds, and booleans


class Environment:
    """An environment of gym's API, of any version, or of gymnasium's; it need not be a `gym.Env`.

    Args:
        raw: the environment itself.
        name: what errors call it.

    Raises:
        CartrlError: when it lacks what the API asks for.
    """

    def __init__(self, raw: Any, name: str):
        self.raw = raw
        self.name = name
        missing = [method for method in ("reset", "step") if not callable(getattr(raw, method, None))]
        if missing:
            unexpected(name, f"has no {' and no '.join(missing)}")
        self._takes = {"seed": True, "mode": True}  # keywords of reset and render, as far as is known
        if find(raw, "observation_space") is None or find(raw, "action_space") is None:
            self._begin(seed=0)  # some know their spaces only then
        self.observation_space = self._space("observation_space")
        self.action_space = self._space("action_space")
        self._shape = getattr(self.observation_space, "shape", None)

    def _space(self, which: str) -> Any:
        space = find(self.raw, which)
        if space is None:
            unexpected(self.name, f"has no {which}")
        with named(self.name, which):
            return as_gym_space(space)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the environment says of its pictures."""
        found = find(self.raw, "metadata")
        return found if isinstance(found, Mapping) else {}

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def reset(self, seed: int) -> np.ndarray:
        """Begin an episode; return the observation, as float32.

        Raises:
            CartrlError: when the environment raises, or observes what it does not say or what is no number.
        """
        begun = self._begin(seed)
        if isinstance(begun, (tuple, list)) and len(begun) == 2 and (begun[1] is None or isinstance(begun[1], Mapping)):
            begun = begun[0]
        observation = np.array(self._observed(begun, "reset"), np.float32)
        require_finite(observation, self.name, "observation", "reset")
        return observation

    def _begin(self, seed: int) -> Any:
        """Call reset with a seed, or where it takes none seed the environment as gym did until 0.21."""
        with named(self.name, "reset"):
            if self._takes["seed"]:
                try:
                    return self.raw.reset(seed=seed)
                except TypeError as error:
                    self._refused("seed", error)
            seeder = find(self.raw, "seed")
            if callable(seeder):
                seeder(seed)
            return self.raw.reset()

    def _refused(self, keyword: str, error: TypeError) -> None:
        """Remember that a method does not take ``keyword``, if that is what ``error`` says; else raise it."""
        said = str(error)
        if "keyword argument" not in said or (repr(keyword) not in said and "no keyword" not in said):
            raise error
        self._takes[keyword] = False

    @np.errstate(over="ignore")
    def checked_step(self, action: Any) -> tuple[np.ndarray, float, bool, bool]:
        """Take a step; return the observation, as float32, the reward, whether terminated, and whether truncated.

        Raises:
            CartrlError: when the environment raises, or returns what the API does not say or what is no finite number.
        """
        with named(self.name, "step"):
            result = self.raw.step(action)
        following, reward, terminated, truncated = self.transition(result)
        observation = np.array(following, np.float32)
        require_finite(observation, self.name, "observation", "step")
        require_finite(np.float32(reward), self.name, "reward", "step")
        return observation, reward, terminated, truncated

    def transition(self, result: Any) -> tuple[np.ndarray, float, bool, bool]:
        """Return what a step returned as the observation, the reward, whether terminated, and whether truncated.

        The observation is an array of the space's shape; it may hold infinity or NaN, as the reward may.

        Raises:
            CartrlError: for what the API does not say.
        """
        if not isinstance(result, (tuple, list)):
            unexpected(self.name, f"returned {_kind(result)} from step")
        if not 4 <= len(result) <= 5:
            unexpected(self.name, f"returned {len(result)} values from step")
        observation, reward = self._observed(result[0], "step"), self._reward(result[1])
        if len(result) == 5:
            return observation, reward, self._flag(result[2], "terminated"), self._flag(result[3], "truncated")
        done, info = self._flag(result[2], "done"), result[3]
        is_truncated = done and isinstance(info, Mapping) and bool(info.get("TimeLimit.truncated", False))
        return observation, reward, done and not is_truncated, is_truncated

    def _observed(self, value: Any, where: str) -> np.ndarray:
        """Return ``value`` as an array of the space's shape.

        Raises:
            CartrlError: when it holds no numbers, or has another shape.
        """
        try:
            array = np.asarray(value)
        except Exception:  # rows of different lengths, or an object whose conversion fails
            array = np.empty((), object)
        if array.dtype.kind not in NUMBERS:
            unexpected(
                self.name, f"returned {_kind(value)} as observation in {where}, but says {self.observation_space}"
            )
        if array.shape != self._shape and (self._shape is None or not array.size == 1 == np.prod(self._shape)):
            raise CartrlError(
                f"{self.name} returned an observation of shape {array.shape} in {where}, "
                f"but says {self.observation_space}"
            )
        return array.reshape(self._shape)

    def _reward(self, value: Any) -> float:
        return value if isinstance(value, float) else float(self._one(value, "reward", "a number"))

    def _flag(self, value: Any, what: str) -> bool:
        return value if isinstance(value, bool) else bool(self._one(value, what, "true or false"))

    def _one(self, value: Any, what: str, expected: str) -> Any:
        """Return the number in ``value``, which may be an array of one element.

        Raises:
            CartrlError: when it is something else.
        """
        try:
            array = np.asarray(value)
        except Exception:
            array = np.empty((), object)
        if array.size != 1 or array.dtype.kind not in NUMBERS:
            raise CartrlError(f"{self.name} returned {_kind(value)} as {what} in step, but cartrl expects {expected}")
        return array.item()

    def render(self) -> Any:
        """Return what the environment renders as rgb_array, whether that is said now or was when it was made.

        Raises:
            CartrlError: when it raises, or cannot render.
        """
        render = find(self.raw, "render")
        if not callable(render):
            raise CartrlError(f"{self.name} renders no picture: it has no render")
        with named(self.name, "render"):
            if self._takes["mode"]:
                try:
                    return render(mode="rgb_array")
                except TypeError as error:
                    self._refused("mode", error)
            return render()

    def close(self) -> None:
        """Close the environment; see `close`."""
        close(self.raw, self.name)


def close(raw: Any, name: str) -> None:
    """Close an environment; a failure is a warning, as all that the environment was for is done."""
    closer = find(raw, "close")
    try:
        with named(name, "close"):
            if callable(closer):
                closer()
    except CartrlError as error:
        warn_once(str(error))


@contextmanager
def closed_on_failure(raw: Any, name: str) -> Iterator[None]:
    """Close an environment if the block fails, which was to prepare it for use."""
    try:
        yield
    except BaseException:
        close(raw, name)
        raise


def _kind(value: Any) -> str:
    """Say what ``value`` is, for a sentence."""
    if value is None or isinstance(value, str):
        return repr(value if value is None else value[:40])
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}, {value.dtype}"
    return f"a {type(value).__name__}"


def require_finite(values: Any, env_name: str, what: str, where: str) -> None:
    """Refuse NaN and infinity, from which nothing can be learned.

    Raises:
        CartrlError: naming the environment and the first such number.
    """
    finite = np.isfinite(values)
    if not finite.all():
        number = np.asarray(values)[~finite].flat[0]
        raise CartrlError(f"{env_name} returned {number} as {what} in {where}; every number must be finite")
