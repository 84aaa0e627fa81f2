"""docs/architecture.md: its list of the package names every file and folder that there is, in the order of imports."""

import ast
import re
import statistics
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cartrl"
NAME = re.compile(r"[\w]+(?:\.py\b|/(?=\s|$))")


def _listed() -> dict[str, list[str]]:
    """Return what the page lists: the names at the top, and those in each folder of which it lists any."""
    page = (PACKAGE.parent / "docs/architecture.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {"": []}
    folder = ""
    tree = re.sub(r"\n {20,}", " ", page.split("```\ncartrl/\n")[1].split("```")[0])  # notes may go on in a next line
    for line in tree.splitlines():
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


def test_no_module_is_imported_by_what_it_imports():
    """Imports at the top of modules make no circle."""
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    modules = {name[: -len(".__init__")] if name.endswith(".__init__") else name: path for name, path in names.items()}
    graph = {name: _at_the_top(path, modules.keys()) - {name} for name, path in modules.items()}
    left = dict(graph)
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    assert not left


def test_no_module_takes_a_private_name_of_another():
    taken = [
        f"{path}: {alias.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cartrl"
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not taken


def test_few_modules_stand_alone_at_the_top():
    assert len([path for path in PACKAGE.glob("*.py") if not path.name.startswith("__")]) <= 5


def test_no_function_is_longer_than_sixty_lines():
    functions = {
        f"{path.relative_to(PACKAGE)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert {name: lines for name, lines in functions.items() if lines > 60} == {}
    assert statistics.median(functions.values()) <= 7


def _at_the_top(path: Path, modules: Iterable[str]) -> set[str]:
    """Return those of ``modules`` that the module at ``path`` imports when it is imported itself."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner if inner <= set(modules) else inner | {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(modules)


# Private in name only: the methods of named tuples, and functions that the standard library documents.
PRIVATE_IN_NAME_ONLY = {"_asdict", "_fields", "_make", "_replace", "_exit", "_getframe"}


def test_no_test_reaches_into_private_attributes():
    reached = []
    for path in Path(__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            reached += [f"{path}:{node.lineno} {name}" for name in _private_names(node) - PRIVATE_IN_NAME_ONLY]
    assert not reached


def _private_names(node: ast.AST) -> set[str]:
    """Return the private names that ``node`` takes from another object or from the package: also in texts, to patch."""
    names = []
    if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
        names = [node.attr]
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cartrl":
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"cartrl[\w.]+", node.value):
        names = node.value.split(".")
    elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("getattr", "setattr", "delattr"):
        names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return {name for name in names if isinstance(name, str) and name.startswith("_") and not name.startswith("__")}
