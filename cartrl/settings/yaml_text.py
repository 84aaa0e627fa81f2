"""YAML to plain values, each with the line it stands on; strict where YAML is loose.

A config needs no more than mappings, lists and scalars, so everything else that YAML can do (tags, which construct
objects; anchors and aliases, which can grow exponentially; several documents; duplicate keys, of which PyYAML
silently takes the last) is refused. Scalars follow YAML 1.2: ``1e-3`` is a number, ``on`` is a text.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from cartrl.errors import UsageError, cut

Path = tuple[str, ...]
DEEPEST = 20

NULL = re.compile(r"~|null|Null|NULL|")
BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Document:
    """What a text says: plain values, and the line (from 1) of every key."""

    values: Any
    lines: dict[Path, int]


def parse(text: str, where: str, quick: bool = False) -> Document:
    """Parse ``text``; ``where`` names it in messages.

    Args:
        text: the YAML.
        where: a file's name, or an option.
        quick: take libyaml, where PyYAML has it: ten times faster, with other words about what is wrong.

    Raises:
        UsageError: with the line and what is wrong there.
    """
    try:
        loader: Any = _QuickLoader(text) if quick else _StrictLoader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise UsageError(_sentence(error, text, where)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UsageError(f"{where}, line {line}: the character {error.character:#04x} is not allowed in YAML") from None
    except (OverflowError, ValueError):  # PyYAML's own, for an escape such as "\\UFFFFFFFF"
        raise UsageError(f"{where}, line {loader.line + 1}: an escape that is no Unicode character") from None
    if node is None:
        return Document(None, {})
    lines: dict[Path, int] = {}
    return Document(_plain(node, (), lines, where), lines)


class _StrictComposer(yaml.composer.Composer):
    """Composes nodes, and refuses what a config has no use for."""

    peek_event: Any  # of the parser
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if event.tag is not None:
            problem = f"YAML tags such as {event.tag[:40]!r} are not allowed"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        if self.depth >= DEEPEST:
            problem = f"nested more than {DEEPEST} levels deep"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _StrictLoader(_StrictComposer, yaml.SafeLoader):
    """Reads YAML with PyYAML's own parser."""


class _QuickLoader(_StrictComposer, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML with libyaml's parser, where PyYAML has it."""

    def __init__(self, text: str):
        super(yaml.composer.Composer, self).__init__(text)
        super().__init__()


def _plain(node: Node, path: Path, lines: dict[Path, int], where: str) -> Any:
    if isinstance(node, ScalarNode):
        return node.value if node.style else _scalar(node.value)  # without a style it is a plain one
    if not isinstance(node, MappingNode):
        return [_plain(item, path, lines, where) for item in node.value]
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise UsageError(f"{where}, line {line}: a key must be a plain word")
        key = str(key_node.value)
        if key in values:
            first = lines[(*path, key)]
            dotted = ".".join((*path, key))
            raise UsageError(f"{where}, line {line}: {cut(dotted)} is given twice, first in line {first}; keep one")
        lines[(*path, key)] = line
        values[key] = _plain(value_node, (*path, key), lines, where)
    return values


def _scalar(text: str) -> Any:
    """Read a plain scalar by YAML 1.2's core schema."""
    if NULL.fullmatch(text):
        return None
    if BOOL.fullmatch(text):
        return text.lower() == "true"
    if INT.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    if NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _sentence(error: yaml.MarkedYAMLError, text: str, where: str) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f"{where}: not valid YAML"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "'\\t'" in (error.problem or "") or "\t" in line[: len(line) - len(line.lstrip())]:
        problem = "a tab; YAML is indented with spaces"
    elif isinstance(error, yaml.composer.ComposerError) and "document" in (error.problem or ""):
        problem = "a second document begins; a config is a single one"
    else:
        problem = error.problem or "not valid YAML"
    return f"{where}, line {mark.line + 1}: {cut(problem, 200)}"
