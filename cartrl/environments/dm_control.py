"""DM Control's suite: its tasks by name, as DOMAIN-TASK. Imports dm_control and MuJoCo, not TensorFlow."""

import functools
import inspect
import math
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Optional

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments import headless
from cartrl.environments.suite import Description
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, suites

headless.prepare()

from dm_control import suite as tasks  # noqa: E402 (it reads what was prepared)

HEIGHT, WIDTH = 240, 320  # pixels of a picture
CAMERA = 0
USUAL = "; it has cartpole-swingup, walker-walk, cheetah-run and others"


class DmControl:
    """A task of DM Control.

    Its observation is all that DM Control observes, in the order in which the task lists it, each flattened row by row.
    It has no end of time: whoever steps it keeps the time limit.

    Args:
        name: DOMAIN-TASK.
        kwargs: arguments of the task.
    """

    def __init__(self, name: str, kwargs: Mapping[str, Any]):
        # The task draws from this generator, which can be seeded again; DM Control itself has no reset(seed).
        self._generator = np.random.RandomState(0)
        self._name = name
        domain, task = _parts(name)
        self._env = tasks.load(domain, task, {**kwargs, "random": self._generator, "time_limit": math.inf})
        observed, taken = self._env.observation_spec(), self._env.action_spec()
        size = sum(int(np.prod(spec.shape)) for spec in observed.values())
        self.observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float32)
        low, high = (np.broadcast_to(bound, taken.shape).astype(np.float32) for bound in (taken.minimum, taken.maximum))
        self.action_space = spaces.Box(low, high, taken.shape, np.float32)
        self.metadata = {"render_fps": round(1 / self.seconds_per_step, 3)}

    @property
    def seconds_per_step(self) -> float:
        """The time between two actions, in seconds of the simulation."""
        return float(self._env.control_timestep())

    def reset(self, seed: int) -> NDArray[np.float64]:
        """Begin an episode."""
        self._generator.seed(seed)
        return _flat(self._env.reset().observation)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.float64], float, bool, bool]:
        """Take a step. An end with a discount of 0 is a termination."""
        step = self._env.step(action)
        is_terminated = step.last() and step.discount == 0
        return _flat(step.observation), float(step.reward), is_terminated, step.last() and not is_terminated

    def render(self) -> NDArray[np.uint8]:
        """Return what the first camera sees.

        Raises:
            UsageError: when nothing can draw here.
        """
        headless.require(self._name)
        picture: NDArray[np.uint8] = self._env.physics.render(HEIGHT, WIDTH, CAMERA)
        return picture

    def close(self) -> None:
        """Free MuJoCo's memory."""
        self._env.close()


def _flat(observation: Mapping[str, Any]) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(values) for values in observation.values()])


def _parts(env_name: str) -> tuple[str, str]:
    """Return the domain and the task of an environment.

    Raises:
        UsageError: for one that DM Control does not have.
    """
    known = {f"{domain}-{task}": (domain, task) for domain, task in tasks.ALL_TASKS}
    if env_name not in known:
        hint = suites.hint(env_name, "dm_control", list(known)) or USUAL
        raise UsageError(f"dm_control has no environment {env_name!r}{hint}")
    return known[env_name]


@functools.cache
def _time_limit(env_name: str) -> Optional[int]:
    """Return after how many steps DM Control's own clock ends an episode; None where it never does."""
    domain, task = _parts(env_name)
    seconds = float(inspect.signature(getattr(tasks, domain).SUITE[task]).parameters["time_limit"].default)
    if math.isinf(seconds):
        return None
    with closing(DmControl(env_name, {})) as env:
        return math.ceil(seconds / env.seconds_per_step)


class DmControlSuite:
    """DM Control's tasks, by their domains and names."""

    def names(self) -> list[str]:
        """Return all tasks."""
        return sorted(f"{domain}-{task}" for domain, task in tasks.ALL_TASKS)

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return the task's time limit, which DM Control has in seconds; it names no reward threshold."""
        return Description(_time_limit(settings.env_name))

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> DmControl:
        """Make a task.

        Raises:
            UsageError: for one that DM Control does not have.
        """
        return DmControl(settings.env_name, {})


SUITE = DmControlSuite()
