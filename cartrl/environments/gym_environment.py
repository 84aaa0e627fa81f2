"""An environment of gym's API, of any version, or of gymnasium's, played as the environment of a suite."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable

from numpy.typing import NDArray

from cartrl.environments import constants
from cartrl.environments.environment import Environment
from cartrl.environments.foreign import find


class GymEnvironment(Environment):
    """An environment of gym's or gymnasium's API; it need not be a `gym.Env`."""

    API = (
        "gym's or gymnasium's API: observation_space, action_space; reset(seed) or reset() → observation or "
        "(observation, info); step(action) → (observation, reward, done, info) or "
        "(observation, reward, terminated, truncated, info)"
    )

    def __init__(self, raw: Any, name: str):
        self._takes = {"seed": True, "mode": True}  # keywords of reset and render, as far as is known
        super().__init__(raw, name)

    @property
    def constants(self) -> Mapping[str, float]:
        """The physical constants of an environment of gym's classic control; none for any other."""
        return constants.of(self.raw)

    def _begin(self, seed: int) -> Any:
        """Call reset with a seed, or where it takes none seed the environment as gym did until 0.21."""
        with self._named("reset"):
            begun = self._reset(seed)
        is_pair = isinstance(begun, (tuple, list)) and len(begun) == 2
        if is_pair and (begun[1] is None or isinstance(begun[1], Mapping)) and not self._is_of_two_parts(begun):
            return begun[0]
        return begun

    def _is_of_two_parts(self, begun: Any) -> bool:
        """Tell whether what looks like an observation and info is one observation, of a Tuple that ends in a Dict."""
        flatten = getattr(self, "_flatten", None)  # not there before the spaces are known
        with suppress(Exception):
            return flatten is not None and flatten(begun) is not None
        return False

    def _reset(self, seed: int) -> Any:
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

    def transition(self, result: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """Return what a step of four or five values returned; see `Environment.transition`.

        In gym's four values the end of an episode is a truncation where a `TimeLimit` wrapper says so.
        """
        values = self._values(result, (4, 5))
        observation, reward = self._observed(values[0], "step"), self._reward(values[1])
        if len(values) == 5:
            return observation, reward, self._flag(values[2], "terminated"), self._flag(values[3], "truncated")
        done, info = self._flag(values[2], "done"), values[3]
        is_truncated = done and isinstance(info, Mapping) and bool(info.get("TimeLimit.truncated", False))
        return observation, reward, done and not is_truncated, is_truncated

    def _rendered(self, render: Callable[..., Any]) -> Any:
        """Return what the environment renders as rgb_array, whether that is said now or was when it was made."""
        if self._takes["mode"]:
            try:
                return render(mode="rgb_array")
            except TypeError as error:
                self._refused("mode", error)
        return render()
