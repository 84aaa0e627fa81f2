"""Studies of several environments as methods, each with a study in every environment."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

from cartrl.errors import UsageError
from cartrl.runs.evaluated import Evaluated
from cartrl.runs.foreign import template
from cartrl.runs.foreign.template import Template
from cartrl.runs.gathering import require_one_environment
from cartrl.runs.references import OPTION, Reference, known
from cartrl.system.calls import quoted


class Method(NamedTuple):
    """A method: its name, and its studies in the order of the environments."""

    name: str
    studies: tuple[Evaluated, ...]


class Methods(NamedTuple):
    """Methods that have a study in each of the environments.

    Attributes:
        env_names: the names of the environments, in the order of the alphabet.
        methods: the methods, in the order in which they were given.
        left_out: environments in which a method has no study.
    """

    env_names: list[str]
    methods: list[Method]
    left_out: list[str]


def environments(studies: Sequence[Evaluated]) -> set[str]:
    """Return the names of the environments of ``studies``, as far as they are known."""
    return {study.env_name for study in studies if study.env_name is not None}


def methods(studies: Sequence[Evaluated], group: Optional[Template]) -> Methods:
    """Return ``studies`` by method and environment.

    Of cartrl's own studies, the method is the agent, unless ``group`` tells another from the path.

    Raises:
        UsageError: when a study names no environment, a method has two studies in one, or there is one method alone, or
            no environment that all have.
    """
    found: dict[str, dict[str, Evaluated]] = {}
    for study in studies:
        if study.env_name is None:
            raise UsageError(f"{study.path}: no file names its environment; say it by {template.OPTION}, as {{env}}")
        own = found.setdefault(_method(study, group), {})
        if study.env_name in own:
            raise UsageError(
                f"{study.path}: a second study of {_method(study, group)} on {study.env_name}, beside "
                f"{own[study.env_name].path}; say what the names of the directories tell of their method by "
                f"{template.OPTION}"
            )
        own[study.env_name] = study
    everywhere = set.intersection(*(set(own) for own in found.values()))
    if len(found) < 2 or not everywhere:
        require_one_environment(studies)
    env_names = sorted(everywhere)
    for env_name in env_names:
        require_one_environment([own[env_name] for own in found.values()])
    left_out = sorted(environments(studies) - everywhere)
    both = [Method(name, tuple(own[env_name] for env_name in env_names)) for name, own in found.items()]
    return Methods(env_names, both, left_out)


def _method(study: Evaluated, group: Optional[Template]) -> str:
    if group is None:
        return study.method
    told = group.told("/".join(study.path.resolve().parts[-group.levels :]))
    return (told.method if told else None) or study.method


def references(found: Methods, given: dict[str, Reference]) -> list[Reference]:
    """Return the reference returns of each environment: what is ``given``, or what is known.

    Raises:
        UsageError: when there is none for an environment, or none of a given name.
    """
    unknown = [env_name for env_name in given if env_name not in (*found.env_names, *found.left_out)]
    if unknown:
        there = ", ".join(found.env_names)
        raise UsageError(f"{OPTION} {unknown[0]}=…: no study is of this environment, but of {there}")
    chosen = [given.get(env_name) or _known(found, place) for place, env_name in enumerate(found.env_names)]
    missing = [env_name for env_name, reference in zip(found.env_names, chosen) if reference is None]
    if missing:
        said = " ".join(f"{OPTION} {quoted(f'{env_name}=LOW..HIGH')}" for env_name in missing)
        returns = f"the returns of {' and '.join(missing)} cannot be normalised"
        raise UsageError(f"{returns}; say which count as 0 and as 1: {said}")
    return [reference for reference in chosen if reference is not None]


def _known(found: Methods, place: int) -> Optional[Reference]:
    """Return the known reference of an environment, unless a study has changed its time limit, constants or rewards."""
    studies = [method.studies[place] for method in found.methods]
    if any(study.is_own_task for study in studies):
        return None
    suite = next((study.suite for study in studies if study.suite is not None), None)
    return known(found.env_names[place], suite)
