"""A page that plays a policy in a browser, on dynamics and with weights that are in the page."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.report.page import render
from cartrl.settings import EnvironmentSettings

TASKS = {
    "CartPole-v0": "cartpole",
    "CartPole-v1": "cartpole",
    "Pendulum-v1": "pendulum",
    "MountainCar-v0": "mountaincar",
    "Acrobot-v1": "acrobot",
}  # the names of their dynamics in watch.js
SUITES = ("gym", "gymnasium")  # whose dynamics of these are the same


def require_known(environment: EnvironmentSettings) -> None:
    """Refuse an environment whose dynamics the page does not have.

    Raises:
        UsageError: naming those that it has.
    """
    if environment.suite not in SUITES or environment.env_name not in TASKS:
        raise UsageError(
            f"{environment.env_name}: a page cannot play this environment of {environment.suite}; it knows "
            f"{', '.join(TASKS)} of gym and gymnasium"
        )
    if environment.wrappers or environment.kwargs:
        what = "wrappers" if environment.wrappers else "kwargs"
        raise UsageError(f"{environment.env_name}: a page cannot play it with environment.{what}")


def html(
    arrays: Mapping[str, NDArray[Any]], environment: EnvironmentSettings, agent: str, name: str, is_part: bool = False
) -> str:
    """Return the page.

    Args:
        arrays: the policy, as `cartrl.policies.portable.arrays` has it.
        environment: one that `require_known` lets pass; its constants are those of the page.
        agent: the kind of agent that the policy is of.
        name: what to call the policy.
        is_part: whether it is to be a part of another page; then it has no title, and stands still at first.
    """
    played = {
        "task": TASKS[environment.env_name],
        "constants": dict(environment.constants),
        "policy": {key: _value(value) for key, value in arrays.items()},
        "isPaused": is_part,
    }
    content = {"env_name": environment.env_name, "agent": agent, "name": name, "played": played, "is_part": is_part}
    return render(content, "watch.html", "watch")


def _value(array: NDArray[Any]) -> Any:
    """Return a text as it is, and numbers as their shape and float32 in base64, little-endian."""
    if array.dtype.kind == "U":
        return str(array)
    content = np.ascontiguousarray(array, "<f4").tobytes()
    return {"shape": list(array.shape), "float32": base64.b64encode(content).decode()}
