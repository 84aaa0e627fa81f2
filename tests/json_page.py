"""docs/json.md: the examples of what ``--json`` prints, which tests hold against what is printed."""

import json
import re
from typing import Any

from tests.helpers import REPO, Done

PAGE = (REPO / "docs/json.md").read_text(encoding="utf-8")


def examples() -> dict:
    """Return the example of each section of the page, by the section's title."""
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        title: json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])
        for title, text in zip(sections[::2], sections[1::2])
    }


def differences(example, real, place="") -> list:
    """Return where two values have other keys or other types. ``null`` stands for a value of any type."""
    if example is None or real is None:
        return []
    if type(example) is not type(real):
        return [f"{place}: {type(example).__name__} here, {type(real).__name__} there"]
    if isinstance(example, list):
        return [found for one in example for other in real for found in differences(one, other, f"{place}[]")]
    if not isinstance(example, dict):
        return []
    missing = [f"{place}.{key}" for key in sorted(example.keys() ^ real.keys())]
    return missing + [
        found
        for key in example.keys() & real.keys()
        for found in differences(example[key], real[key], f"{place}.{key}")
    ]


def as_on_page(title: str, done: Done) -> Any:
    """Return what ``done`` has printed, which has the keys and types of the example with this title."""
    assert done.stdout.count("\n") == 1, done.stderr
    printed = json.loads(done.stdout)
    found = differences(examples()[title], printed)
    assert not found, f"{title}: {found}"
    return printed
