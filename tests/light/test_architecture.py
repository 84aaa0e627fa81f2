"""docs/architecture.md: its list of the package names every file and folder that there is, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = re.compile(r"[\w]+(?:\.py\b|/(?=\s|$))")


def test_the_list_of_modules_is_that_of_the_package():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    listing = page.split("```\ncartrl/\n")[1].split("```")[0]
    listed = [name for line in listing.splitlines() if line.startswith("  ") for name in LISTED.findall(line)]
    package = [path for path in (ROOT / "cartrl").iterdir() if path.name not in ("__init__.py", "__pycache__")]
    there = [f"{path.name}/" if path.is_dir() else path.name for path in package if path.suffix in ("", ".py")]
    assert sorted(listed) == sorted(there)
