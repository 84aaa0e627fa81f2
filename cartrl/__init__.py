"""cartrl: reinforcement learning on gym environments, from one YAML file to a film.

Programs use the names in ``__all__``, which docs/python.md describes. All other modules and names are private: they
belong to the command line, and change without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cartrl.errors import CartrlError

if TYPE_CHECKING:
    from cartrl.policies.loaded import Policy, load_policy
    from cartrl.runs.arrays import Run, Study, load_run, load_study

__version__ = "0.1.0"
__all__ = ["CartrlError", "Policy", "Run", "Study", "load_policy", "load_run", "load_study"]

# The module of each public name that needs numpy, which the command line does not import before it needs it.
_MODULES = {
    "Policy": "cartrl.policies.loaded",
    "load_policy": "cartrl.policies.loaded",
    "Run": "cartrl.runs.arrays",
    "Study": "cartrl.runs.arrays",
    "load_run": "cartrl.runs.arrays",
    "load_study": "cartrl.runs.arrays",
}

if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> "list[str]":
        return sorted({*globals(), *__all__})
