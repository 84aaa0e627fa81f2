"""docs/architecture.md: its list of the package names every file and folder that there is, and no other."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "cartrl"
NAME = re.compile(r"[\w]+(?:\.py\b|/(?=\s|$))")


def _listed() -> dict[str, list[str]]:
    """Return what the page lists: the names at the top, and those in each folder of which it lists any."""
    page = (PACKAGE.parent / "docs/architecture.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {"": []}
    folder = ""
    for line in page.split("```\ncartrl/\n")[1].split("```")[0].splitlines():
        if line.startswith("    "):
            names = NAME.findall(line)
            if names and names[0].endswith("/"):  # a folder in a folder, with what is in it
                found.setdefault(f"{folder}{names[0]}", []).extend(names[1:])
                names = names[:1]
            found.setdefault(folder, []).extend(names)
        elif not line.startswith("  ---"):
            found[""].extend(NAME.findall(line))
            folder = found[""][-1]
    return {folder: names for folder, names in found.items() if names}


@pytest.mark.parametrize("folder", _listed())
def test_the_list_of_modules_is_that_of_the_package(folder):
    entries = [path for path in (PACKAGE / folder).iterdir() if path.name not in ("__init__.py", "__pycache__")]
    there = [f"{path.name}/" if path.is_dir() else path.name for path in entries if path.suffix in ("", ".py")]
    assert sorted(_listed()[folder]) == sorted(there)
