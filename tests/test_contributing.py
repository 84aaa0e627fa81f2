"""CONTRIBUTING.md: what it names is there, and its steps are those of the package that is written after it."""

import re

from tests.helpers import REPO

PAGE = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_tasks_that_it_names_are_those_of_the_makefile_and_of_ci():
    makefile, ci = ((REPO / name).read_text(encoding="utf-8") for name in ("Makefile", ".ci/run"))
    tasks = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    assert tasks == {"all", "format", "lint", "types", "docs", "test"}
    assert tasks - {"all", "format"} <= set(re.findall(r"`(\w+)`", PAGE))
    assert "make lint types docs" in ci


def test_what_it_points_at_exists():
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    commands = re.findall(r"pytest (tests/\S+?)[`\s]|FUZZ_INPUTS=\d+ pytest (\S+?)`", PAGE)
    for path in [*links, *filter(None, sum(commands, ()))]:
        assert (REPO / path).exists(), path
    for module in re.findall(r"python -m (tests\.\w+)", PAGE):
        assert list(REPO.glob(f"{module.replace('.', '/')}*")), module


def test_the_entry_points_are_those_of_the_packages():
    agent, suite = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    packages = REPO / "tests/packages"
    assert _lines(agent) in (packages / "random_search/pyproject.toml").read_text(encoding="utf-8")
    group, entry = _lines(suite).splitlines()
    registered = "".join(path.read_text(encoding="utf-8") for path in packages.glob("tiny*/entry_points.txt"))
    assert (group, entry.replace('"', "")) == ('[project.entry-points."cartrl.suites"]', "tiny = tiny_suite:SUITE")
    assert entry.replace('"', "") in registered


def _lines(block):
    return "\n".join(line.strip() for line in block.strip().splitlines())


def test_an_agent_fits_into_eighty_lines():
    files = (REPO / "tests/packages/random_search/random_search").glob("*.py")
    written = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(written) < 80
