"""``cartrl env``."""

import json
import reprlib
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np
import typer
from numpy.typing import NDArray

from cartrl.analysis.numbers import exact
from cartrl.environments.arguments import MISSING, Arguments
from cartrl.environments.frames import Rate
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, suites
from cartrl.system import files, quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_writable
from cartrl.terminal import tables

SEED = 0
MOST_SHOWN = 20  # numbers of an array


def list_names(suite_name: str, as_json: bool) -> None:
    """Print the names of the environments of a suite, one a line or as one JSON array."""
    names = _suite_module(suite_name).names(suite_name)
    typer.echo(json.dumps(names) if as_json else "\n".join(names))


def _suite_module(suite_name: str) -> Any:
    """Return `cartrl.environments.suite`, which imports gym, once it is known that there is a suite of this name."""
    suites.place(suite_name)  # refuses one that is not installed, and so the empty name
    quiet.prepare()
    with quiet.held_back():
        from cartrl.environments import suite
    return suite


def run(name: str, suite_name: str, picture: Optional[Path]) -> None:
    """Print what the environment ``name`` of a suite is like, and render it to ``picture``."""
    if picture is not None:
        require_writable(picture, "picture", [".png"])
    suite = _suite_module(suite_name)
    settings = EnvironmentSettings(env_name=name, suite=suite_name)
    described = suite.describe(settings)
    env = suite.playable(settings, is_filmed=picture is not None)
    if getattr(env.observation_space, "shape", None) is None:  # such as a Graph
        raise UsageError(f"{name} observes {env.observation_space}, of which no time step can be shown")
    first = env.reset(SEED)
    frame = None if picture is None else env.frame()
    action = _first_action(env.action_space)
    following, reward, terminated, truncated = env.step(action)
    step_type = "LAST" if terminated or truncated else "MID"
    rows: list[tuple[str, Any]] = [
        ("environment", name),
        ("observation", _space(env.observation_space, env.own_observation_space)),
        ("action", _space(env.action_space, env.own_action_space)),
        ("time limit", _or_none(described.time_limit, "{} steps".format)),
        ("reward threshold", _or_none(described.reward_threshold, exact)),
        ("frame rate", _frame_rate(env.frame_rate)),
        ("constants", ", ".join(f"{constant} {value:g}" for constant, value in env.constants.items()) or "none"),
        ("arguments", _arguments(suite.arguments(settings))),
        ("first time step", _time_step("FIRST", 0.0, 1.0, first)),
        ("action taken", _array(action)),
        ("next time step", _time_step(step_type, reward, 0.0 if terminated else 1.0, following)),
    ]
    env.close()
    if picture is not None and frame is not None:
        _save(frame, picture)
    console = Console()
    tables.facts(console, rows)
    if picture is not None:
        tables.lines(console, "picture", [str(picture)])


def _or_none(value: Optional[Any], said: Callable[[Any], str]) -> str:
    return "none" if value is None else said(value)


def _arguments(arguments: Arguments) -> str:
    """Write the arguments of an environment's constructor with their defaults."""
    said = [
        f"{name} (to be given)" if default is MISSING else f"{name} {reprlib.repr(default)}"
        for name, default in arguments.defaults.items()
    ]
    return ", ".join([*said, *(["others"] if arguments.is_open else [])]) or "none"


def _frame_rate(rate: Rate) -> str:
    return f"{rate.fps:g} frames a second" + (f"; {rate.note}" if rate.note else "")


def _space(space: Any, own: Any) -> str:
    """Write a space as agents see it, and the environment's own where that is another."""
    from cartrl.environments.spaces import shown

    return _said(space) if space is own else f"{_said(space)}\nfrom {shown(own)}"


def _said(space: Any) -> str:
    from gym import spaces

    if isinstance(space, spaces.Discrete):
        return f"Discrete, {space.dtype}, {space.start} to {space.start + space.n - 1}"
    if isinstance(space, spaces.Box):
        return f"Box, shape {space.shape}, {space.dtype}\nminimum {_bound(space.low)}\nmaximum {_bound(space.high)}"
    return str(space)


def _bound(values: NDArray[Any]) -> str:
    """Write the bounds of a Box; one number where they are those of many axes, and all the same."""
    from cartrl.environments.spaces import is_uniform

    return f"{values.flat[0]:g}" if values.ndim > 1 and is_uniform(values) else _array(values)


def _array(values: Any) -> str:
    """Write an array; of one of several axes that is long, such as an image, only its least and greatest number."""
    values = np.asarray(values)
    if values.ndim > 1 and values.size > MOST_SHOWN:
        return f"{values.dtype}, shape {values.shape}, from {values.min():g} to {values.max():g}"
    return np.array2string(
        values, formatter={"float_kind": "{:.4g}".format}, separator=", ", max_line_width=60, threshold=MOST_SHOWN
    )


def _time_step(step_type: str, reward: float, discount: float, observation: Any) -> str:
    return f"{step_type}, reward {reward:g}, discount {discount:g}\nobservation {_array(observation)}"


def _first_action(space: Any) -> Any:
    """Return the action 1, which the tutorial takes; from a space without it, an action drawn with a fixed seed."""
    from gym import spaces

    if isinstance(space, spaces.Discrete) and space.contains(1):
        return 1
    space.seed(SEED)
    return space.sample()


def _save(frame: NDArray[Any], path: Path) -> None:
    import imageio.v3 as imageio

    with files.output(path) as draft:
        imageio.imwrite(draft, frame)
