"""Templates such as ``{method}/{env}_{seed}``: what the path of a run tells of its method, environment and seed."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from cartrl.errors import UsageError, cut

OPTION = "--group"
FIELDS = {"method": "([^/]+?)", "env": "([^/]+?)", "seed": "([0-9]{1,9})", "*": "([^/]+?)"}
FIELD = re.compile(r"\{([^{}]*)\}")
ONCE = ("env", "seed")
SEPARATOR = r"[-_.=]*(?:seed|run)?[-_.=]*"  # between a name and the number of its seed
NUMBERED = re.compile(rf"(.*?)({SEPARATOR})([0-9]{{1,9}})", re.IGNORECASE)
OMITTED = re.compile(rf"{SEPARATOR}\0[^/]*", re.IGNORECASE)
OF_ENVIRONMENT = re.compile(r".+-v[0-9]+")
CLEANRL = "{env}__{method}__{seed}__{*}"


class Told(NamedTuple):
    """What the path of a run tells.

    Attributes:
        place: the path of its study: that of the run without the seed, and without what stands beside the seed.
        method: the texts of all ``{method}``, joined by slashes.
        env_name: the environment's name.
        seed: the seed.
    """

    place: str
    method: Optional[str]
    env_name: Optional[str]
    seed: Optional[int]


class Template:
    """Reads the paths of runs, relative to a directory, by the text of a template.

    ``{method}``, ``{env}``, ``{seed}`` and ``{*}``, for what does not count, stand for a part of one level's name each.

    Raises:
        UsageError: when the text is no such template.
    """

    def __init__(self, text: str):
        parts = FIELD.split(text)  # a literal text, a field, a literal text, …
        self._literals, self._fields = parts[::2], parts[1::2]
        is_known = set(self._fields) <= FIELDS.keys() and not any(set("{}\0") & set(part) for part in self._literals)
        if not (is_known and self._fields) or any(self._fields.count(name) > 1 for name in ONCE):
            raise UsageError(
                f"{OPTION} {cut(text)}: must be like {{method}}/{{env}}_{{seed}}, of {{method}}, {{env}}, {{seed}}, "
                "{*} for any other text, and what is between them; one {env} and one {seed} at most"
            )
        self.text = text
        self.levels = 1 + sum(literal.count("/") for literal in self._literals)
        self._pattern = re.compile(
            "".join(FIELDS[part] if index % 2 else re.escape(part) for index, part in enumerate(parts))
        )

    def told(self, name: str) -> Optional[Told]:
        """Return what the path ``name`` tells; None where it does not fit."""
        match = self._pattern.fullmatch(name)
        if match is None:
            return None
        values = list(zip(self._fields, match.groups()))
        seed = self._of("seed", values)
        place = self._literals[0] + "".join(
            ("\0" if field in ("seed", "*") else value) + literal
            for (field, value), literal in zip(values, self._literals[1:])
        )
        levels = filter(None, OMITTED.sub("", place).split("/"))
        return Told(
            "/".join(levels), self._of("method", values), self._of("env", values), None if seed is None else int(seed)
        )

    @staticmethod
    def _of(name: str, values: Iterable[tuple[str, str]]) -> Optional[str]:
        return "/".join(value for field, value in values if field == name) or None


def inferred(names: Sequence[str]) -> Optional[str]:
    """Return the text of a template that fits the paths ``names`` of all runs; None where they have several depths.

    The last level whose names all end in numbers has the seeds. Names such as CartPole-v1 are those of environments,
    and whatever else differs is part of the method.
    """
    paths = [name.split("/") for name in names]
    if len({len(path) for path in paths}) > 1:
        return None
    levels = list(zip(*paths))
    if all(map(Template(CLEANRL).told, levels[-1])):
        return "/".join([*map(_field, levels[:-1]), CLEANRL])
    seeds = next((level for level in reversed(range(len(levels))) if _are_numbered(levels[level])), None)
    if seeds is None and len(levels) == 1 and not _are_environments(levels[0]):
        return "{*}"
    return "/".join(
        _with_seeds(level, paths) if level == seeds else _field(values) for level, values in enumerate(levels)
    )


def _are_numbered(values: Sequence[str]) -> bool:
    """Whether all names end in numbers, after the same separator, and with something before it or nothing."""
    found = [None if OF_ENVIRONMENT.fullmatch(value) else NUMBERED.fullmatch(value) for value in values]
    return all(found) and len({(match[2], bool(match[1])) for match in found if match}) == 1


def _with_seeds(level: int, paths: Sequence[Sequence[str]]) -> str:
    """Return the text for a level of numbered names."""
    matches = [match for match in (NUMBERED.fullmatch(path[level]) for path in paths) if match]
    stems = [match[1] for match in matches]
    beside = [(*path[:level], *path[level + 1 :]) for path in paths]
    are_seeds_enough = len(set(zip(beside, (match[3] for match in matches)))) == len(paths)
    is_each_alone = len(set(zip(beside, stems))) == len(paths)
    if is_each_alone and are_seeds_enough and len(set(beside)) < len(paths) and not _are_environments(stems):
        name = "{*}"  # such as alice1 and bob2: different names of different seeds
    else:
        name = _field(stems) if any(stems) else ""
    return f"{name}{matches[0][2]}{{seed}}"


def _field(values: Sequence[str]) -> str:
    if _are_environments(values):
        return "{env}"
    if len(set(values)) > 1:
        return "{method}"
    return "{*}" if set(values[0]) & set("{}") else values[0]


def _are_environments(values: Sequence[str]) -> bool:
    return all(map(OF_ENVIRONMENT.fullmatch, values))
