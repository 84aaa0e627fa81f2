"""DM Control's suite: its tasks by name, as DOMAIN-TASK. Imports dm_control and MuJoCo, not TensorFlow."""

import math
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Callable

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments import arguments, headless
from cartrl.environments.arguments import Arguments, ArgumentsError
from cartrl.environments.suite import Description
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, suites
from cartrl.settings.describing import shown
from cartrl.settings.section import has_type

headless.prepare()

from dm_control import suite as tasks  # noqa: E402 (the import reads MUJOCO_GL, which `prepare` sets)

HEIGHT, WIDTH = 240, 320  # pixels of a picture
CAMERA = 0
TIME_LIMIT = "time_limit"  # the argument of a task, in seconds
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
        self._env = tasks.load(domain, task, {**kwargs, "random": self._generator, TIME_LIMIT: math.inf})
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


def _maker(env_name: str) -> Callable[..., Any]:
    """Return the function that makes a task.

    Raises:
        UsageError: for one that DM Control does not have.
    """
    domain, task = _parts(env_name)
    maker: Callable[..., Any] = getattr(tasks, domain).SUITE[task]
    return maker


def _seconds(settings: EnvironmentSettings) -> float:
    """Return the time limit of a task in seconds: its argument, or else DM Control's own.

    Raises:
        ArgumentsError: for one that is no time.
    """
    seconds = settings.kwargs.get(TIME_LIMIT, arguments.of(_maker(settings.env_name), {}).defaults[TIME_LIMIT])
    if not (has_type(seconds, float) or seconds == math.inf) or seconds <= 0:
        raise ArgumentsError(f"{settings.env_name}: time_limit is {shown(seconds)}, but must be seconds above 0")
    return float(seconds)


class DmControlSuite:
    """DM Control's tasks, by their domains and names."""

    def names(self) -> list[str]:
        """Return all tasks."""
        return sorted(f"{domain}-{task}" for domain, task in tasks.ALL_TASKS)

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return the task's time limit, which DM Control has in seconds; it names no reward threshold."""
        seconds = _seconds(settings)
        if math.isinf(seconds):
            return Description()
        with closing(self.make(settings)) as env:
            return Description(math.ceil(seconds / env.seconds_per_step))

    def arguments(self, settings: EnvironmentSettings) -> Arguments:
        """Return the arguments of a task, but its generator of random numbers."""
        return arguments.of(_maker(settings.env_name), {}, but=("random",))

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> DmControl:
        """Make a task.

        Raises:
            UsageError: for one that DM Control does not have, or arguments that it cannot have.
        """
        _seconds(settings)
        return DmControl(settings.env_name, settings.kwargs)


SUITE = DmControlSuite()
