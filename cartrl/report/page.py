"""Fills the template of a report: all text is escaped, and the page loads no other file."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from cartrl.report.numbers import number

TEMPLATES = Path(__file__).parent / "template"


def render(content: dict[str, Any], template: str = "report.html", name: str = "report") -> str:
    """Return the HTML of ``template``, in which ``content`` is called ``page``, with the script and style ``name``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = number
    script = (TEMPLATES / f"{name}.js").read_text(encoding="utf-8")
    style = (TEMPLATES / f"{name}.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        page=content,
        script=Markup(script),
        style=Markup(style),
        policy=security_policy(script),
    )


def security_policy(script: str) -> str:
    """Return the Content-Security-Policy: no network, no script but ``script``, films from inside the page."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; media-src data:"
