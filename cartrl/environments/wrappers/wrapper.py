"""What wrappers share: everything that one does not change is that of the environment inside."""

from collections.abc import Mapping
from typing import Any, Callable

from cartrl.environments import spaces
from cartrl.environments.environment import Environment, SuiteEnvironment
from cartrl.environments.foreign import find
from cartrl.errors import UsageError
from cartrl.settings.wrappers import WrapperSettings

Result = tuple[Any, float, bool, bool]  # of a step: observation, reward, terminated, truncated


class WrapperError(UsageError):
    """A wrapper does not fit the environment that it lies around, or the wrapper below it."""


class Innermost:
    """A checked environment as wrappers have it: its observations keep their own type."""

    def __init__(self, env: Environment):
        self.env = env.raw  # where further attributes are found
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self.constants = env.constants
        self._checked, self._take = env, env.take

    def reset(self, seed: int) -> Any:
        """Begin an episode."""
        return self._checked.begin(seed)

    def step(self, action: Any) -> Result:
        """Take a step."""
        return self._checked.transition(self._take(action))

    def render(self) -> Any:
        """Return a picture."""
        return self._checked.frame()

    def close(self) -> None:
        """Close the environment."""
        self._checked.close()


class Wrapper:
    """An environment around another.

    Args:
        env: the environment inside.
        settings: of the wrapper, of its own kind.
        time_limit: returns the time limit, in steps of the policy.

    Raises:
        WrapperError: when it does not fit what is inside.
    """

    def __init__(self, env: SuiteEnvironment, settings: Any, time_limit: Callable[[], int]):
        self.env = env  # where further attributes are found
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self.settings: WrapperSettings = settings

    def reset(self, seed: int) -> Any:
        """Begin an episode."""
        return self.env.reset(seed)

    def step(self, action: Any) -> Result:
        """Take a step."""
        return self.env.step(action)

    def render(self) -> Any:
        """Return a picture, always that of the environment itself."""
        return self.env.render()

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def unfit(self, what: str) -> WrapperError:
        """Return the error that the wrapper needs ``what``."""
        return WrapperError(
            f"{self.settings.kind} needs {what}, but is around observations of {spaces.shown(self.observation_space)}"
        )


def metadata(env: Any) -> Mapping[str, Any]:
    """Return what an environment says of its pictures."""
    found = find(env, "metadata")
    return found if isinstance(found, Mapping) else {}
