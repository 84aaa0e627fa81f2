"""Whatever a config or an override holds, it is read, or refused with a sentence.

5,000 inputs in every run of the tests, the same ones each time. More of them, and new ones:

    FUZZ_INPUTS=100000 pytest tests/settings/test_fuzz.py
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cartrl.errors import UsageError
from cartrl.settings import ExperimentSettings, load
from cartrl.settings.writing import resolved_yaml
from tests.helpers import CONFIGS

ALWAYS = 5_000
INPUTS = int(os.environ.get("FUZZ_INPUTS", ALWAYS))


def fuzz(share):
    """Give a test its share of all inputs."""
    return settings(
        max_examples=int(share * INPUTS),
        derandomize=INPUTS == ALWAYS,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


SECTIONS = list(ExperimentSettings.__fields__)
KEYS = sorted({key for field in ExperimentSettings.__fields__.values() for key in field.type_.__fields__})
REAL = [path.read_text(encoding="utf-8") for path in sorted(CONFIGS.rglob("*.yaml"))]
TOKENS = [
    *("&a ", "*a", "<<: *a", "!!python/object/apply:os.system ['touch pwned']", "!!binary aGk=", "!t ", "!!set {a, b}"),
    *(
        "[",
        "]",
        "{",
        "}",
        "[" * 500,
        "{a: " * 300,
        "- ",
        "? ",
        ": ",
        ", ",
        "|\n",
        ">-\n",
        "---\n",
        "...\n",
        "%YAML 9.9\n",
    ),
    *("%TAG ! tag:x,2000:\n", "#", "'", '"', '"\\UFFFFFFFF"', '"\\x00"', '"\\ud800"', "\t", "\n", "\r", "\x00", "\x1b"),
    *("\ufeff", "\u2028", "\ud7ff", "\U0001f600", "null", "~", "true", "yes", ".nan", "-.inf", "1e400", "-0", "010"),
    *("0x1f", "1_000", "12:30:45", "2024-02-29", "9" * 400, "1e-3", "2147483648", "[100, 0]", "[[]]", "__root__", ""),
]

scalars = st.one_of(
    st.sampled_from(TOKENS),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=12),
    st.sampled_from(["CartPole-v0", "reinforce", "auto", "compiled", "[]", "[64, 64]", "{g: 1}", "os:Env-v0"]),
)
keys = st.one_of(st.sampled_from(KEYS), st.sampled_from(SECTIONS), scalars)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.tuples(keys, inner).map(lambda pair: "{" + ": ".join(pair) + "}"),
        st.tuples(st.sampled_from(["&a ", "!t ", "!!str ", "|\n    ", "'"]), inner).map("".join),
    ),
    max_leaves=4,
)
lines = st.tuples(st.sampled_from(["", "  ", "    ", "\t", "- "]), keys, st.sampled_from([": ", ":", " "]), values)
documents = st.lists(lines.map("".join), max_size=5).map("\n".join)
sections = st.tuples(st.sampled_from(SECTIONS), st.lists(st.tuples(st.sampled_from(KEYS), values), max_size=3)).map(
    lambda section: f"{section[0]}:\n" + "".join(f"  {key}: {value}\n" for key, value in section[1])
)
grammar = st.one_of(
    documents, st.lists(sections, max_size=4).map(lambda parts: "environment:\n  env_name: x\n" + "".join(parts))
)


@st.composite
def mutants(draw):
    """A config of this repository with up to five edits."""
    text = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(1, 5))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.sampled_from([0, 0, 1, 2, 10, 80])))
        text = text[:begin] + draw(st.one_of(values, st.just(text[end : end + 60]))) + text[end:]
    return text


overrides = st.one_of(
    st.text(max_size=30),
    st.tuples(keys, st.sampled_from([".", "..", ""]), keys, st.sampled_from(["=", "==", ""]), values).map("".join),
    st.tuples(st.sampled_from(SECTIONS), st.just("."), st.sampled_from(KEYS), st.just("="), values).map("".join),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "config.yaml"


def check(file, content, given=(), seed=None):
    """Load ``content``: a refusal is a sentence that says where, and what is accepted reads back as it is printed."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        config = load(file, given, seed)
    except UsageError as refusal:
        assert str(refusal).startswith((str(file), "--set ", "--seed "))
        assert len(str(refusal)) < len(str(file)) + 500
        return
    file.write_text(resolved_yaml(config), encoding="utf-8")
    assert load(file).settings == config.settings


@fuzz(0.3)
@given(content=st.binary(max_size=300))
def test_bytes(file, content):
    check(file, content)


@fuzz(0.25)
@given(text=grammar)
def test_what_looks_like_yaml(file, text):
    check(file, text)


@fuzz(0.15)
@given(text=mutants())
def test_mutated_configs(file, text):
    check(file, text)


@fuzz(0.3)
@given(given=st.lists(overrides, min_size=1, max_size=3), seed=st.one_of(st.none(), st.integers()))
def test_overrides(file, given, seed):
    check(file, "environment: {env_name: x}", given, seed)
    assert not Path("pwned").exists()
