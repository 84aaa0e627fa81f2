"""Configs and options that cannot be used: each is refused with one sentence, before anything is written."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, NamedTuple, Union

import pytest

from tests.helpers import assert_one_sentence, everything_below, run_and_list_imports, run_cartrl

FILE = "config.yaml"
LARGEST_INT = 2147483647  # of an int32
ENVIRONMENT = "environment:\n  env_name: CartPole-v0\n"  # lines 1 and 2 of most configs below
ANY_COUNT = f"must be a whole number from 1 to {LARGEST_INT}"
ANY_SEED = f"must be a whole number from 0 to {LARGEST_INT}"
ANY_WIDTHS = "must be a list of whole numbers from 1 to 65536"
POSITIVE = "must be a number greater than 0"


class Case(NamedTuple):
    """A call that is refused, and what its sentence says."""

    name: str
    config: Union[str, bytes, Callable, None]  # text, bytes, no file at all, or what makes it at a path
    place: str  # what the sentence is about: file and line, or option
    says: tuple = ()  # in this order, after the place
    without: tuple = ()  # what would mislead
    arguments: tuple = ("config", FILE)


def case(name, below_environment, line, *says, without=()):
    """A config whose first two lines are fine; ``line`` is that of the file, from 1."""
    return Case(name, ENVIRONMENT + below_environment, f"{FILE}, line {line}", says, without)


def setting(name, dotted, text, *says, without=()):
    """A config with one bad setting, in line 4."""
    section, key = dotted.split(".")
    return case(name, f"{section}:\n  {key}: {text}\n", 4, *says, without=without)


def option(name, override, *says):
    """A good config with a bad --set."""
    return Case(name, ENVIRONMENT, f"--set {override}", says, (), ("config", FILE, "--set", override))


def ppo(name, line, *says):
    """A line of the section of an agent that learns from rollouts."""
    return Case(
        name, f"environment:\n  env_name: CartPole-v0\nagent:\n  kind: ppo\n  {line}\n", f"{FILE}, line 5", says
    )


def train(bad):
    """The same case through ``cartrl train``."""
    rest = bad.arguments[2:]
    return bad._replace(name=f"train: {bad.name}", arguments=("train", "--config", FILE, *rest))


KEYS = [
    case(
        "unknown key, nearest named",
        "agent:\n  learning_rte: 0.1\n",
        4,
        "agent has no setting 'learning_rte'",
        "did you mean 'learning_rate'?",
    ),
    case("unknown key, nothing near", "train:\n  zzz: 1\n", 4, "train has no setting 'zzz'", "num_iterations", "seed"),
    case("unknown section", "agnt:\n  discount: 1\n", 3, "there is no section 'agnt'", "did you mean 'agent'?"),
    case("unknown section, nothing near", "zzz:\n  a: 1\n", 3, "no section 'zzz'", "environment, agent, collect"),
    case("key at top level", "learning_rate: 0.1\n", 3, "'learning_rate'", "did you mean 'agent.learning_rate'?"),
    case("reserved word of the validator", "__root__: 5\n", 3, "there is no section '__root__'"),
    case("duplicate key", "train:\n  seed: 1\n  seed: 2\n", 5, "train.seed is given twice, first in line 4"),
    case("duplicate section", "train:\n  seed: 1\ntrain:\n  seed: 2\n", 5, "train is given twice, first in line 3"),
    case("key that is a list", "agent:\n  ? [a, b]\n  : 1\n", 4, "a key must be a plain word"),
    case("key that is a number", "agent:\n  5: 1\n", 4, "agent has no setting '5'"),
    case("merge key", "agent:\n  <<: {discount: 1}\n", 4, "agent has no setting '<<'"),
    case("section that is a number", "agent: 5\n", 3, "agent is 5, but must be a section"),
    case("section that is a list", "agent: [1]\n", 3, "agent is [1], but must be a section"),
    Case("environment not named", "train:\n  seed: 1\n", FILE, ("environment.env_name is missing",)),
    Case("environment misspelt", "environment:\n  env_nam: x\n", f"{FILE}, line 2", ("did you mean 'env_name'?",)),
    case("first of several", "train:\n  seed: -1\neval:\n  zzz: 7\n", 4, "train.seed is -1", without=("zzz",)),
]

VALUES = [
    setting("2.5 for an integer", "train.seed", "2.5", "train.seed is 2.5,", ANY_SEED),
    setting("1.0 for an integer", "train.seed", "1.0", "train.seed is 1.0,", ANY_SEED),
    setting("true for an integer", "train.num_iterations", "true", "train.num_iterations is true,", ANY_COUNT),
    setting("text for an integer", "eval.eval_interval", '"5"', "eval.eval_interval is '5',", ANY_COUNT),
    setting("null for an integer", "train.log_interval", "null", "train.log_interval is null,", ANY_COUNT),
    setting("nothing for an integer", "train.log_interval", "", "train.log_interval is null,", ANY_COUNT),
    # YAML 1.1 would read the octal 8, YAML 1.2 the decimal 10: neither is guessed.
    setting("leading zero", "train.seed", "010", "train.seed is '010',", ANY_SEED),
    setting("text for a float", "agent.learning_rate", "fast", "agent.learning_rate is 'fast',", POSITIVE),
    setting("true for a float", "agent.learning_rate", "true", "agent.learning_rate is true,", POSITIVE),
    setting("null for a float", "agent.learning_rate", "~", "agent.learning_rate is null,", POSITIVE),
    setting("number for true or false", "agent.normalize_returns", "1", "is 1, but must be true or false"),
    setting("YAML 1.1's yes", "agent.normalize_returns", "yes", "is 'yes', but must be true or false"),
    setting("nan", "agent.learning_rate", ".nan", "agent.learning_rate is .nan,", POSITIVE),
    setting("inf", "agent.learning_rate", ".inf", "agent.learning_rate is .inf,", POSITIVE),
    setting("minus inf", "agent.gradient_clipping", "-.inf", "agent.gradient_clipping is -.inf,", POSITIVE, "or null"),
    setting("1e400 is no double", "agent.learning_rate", "1e400", "agent.learning_rate is ", POSITIVE),
    setting("learning rate of zero", "agent.learning_rate", "0", "agent.learning_rate is 0,", POSITIVE),
    setting("negative learning rate", "agent.learning_rate", "-1e-3", "agent.learning_rate is -0.001,", POSITIVE),
    setting("no iterations", "train.num_iterations", "0", "train.num_iterations is 0,", ANY_COUNT),
    setting("negative iterations", "train.num_iterations", "-250", "train.num_iterations is -250,", ANY_COUNT),
    setting("layer of no units", "agent.fc_layer_params", "[100, 0]", "agent.fc_layer_params is [100, 0],", ANY_WIDTHS),
    setting("layer of -5 units", "agent.fc_layer_params", "[-5]", "agent.fc_layer_params is [-5],", ANY_WIDTHS),
    setting("layer too wide", "agent.fc_layer_params", "[65537]", "agent.fc_layer_params is [65537],", ANY_WIDTHS),
    setting("layer of 1.5 units", "agent.fc_layer_params", "[1.5]", "agent.fc_layer_params is [1.5],", ANY_WIDTHS),
    setting("number for a list", "agent.fc_layer_params", "100", "is 100,", ANY_WIDTHS, "such as [100]"),
    setting("baseline of no units", "agent.value_fc_layer_params", "[0]", "is [0],", ANY_WIDTHS, "or null"),
    setting("seed -1", "train.seed", "-1", "train.seed is -1,", ANY_SEED),
    setting("seed too large", "train.seed", "2147483648", "train.seed is 2147483648,", ANY_SEED),
    setting("seed of 5000 digits", "train.seed", "9" * 5000, "train.seed is ", ANY_SEED),
    setting("discount above 1", "agent.discount", "1.01", "agent.discount is 1.01,", POSITIVE, "at most 1"),
    setting("discount of zero", "agent.discount", "0", "agent.discount is 0,", POSITIVE, "at most 1"),
    setting("negative entropy weight", "agent.entropy_regularization", "-1", "is -1,", "a number of at least 0"),
    setting("unknown agent", "agent.kind", "a2c", "agent.kind is 'a2c', but must be 'reinforce' or 'ppo'"),
    setting("agent that is a list", "agent.kind", "[reinforce]", "['reinforce'], but must be 'reinforce'"),
    setting("a long value is cut short", "agent.kind", "k" * 900, "must be 'reinforce'", without=("k" * 100,)),
    setting("a value is not markup", "agent.kind", "'[red]x[/red] :cat:'", "agent.kind is '[red]x[/red] :cat:',"),
    setting("a value of two lines", "agent.kind", '"a\\nb"', "must be 'reinforce'"),
    ppo(
        "a rollout smaller than a batch", "batch_size: 2000", "agent.batch_size is 2000, but must be at most", "is 1024"
    ),
    ppo(
        "a schedule without an end",
        "learning_rate: {from: 1, to: 0}",
        "is {from: 1, to: 0}, but must be",
        "over: 100000}",
    ),
    ppo("a schedule that is negative", "clip_range: {from: -1, to: 0, over: 9}", "a change such as {from: 0.001"),
    ppo(
        "a rate of zero",
        "learning_rate: 0",
        "agent.learning_rate is 0, but must be a number greater than 0, or a change",
    ),
    ppo("a setting of reinforce", "normalize_returns: true", "agent has no setting 'normalize_returns'"),
    Case("environment is a number", "environment:\n  env_name: 5\n", f"{FILE}, line 2", ("env_name is 5, but must",)),
    # '' is a text, so that "must be a text" would be no help.
    Case(
        "environment is empty",
        "environment:\n  env_name: ''\n",
        f"{FILE}, line 2",
        ("environment.env_name is '',",),
        ("must be a text\n",),
    ),
    case(
        "replay smaller than an iteration",
        "collect:\n  collect_episodes_per_iteration: 20\nreplay_buffer:\n  replay_buffer_capacity: 10\n",
        6,
        "replay_buffer.replay_buffer_capacity is 10",
        "at least collect.collect_episodes_per_iteration, which is 20",
    ),
    case(
        "iteration larger than the replay's default",
        "collect:\n  collect_episodes_per_iteration: 3000\n",
        4,
        "replay_buffer.replay_buffer_capacity is 2000",
        "at least collect.collect_episodes_per_iteration, which is 3000",
    ),
]

YAML = [
    case("tab as indentation", "agent:\n\tdiscount: 1\n", 4, "tab", "spaces"),
    case("error beside a harmless tab", "agent:\n  discount: @x # a\tb\n", 4, "'@'", without=("tab",)),
    case("two documents", "---\n" + ENVIRONMENT, 3, "second document"),
    case("tag that runs code", "agent: !!python/object/apply:os.system ['touch pwned']\n", 3, "YAML tags"),
    case("plain tag", "agent:\n  kind: !tag reinforce\n", 4, "YAML tags", "'!tag'", "not allowed"),
    case("standard tag", "train:\n  seed: !!int '5'\n", 4, "YAML tags", "not allowed"),
    Case("anchor", "environment: &a\n  env_name: x\n", f"{FILE}, line 1", ("anchors and aliases are not allowed",)),
    case("recursive alias", "agent: &a {kind: *a}\n", 3, "anchors and aliases are not allowed"),
    case("alias", "agent: *a\n", 3, "anchors and aliases are not allowed"),
    case(
        "exponential aliases",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefghijklmn", "bcdefghijklmno")
        ),
        3,
        "anchors and aliases are not allowed",
    ),
    case("lists nested 5000 deep", "agent: " + "[" * 5000 + "]" * 5000 + "\n", 3, "nested more than 20 levels deep"),
    case("mappings nested 3000 deep", "agent: " + "{a: " * 3000 + "\n", 3, "nested more than 20 levels deep"),
    case("bracket not closed", "agent: {discount: 1\n", 4, "expected ',' or '}'"),
    case("escape beyond Unicode", 'agent:\n  kind: "\\UFFFFFFFF"\n', 4),
    Case("empty file", "", FILE, ("the file is empty", "environment.env_name")),
    Case("only comments", "# one\n\n# two\n", FILE, ("the file is empty", "environment.env_name")),
    Case("a list", "- a\n- b\n", FILE, ("a mapping of sections", "['a', 'b']")),
    Case("a scalar", "hello\n", FILE, ("a mapping of sections", "'hello'")),
    case("NUL byte", "agent:\n  kind: rein\0force\n", 4, "character 0x00"),
    case("escape character", "agent:\n  kind: \x1b[31m\n", 4, "character 0x1b", without=("\x1b",)),
    Case("Latin-1", (ENVIRONMENT + "# caf\xe9\n").encode("latin-1"), f"{FILE}, line 3", ("not UTF-8",)),
    Case("UTF-16", ENVIRONMENT.encode("utf-16"), f"{FILE}, line 1", ("not UTF-8",)),
]

FILES = [
    Case("directory", lambda path: path.mkdir(), FILE, ("this is a directory",)),
    # Opening a FIFO would wait for a writer for ever.
    Case("FIFO", os.mkfifo, FILE, ("not a regular file",)),
    Case("endless device", None, "/dev/zero", ("not a regular file",), (), ("config", "/dev/zero")),
    Case("2 MB", "#" * 2_000_000, FILE, ("larger than 1048576 bytes",)),
    Case("missing file", None, FILE, ("no such file",), ("did you mean",)),
    Case("near-named file", ENVIRONMENT, "confg.yaml", (f"did you mean '{FILE}'?",), (), ("config", "confg.yaml")),
    Case("missing directory", None, "no/a.yaml", ("no such file",), (), ("config", "no/a.yaml")),
    Case("file as a directory", ENVIRONMENT, f"{FILE}/a", ("Not a directory",), (), ("config", f"{FILE}/a")),
]

OPTIONS = [
    option("constants without a value", "environment.constants=[g]", "is ['g'], but must be a mapping of names"),
    option("a constant that is a text", "environment.constants={g: low}", "is {g: 'low'}, but must be a mapping"),
    option("a constant that is no number", "environment.constants={g: .nan}", "is {g: .nan}, but must be"),
    option("a constant without a name", "environment.constants={g h: 1}", "is {'g h': 1}, but must be"),
    option("--set without =", "agent.discount", "section.key=value", "--set agent.learning_rate=3e-3"),
    option("--set without dot", "seed=1", "section.key=value"),
    option("--set with two dots", "a.b.c=1", "section.key=value"),
    option("--set without key", "agent.=1", "section.key=value"),
    option("--set of nothing", "=", "section.key=value"),
    option("--set in unknown section", "agnt.discount=1", "no section 'agnt'", "did you mean 'agent'?"),
    option("--set of unknown key", "agent.discont=1", "agent has no setting 'discont'", "did you mean 'discount'?"),
    option("--set to a bad value", "agent.discount=2", "agent.discount is 2,", POSITIVE, "at most 1"),
    option("--set of a seed too large", "train.seed=2147483648", "train.seed is 2147483648,", ANY_SEED),
    option("--set to nothing", "agent.discount=", "agent.discount is null,", POSITIVE),
    Case(
        "--set to broken YAML",
        ENVIRONMENT,
        "--set agent.fc_layer_params=[1, line 1",
        ("expected ',' or ']'",),
        (),
        ("config", FILE, "--set", "agent.fc_layer_params=[1"),
    ),
    Case(
        "--set of a bad iteration",
        ENVIRONMENT,
        "--set collect.collect_episodes_per_iteration=3000",
        ("replay_buffer.replay_buffer_capacity is 2000",),
        (),
        ("config", FILE, "--set", "collect.collect_episodes_per_iteration=3000"),
    ),
    Case("--seed -1", ENVIRONMENT, "--seed -1", ("train.seed is -1,", ANY_SEED), (), ("config", FILE, "--seed", "-1")),
    Case(
        "--seed too large",
        ENVIRONMENT,
        "--seed 2147483648",
        ("train.seed is 2147483648,", ANY_SEED),
        (),
        ("config", FILE, "--seed", "2147483648"),
    ),
]

THROUGH_CONFIG = [*KEYS, *VALUES, *YAML, *FILES, *OPTIONS]
IN_TRAINING_TOO = (
    "unknown key, nearest named",
    "2.5 for an integer",
    "replay smaller than an iteration",
    "tag that runs code",
    "empty file",
    "FIFO",
    "missing file",
    "--set to a bad value",
    "--seed -1",
)
CASES = [*THROUGH_CONFIG, *(train(case) for case in THROUGH_CONFIG if case.name in IN_TRAINING_TOO)]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What each case's process said, and what its directory held before and after; several processes at a time."""

    homes = [tmp_path_factory.mktemp("bad") for _ in CASES]  # not in the threads: pytest makes its base only once

    def run(bad, home):
        path = home / FILE
        if callable(bad.config):
            bad.config(path)
        elif bad.config is not None:
            path.write_bytes(bad.config if isinstance(bad.config, bytes) else bad.config.encode())
        before = everything_below(home)
        done = run_cartrl(*bad.arguments, cwd=home, timeout=120)
        return done, before, everything_below(home)

    with ThreadPoolExecutor(4) as pool:
        return dict(zip((bad.name for bad in CASES), pool.map(run, CASES, homes)))


def test_no_two_cases_share_a_name():
    assert len({bad.name for bad in CASES}) == len(CASES)
    assert len(CASES) == len(THROUGH_CONFIG) + len(IN_TRAINING_TOO)


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: bad.name)
def test_refused_with_one_sentence(outcomes, bad):
    done, before, after = outcomes[bad.name]
    sentence = assert_one_sentence(done, bad.place)
    position = 0
    for part in bad.says:
        assert part in sentence[position:], f"{part!r} is not in {sentence[position:]!r}"
        position = sentence.index(part, position) + len(part)
    assert sentence.strip()
    for part in bad.without:
        assert part not in done.stderr
    assert after == before, "something was written"


def test_an_override_of_two_lines_is_refused_in_one(tmp_path):
    (tmp_path / FILE).write_text(ENVIRONMENT)
    done = run_cartrl("config", FILE, "--set", "agent.kind=a\nb", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "agent.kind is 'a b', but must be 'reinforce'" in done.stderr


UNUSABLE_ENVIRONMENTS = [
    pytest.param("CartPol-v1", ["'CartPol-v1'", "did you mean 'CartPole-v1'?"], id="unknown, nearest named"),
    pytest.param("nothing-like-it", ["'nothing-like-it'", "CartPole-v1"], id="unknown, nothing near"),
    pytest.param(
        "os:CartPole-v1",
        ["'os:CartPole-v1' imports code, the module 'os'", "--import-module os"],
        id="id that imports a module",
    ),
]


@pytest.mark.parametrize(("env_name", "says"), UNUSABLE_ENVIRONMENTS)
def test_unusable_environment_is_refused_before_tensorflow_is_imported(tmp_path, env_name, says):
    home = tmp_path / "home"
    home.mkdir()
    text = f"environment:\n  env_name: {env_name}\n"
    (home / FILE).write_text(text)
    done, imported = run_and_list_imports("train", "--config", FILE, cwd=home, report=tmp_path / "report.json")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for part in says:
        assert part in done.stderr
    assert imported == ["gym"]
    assert everything_below(home) == {FILE: text.encode()}


def test_environment_without_a_time_limit_is_asked_for_one(tmp_path):
    # A policy that never ends an episode of its own would be collected from for ever.
    (tmp_path / FILE).write_text("environment:\n  env_name: Blackjack-v1\n")
    done = run_cartrl("train", "--config", FILE, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Blackjack-v1" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
