"""An environment as cartrl plays it: whether an episode terminated or was truncated is told, every number checked."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Callable, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.environments import flattening, frames, spaces
from cartrl.environments.failures import named
from cartrl.environments.foreign import as_gym_space, find
from cartrl.errors import CartrlError
from cartrl.system.notices import warn_once

# By the type in which observations are passed on, those in which an environment may give them.
TYPES = {"float32": (np.dtype(np.float32), np.dtype(np.float64)), "uint8": (np.dtype(np.uint8),)}
NUMBERS = "fiub"  # numpy's kinds: floats, whole numbers of both kinds, and booleans


class SuiteEnvironment(Protocol):
    """What a suite makes: an environment whose steps tell whether the episode terminated or was truncated.

    It may have two attributes more: ``metadata``, a mapping whose ``render_fps`` is the frame rate of its films, and
    ``constants``, a mapping of the physical constants that can be set to the values that they have.
    """

    observation_space: Any  # a space of gym or gymnasium
    action_space: Any

    def reset(self, seed: int) -> Any:
        """Begin an episode whose random numbers ``seed`` alone decides; return the observation."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        """Take an action; return the observation, the reward, whether terminated, and whether truncated."""

    def render(self) -> Any:
        """Return a picture of the environment as it stands: uint8 [height, width, 3]."""

    def close(self) -> None:
        """Give back what the environment holds."""


class Environment:
    """The environment of a suite as cartrl plays it: everything that it returns is checked.

    Its spaces are those that agents serve, as far as its own can become such: see `cartrl.environments.flattening`.

    Attributes:
        own_observation_space: the space of what the environment itself observes.
        own_action_space: the space of what it itself takes.

    Args:
        raw: the environment itself.
        name: what errors call it.

    Raises:
        CartrlError: when it lacks what the protocol asks for.
    """

    API = (
        "an environment of a suite: observation_space, action_space; reset(seed) → observation; "
        "step(action) → (observation, reward, terminated, truncated)"
    )

    def __init__(self, raw: Any, name: str):
        self.raw = raw
        self.name = name
        missing = [method for method in ("reset", "step") if not callable(getattr(raw, method, None))]
        if missing:
            self._unexpected(f"has no {' and no '.join(missing)}")
        if find(raw, "observation_space") is None or find(raw, "action_space") is None:
            self._begin(seed=0)  # some know their spaces only then
        self.own_observation_space = self._space("observation_space")
        self.own_action_space = self._space("action_space")
        with self._named("its spaces"):
            self.observation_space, self._flatten = flattening.observed(self.own_observation_space)
            self.action_space, self._move = flattening.taken(self.own_action_space)
        self._shape = getattr(self.observation_space, "shape", None)
        self._dtype = spaces.observation_dtype(self.observation_space)
        # The types of observations of the space's shape that need no reading; none where they are flattened.
        self.usual = () if self._flatten is not None else TYPES[self._dtype.name]

    def _space(self, which: str) -> Any:
        space = find(self.raw, which)
        if space is None:
            self._unexpected(f"has no {which}")
        with self._named(which):
            return as_gym_space(space)

    def _named(self, where: str) -> AbstractContextManager[None]:
        """Turn what the block raises into an error that names the environment, and the API if it was called wrongly."""
        return named(self.name, where, self.API)

    def _unexpected(self, what: str) -> NoReturn:
        raise CartrlError(f"{self.name} {what}; cartrl expects {self.API}")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the environment says of its pictures."""
        found = find(self.raw, "metadata")
        return found if isinstance(found, Mapping) else {}

    @property
    def constants(self) -> Mapping[str, float]:
        """The physical constants that can be set, as they are set; none where the environment names none."""
        found = find(self.raw, "constants")
        return found if isinstance(found, Mapping) else {}

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def reset(self, seed: int) -> NDArray[Any]:
        """Begin an episode; return the observation, as float32 or as an image's bytes.

        Raises:
            CartrlError: when the environment raises, or observes what it does not say or what is no number.
        """
        observation = np.array(self.begin(seed), self._dtype)
        require_finite(observation, self.name, "observation", "reset")
        return observation

    def begin(self, seed: int) -> NDArray[Any]:
        """Begin an episode; return the observation, of the space's shape and of its own type; it may hold infinity.

        Raises:
            CartrlError: when the environment raises, or observes what it does not say.
        """
        return self._observed(self._begin(seed), "reset")

    def _begin(self, seed: int) -> Any:
        """Begin an episode; return the observation as the environment gives it."""
        with self._named("reset"):
            return self.raw.reset(seed)

    @property
    def take(self) -> Callable[[Any], Any]:
        """The environment's own step, which nothing checks; `transition` reads what it returns."""
        step: Callable[[Any], Any] = self.raw.step
        move = self._move
        return step if move is None else lambda action: step(move(action))

    @np.errstate(over="ignore")
    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """Take a step; return the observation as `reset` does, the reward, whether terminated, and whether truncated.

        Raises:
            CartrlError: when the environment raises, or returns what the API does not say or what is no finite number.
        """
        with self._named("step"):
            result = self.take(action)
        following, reward, terminated, truncated = self.transition(result)
        observation = np.array(following, self._dtype)
        require_finite(observation, self.name, "observation", "step")
        require_finite(np.float32(reward), self.name, "reward", "step")
        return observation, reward, terminated, truncated

    def transition(self, result: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """Return what `take` returned as the observation, the reward, whether terminated, and whether truncated.

        The observation is an array of the space's shape; it may hold infinity or NaN, as the reward may.

        Raises:
            CartrlError: for what the API does not say.
        """
        values = self._values(result, (4,))
        observation, reward = self._observed(values[0], "step"), self._reward(values[1])
        return observation, reward, self._flag(values[2], "terminated"), self._flag(values[3], "truncated")

    def _values(self, result: Any, counts: Sequence[int]) -> Sequence[Any]:
        """Return what a step returned, if it is as many values as the API says."""
        if not isinstance(result, (tuple, list)):
            self._unexpected(f"returned {_kind(result)} from step")
        if len(result) not in counts:
            self._unexpected(f"returned {len(result)} values from step")
        return result

    def _observed(self, value: Any, where: str) -> NDArray[Any]:
        """Return ``value`` as an array of the space's shape.

        Raises:
            CartrlError: when it holds no numbers, has another shape, or is not in a space that is flattened.
        """
        if self._flatten is not None:
            try:
                return self._flatten(value)
            except Exception as error:
                said = f"{self.name} returned {_kind(value)} as observation in {where}, {self._says}"
                raise CartrlError(f"{said}: {error}") from error
        try:
            array = np.asarray(value)
        except Exception:  # rows of different lengths, or an object whose conversion fails
            array = np.empty((), object)
        if array.dtype.kind not in NUMBERS:
            self._unexpected(f"returned {_kind(value)} as observation in {where}, {self._says}")
        if self._dtype == np.uint8 and array.dtype != np.uint8:  # other numbers might not fit into a byte
            self._unexpected(f"returned an observation of {array.dtype} in {where}, {self._says}")
        if array.shape != self._shape and (self._shape is None or not array.size == 1 == np.prod(self._shape)):
            raise CartrlError(f"{self.name} returned an observation of shape {array.shape} in {where}, {self._says}")
        return array.reshape(self._shape)

    @property
    def _says(self) -> str:
        return f"but says {spaces.shown(self.own_observation_space)}"

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

    def frame(self) -> NDArray[Any]:
        """Render the environment as it stands: uint8 [height, width, 3].

        Raises:
            CartrlError: when the environment raises, or renders nothing that can be a frame.
        """
        render = find(self.raw, "render")
        if not callable(render):
            raise CartrlError(f"{self.name} renders no picture: it has no render")
        with self._named("render"):
            picture = self._rendered(render)
        return frames.rgb(picture, self.name)

    def _rendered(self, render: Callable[..., Any]) -> Any:
        return render()

    @property
    def frame_rate(self) -> frames.Rate:
        """The environment's own frame rate, or the default with what is to be said of it."""
        return frames.rate(self.metadata)

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
