"""Fills the template of a report: all text is escaped, and the page loads no other file."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from cartrl.report.numbers import number

TEMPLATES = Path(__file__).parent / "template"


def render(
    content: dict[str, Any], template: str = "report.html", name: str = "report", parts: Sequence[str] = ()
) -> str:
    """Return the HTML of ``template``, in which ``content`` is called ``page``, with the script and style ``name``.

    ``parts`` are the names of further pages that it holds.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = number
    scripts = {part: (TEMPLATES / f"{part}.js").read_text(encoding="utf-8") for part in (name, *parts)}
    style = (TEMPLATES / f"{name}.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        page=content,
        script=Markup(scripts[name]),
        style=Markup(style),
        policy=security_policy(scripts.values()),
    )


def security_policy(scripts: Iterable[str]) -> str:
    """Return the Content-Security-Policy: no network, no script but ``scripts``, films from inside the page."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; media-src data:"
