"""docs/architecture.md: its list of the package names every file and folder that there is, in the order of imports."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cartrl"
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


def test_every_folder_has_its_modules_listed():
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("*.py")} - {"./"}
    inner = {folder for folder in folders if folder.count("/") > 1}
    assert folders - inner <= _listed().keys()
    assert len(_listed()[""]) <= 20


def test_a_room_imports_only_from_rooms_listed_above_it():
    order = {name.rstrip("/"): position for position, name in enumerate(_listed()[""])}
    upwards = []
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        if len(path.relative_to(PACKAGE).parts) > 1:
            upwards += [f"{path}: {name}" for name in _imported(path) if order[name] > order[room]]
    assert not upwards


def _imported(path: Path) -> set[str]:
    """Return the rooms from which a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cartrl":
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".")[1] for alias in node.names if alias.name.startswith("cartrl.")]
        else:
            continue
        found |= {name if (PACKAGE / name).is_dir() else f"{name}.py" for name in names if not name.startswith("__")}
    return found
