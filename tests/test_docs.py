"""The pages are true: generated ones are up to date, links lead somewhere, configs load, commands exist."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from cartrl import __version__, cli
from cartrl.settings import load

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
MARKDOWN_TARGET = re.compile(r"\]\(([^)\s]+)[^)]*\)")
HTML_TARGET = re.compile(r"\b(?:src|srcset|href)=\"([^\"]+)\"")
REDIRECTION = re.compile(r"\d?>>?\s*(?:&\d|\S+)")
OPENS_A_COMMAND = re.compile(r"do|then|else|time|!|\w+=.*")  # what may stand before one on its line


def blocks(page, *languages):
    """Return the code blocks of ``page`` in ``languages``: (language, line, text)."""
    text = page.read_text(encoding="utf-8")
    found = [(match[1], text.count("\n", 0, match.start()) + 1, match[2]) for match in FENCE.finditer(text)]
    return [block for block in found if block[0] in languages]


def anchors(page):
    """Return the anchors of ``page``: those that GitHub makes of its headings, and its own."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text)
    slugs = []
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slugs.append(re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-"))
        earlier = slugs.count(slugs[-1]) - 1
        found.append(f"{slugs[-1]}-{earlier}" if earlier else slugs[-1])
    return found


def links():
    for page in PAGES:
        text = CODE.sub("`code`", FENCE.sub("", page.read_text(encoding="utf-8")))
        for target in MARKDOWN_TARGET.findall(text) + HTML_TARGET.findall(text):
            if not re.match(r"\w+:", target):  # https:, mailto:
                yield pytest.param(page, target, id=f"{page.name}-{target}")


def configs():
    for page in PAGES:
        for _, line, text in blocks(page, "yaml"):
            if re.search(r"^environment:", text, re.MULTILINE):
                yield pytest.param(text, id=f"{page.name}-{line}")


def command_lines():
    for page in PAGES:
        for language, line, text in blocks(page, "sh", "console"):
            typed = text.replace("\\\n", " ").splitlines()
            if language == "console":  # the rest is what was printed
                typed = [command[2:] for command in typed if command.startswith("$ ")]
            for command in typed:
                for call in calls(command):
                    yield pytest.param(call, id=f"{page.name}-{line}-{shlex.join(call)}")


def calls(command):
    """Return the arguments of each call of cartrl in a line of shell."""
    if "cartrl" not in command:
        return []
    lexer = shlex.shlex(REDIRECTION.sub(" ", command), posix=True, punctuation_chars=";|&()")
    lexer.whitespace_split = True
    simple = [[]]
    for word in lexer:
        if set(word) <= set(";|&()"):
            simple.append([])
        elif simple[-1] or not OPENS_A_COMMAND.fullmatch(word):
            simple[-1].append(word)
    return [words[1:] for words in simple if words[:1] == ["cartrl"]]


def parse(command, arguments):
    """Return the options and the rest that ``command`` reads from ``arguments``; it does not run them."""
    context = typer.Context(command, info_name=command.name)
    options, rest, _ = command.make_parser(context).parse_args(list(arguments))
    return options, rest


def test_generated_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("page", "target"), [*links()])
def test_link_leads_somewhere(page, target):
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists()
    assert not anchor or file.suffix != ".md" or anchor in anchors(file)


@pytest.mark.parametrize("text", [*configs()])
def test_config_loads(text, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    load(path)


@pytest.mark.parametrize("call", [*command_lines()])
def test_command_and_its_options_exist(call, tmp_path):
    group = typer.main.get_command(cli.app)
    _, rest = parse(group, call)  # raises for an unknown option
    if not rest:
        return
    name, *arguments = rest
    assert name in group.commands
    command = group.commands[name]
    options, rest = parse(command, arguments)
    assert rest == []  # what no argument takes
    path = tmp_path / "config.yaml"
    path.write_text("environment:\n  env_name: CartPole-v0\n", encoding="utf-8")
    load(path, options.get("overrides") or [])  # raises for an unknown setting


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cartrl eval  # the best policy", [["eval"]]),
        ("for seed in 1 2; do cartrl train --seed $seed -q; done", [["train", "--seed", "$seed", "-q"]]),
        ("cartrl eval --json 2>/dev/null | jq .mean", [["eval", "--json"]]),
        ("A=1 cartrl config 'a b.yaml' && cartrl eval", [["config", "a b.yaml"], ["eval"]]),
        ("run=$(cartrl train -q)", [["train", "-q"]]),
        ("pip install cartrl", []),
    ],
)
def test_calls_are_found(line, expected):
    assert calls(line) == expected


def test_wrong_calls_are_noticed():
    train = typer.main.get_command(cli.app).commands["train"]
    with pytest.raises(Exception, match="--sead"):
        parse(train, ["--sead", "1"])


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__


def test_the_image_runs_the_main_command_of_the_readme():
    command = re.search(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    main = re.search(r"^pip install \. && (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert command is not None
    assert main is not None
    assert json.loads(command[1]) == shlex.split(main[1])
