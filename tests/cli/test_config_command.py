"""``cartrl config``: what a config means, where each value came from, and its schema."""

import itertools
import json
import math
import re

import pytest
import yaml

from cartrl.errors import UsageError
from cartrl.settings import load
from cartrl.settings.writing import resolved_yaml, write_resolved
from cartrl.settings.yaml_text import parse
from tests.helpers import CONFIGS, REPO, assert_one_sentence, run_cartrl

# From the tutorial: https://www.tensorflow.org/agents/tutorials/6_reinforce_tutorial. Its network has no value
# network, its loss no entropy term and no clipping, and it calls tf_agent.train once for every two episodes.
TUTORIAL = {
    "environment": {"env_name": "CartPole-v0", "max_episode_steps": None},
    "agent": {
        "kind": "reinforce",
        "fc_layer_params": [100],
        "learning_rate": 0.001,
        "discount": 1.0,
        "normalize_returns": True,
        "value_fc_layer_params": None,
        "entropy_regularization": 0.0,
        "gradient_clipping": None,
    },
    "collect": {"collect_episodes_per_iteration": 2},
    "replay_buffer": {"replay_buffer_capacity": 2000},
    "train": {"num_iterations": 250, "log_interval": 25},
    "eval": {"num_eval_episodes": 10, "eval_interval": 50},
}
REINFORCE = "configs/reinforce.yaml"
TEXTS = [
    *(
        "ALE/Pong-v5",
        "it's",
        "a: b",
        "a # b",
        "[a]",
        "é",
        "😀",
        " a ",
        "'",
        '"',
        "\\",
        "@a",
        "-",
        "?",
        200 * "b:",
    ),
    # What YAML 1.1 or 1.2 reads as something else when it stands without quotes.
    *("true", "False", "null", "Null", "~", "yes", "No", "on", "OFF", "1", "-1", "1e-3", "-1e3", "1_000", "0x1F"),
    *(".inf", "2001-01-01", "=", "<<", "---"),
    # What does not stay on its line, or may not stand in YAML at all.
    *("a\nb", "a\tb", "\x07", "\x85", "\u2028"),
]
PRINTED_LINE = re.compile(r"  (?P<key>\w+): (?P<value>.*?) +# (?P<origin>.*)")


def config(*arguments, cwd=REPO):
    """Return what ``cartrl config`` prints."""
    done = run_cartrl("config", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def origins(printed):
    """Return the origin of every setting, by section and key."""
    found, section = {}, None
    for line in printed.splitlines():
        if not line.startswith(" "):
            section = line.rstrip(":")
        else:
            match = PRINTED_LINE.fullmatch(line)
            assert match, line
            found[section, match["key"]] = match["origin"]
    return found


def kinds(values):
    """Return ``values`` with the type beside each: True is not 1, and '1e-05' is not a number."""
    if isinstance(values, dict):
        return {key: kinds(value) for key, value in values.items()}
    if isinstance(values, list):
        return [kinds(value) for value in values]
    number = isinstance(values, (int, float)) and not isinstance(values, bool)
    return ("number" if number else type(values).__name__, values)


class TestValues:
    def test_the_tutorials_config_has_the_tutorials_hyperparameters(self):
        printed = yaml.safe_load(config(REINFORCE))
        assert list(printed) == list(TUTORIAL)
        for section, values in TUTORIAL.items():
            assert kinds({key: printed[section][key] for key in values}) == kinds(values)

    def test_the_defaults_are_the_tutorials_hyperparameters(self, tmp_path):
        (tmp_path / "a.yaml").write_text("environment:\n  env_name: CartPole-v0\n")
        assert yaml.safe_load(config("a.yaml", cwd=tmp_path)) == yaml.safe_load(config(REINFORCE))

    @pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.y*ml")), ids=lambda path: path.name)
    def test_every_config_of_the_repository_loads(self, path):
        settings = load(path).settings
        assert settings.environment.env_name
        assert settings.train.num_iterations >= 1

    def test_numbers_of_yaml_1_2_are_read(self, tmp_path):
        (tmp_path / "a.yaml").write_text("environment: {env_name: x}\nagent: {learning_rate: 3e-3, discount: .5}\n")
        agent = load(tmp_path / "a.yaml").settings.agent
        assert (agent.learning_rate, agent.discount) == (0.003, 0.5)

    def test_byte_order_mark_and_windows_line_ends_are_read(self, tmp_path):
        text = "\ufeffenvironment:\r\n  env_name: CartPole-v0\r\ntrain:\r\n  seed: 5\r\n"
        (tmp_path / "a.yaml").write_bytes(text.encode())
        resolved = load(tmp_path / "a.yaml")
        assert resolved.settings.train.seed == 5
        assert resolved.origins["train", "seed"] == f"{tmp_path / 'a.yaml'}:4"

    def test_a_section_whose_every_line_is_commented_out_is_all_defaults(self, tmp_path):
        (tmp_path / "a.yaml").write_text("environment: {env_name: x}\nagent:\n  # learning_rate: 1\n")
        assert load(tmp_path / "a.yaml").settings.agent.learning_rate == 0.001


class TestOrigins:
    def test_a_value_of_the_file_names_its_line(self):
        lines = (REPO / REINFORCE).read_text().splitlines()
        given = yaml.safe_load("\n".join(lines))
        found = origins(config(REINFORCE))
        of_the_file = {place for place, origin in found.items() if origin != "default"}
        assert of_the_file == {(section, key) for section, values in given.items() for key in values}
        for section, key in of_the_file:
            name, _, line = found[section, key].rpartition(":")
            assert name == REINFORCE
            assert lines[int(line) - 1].strip().startswith(f"{key}: ")
            headers = [text.rstrip(":") for text in lines[: int(line) - 1] if re.match(r"\w", text)]
            assert headers[-1] == section

    def test_a_value_of_an_option_names_the_option(self):
        options = ("--set", "agent.learning_rate=3e-3", "--set", "agent.gradient_clipping=5", "--seed", "7")
        printed = config(REINFORCE, *options)
        found = origins(printed)
        assert found["agent", "learning_rate"] == "--set agent.learning_rate=3e-3"
        assert found["agent", "gradient_clipping"] == "--set agent.gradient_clipping=5"
        assert found["train", "seed"] == "--seed 7"
        assert found["agent", "value_fc_layer_params"] == "default"
        values = yaml.safe_load(printed)
        assert values["agent"]["learning_rate"] == 0.003
        assert values["agent"]["gradient_clipping"] == 5
        assert values["train"]["seed"] == 7

    def test_the_last_override_holds_and_seed_outranks_them(self):
        overrides = ("--set", "train.seed=1", "--set", "train.log_interval=3", "--set", "train.log_interval=4")
        printed = config(REINFORCE, *overrides, "--seed", "2")
        assert yaml.safe_load(printed)["train"] == {
            "num_iterations": 250,
            "num_environment_steps": None,
            "stop_when_solved": False,
            "checkpoint_interval": 200,
            "log_interval": 4,
            "seed": 2,
        }
        assert origins(printed)["train", "log_interval"] == "--set train.log_interval=4"
        assert origins(printed)["train", "seed"] == "--seed 2"

    def test_an_override_of_two_lines_keeps_to_its_comment(self):
        # Were the line break printed, the override's second line would stand among the settings.
        printed = config(REINFORCE, "--set", "train.seed=\n  5")
        assert yaml.safe_load(printed)["train"]["seed"] == 5
        assert len(origins(printed)) == len(origins(config(REINFORCE)))


class TestOverrides:
    def test_an_override_may_be_any_yaml_value(self):
        printed = config(
            REINFORCE,
            *("--set", "agent.fc_layer_params=[64, 32]"),
            *("--set", "agent.value_fc_layer_params=[]"),
            *("--set", "agent.normalize_returns=false"),
            *("--set", "environment.max_episode_steps=null"),
            *("--set", "environment.constants={gravity: 2, tau: 1e-3}"),
            *("--set", "environment.env_name=CartPole-v1"),
        )
        values = yaml.safe_load(printed)
        assert values["agent"]["fc_layer_params"] == [64, 32]
        assert values["agent"]["value_fc_layer_params"] == []
        assert values["agent"]["normalize_returns"] is False
        assert values["environment"] == {
            "env_name": "CartPole-v1",
            "suite": "gym",
            "max_episode_steps": None,
            "constants": {"gravity": 2, "tau": 0.001},
            "kwargs": {},
            "wrappers": [],
        }

    def test_an_override_can_name_the_environment_that_the_file_does_not(self, tmp_path):
        (tmp_path / "a.yaml").write_text("train:\n  seed: 1\n")
        printed = config("a.yaml", "--set", "environment.env_name=CartPole-v1", cwd=tmp_path)
        assert yaml.safe_load(printed)["environment"]["env_name"] == "CartPole-v1"

    def test_an_override_can_mend_what_the_file_has_wrong(self, tmp_path):
        (tmp_path / "a.yaml").write_text("environment: {env_name: CartPole-v1}\ntrain: {seed: -1}\n")
        assert yaml.safe_load(config("a.yaml", "--set", "train.seed=1", cwd=tmp_path))["train"]["seed"] == 1

    @pytest.mark.parametrize(
        ("dotted", "value"),
        [
            ("train.seed", "2.5"),
            ("train.num_iterations", "0"),
            ("agent.learning_rate", ".nan"),
            ("agent.fc_layer_params", "[0]"),
            ("agent.kind", "a2c"),
            ("agent.normalize_returns", "on"),
            ("agent.discont", "1"),
            ("agnt.discount", "1"),
        ],
    )
    def test_a_bad_override_is_refused_in_the_words_for_the_file(self, tmp_path, dotted, value):
        section, key = dotted.split(".")
        good = "environment:\n  env_name: x\n"
        (tmp_path / "good.yaml").write_text(good)
        # On one line, so that an unknown section and an unknown key are both refused there.
        (tmp_path / "bad.yaml").write_text(f"{good}{section}: {{{key}: {value}}}\n")
        in_file = run_cartrl("config", "bad.yaml", cwd=tmp_path)
        in_option = run_cartrl("config", "good.yaml", "--set", f"{dotted}={value}", cwd=tmp_path)
        of_file = assert_one_sentence(in_file, "bad.yaml, line 3")
        assert assert_one_sentence(in_option, f"--set {dotted}={value}") == of_file


class TestPrintedConfig:
    def reads_back(self, tmp_path, environment="CartPole-v0", **agent):
        """Check that what ``cartrl config`` prints of these values reads back, here and by any YAML 1.1 parser."""
        values = {"environment": {"env_name": environment}, "agent": agent}
        # JSON is YAML, but for the one line break that YAML has and JSON has not.
        text = json.dumps(values, ensure_ascii=False).replace("\x85", "\\u0085")
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        first = load(tmp_path / "a.yaml")
        assert first.settings.environment.env_name == environment
        write_resolved(first, tmp_path / "b.yaml")  # what the command prints, and what a run keeps
        printed = (tmp_path / "b.yaml").read_text(encoding="utf-8")
        assert printed == resolved_yaml(first)
        assert load(tmp_path / "b.yaml").settings == first.settings
        independent = yaml.safe_load(printed)
        assert kinds(independent["environment"]["env_name"]) == ("str", environment)
        for key, value in agent.items():
            assert kinds(independent["agent"][key]) == kinds(value)

    def test_of_the_tutorials_config(self, tmp_path):
        printed = config(REINFORCE)
        (tmp_path / "a.yaml").write_text(printed)
        again = config("a.yaml", cwd=tmp_path)
        assert kinds(yaml.safe_load(again)) == kinds(yaml.safe_load(printed))
        # Now the file gives every value, so that none is a default.
        assert all(re.fullmatch(r"a\.yaml:\d+", origin) for origin in origins(again).values())

    @pytest.mark.parametrize(
        "number",
        [0.001, 3e-05, 1e-07, 1 / 3, 0.1 + 0.2, 1e6, 1e20, 123456789.5, 5e-324, 1.7976931348623157e308, 2, 2.0],
    )
    def test_of_numbers_small_and_large(self, tmp_path, number):
        self.reads_back(tmp_path, learning_rate=number, gradient_clipping=number)

    def test_of_lists(self, tmp_path):
        self.reads_back(tmp_path, fc_layer_params=[], value_fc_layer_params=list(range(1, 200)))

    @pytest.mark.parametrize("name", TEXTS, ids=ascii)
    def test_of_texts_that_need_quotes(self, tmp_path, name):
        self.reads_back(tmp_path, environment=name)


@pytest.fixture(scope="module")
def schema():
    return json.loads(config("--schema"))


class TestSchema:
    def faults(self, value, rule, schema, where="config"):
        """Return what of ``value`` breaks ``rule``, by the part of JSON Schema that the schema uses."""
        if "$ref" in rule:
            return self.faults(value, schema["definitions"][rule["$ref"].split("/")[-1]], schema, where)
        found = [fault for part in rule.get("allOf", ()) for fault in self.faults(value, part, schema, where)]
        if "anyOf" in rule:
            options = [self.faults(value, part, schema, where) for part in rule["anyOf"]]
            found += [] if [] in options else options[0]
        types = rule.get("type", [])
        if types and not any(self.is_a(value, name) for name in ([types] if isinstance(types, str) else types)):
            return [*found, f"{where} is {value!r}, not {types}"]
        if "enum" in rule and value not in rule["enum"]:
            found.append(f"{where} is {value!r}, not one of {rule['enum']}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            inside = (
                value >= rule.get("minimum", value)
                and value <= rule.get("maximum", value)
                and ("exclusiveMinimum" not in rule or value > rule["exclusiveMinimum"])
            )
            found += [] if inside else [f"{where} is {value!r}, out of bounds"]
        if isinstance(value, list):
            items = rule.get("items", {})  # a rule for each, or one for all
            for item, own in zip(value, items if isinstance(items, list) else itertools.repeat(items)):
                found += self.faults(item, own, schema, f"{where}[]")
            if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", math.inf):
                found.append(f"{where} has {len(value)} items")
        if isinstance(value, dict):
            properties = rule.get("properties", {})
            found += [f"{where}.{name} is missing" for name in rule.get("required", ()) if name not in value]
            for name, item in value.items():
                if name in properties:
                    found += self.faults(item, properties[name], schema, f"{where}.{name}")
                elif rule.get("additionalProperties") is False:
                    found.append(f"{where}.{name} is unknown")
        return found

    def is_a(self, value, name):
        if name == "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        if name == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        return type(value) is {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}[name]

    def values_of_reinforce(self):
        """The values that configs/reinforce.yaml gives, as a parser of YAML 1.2 would read them."""
        values = yaml.safe_load((REPO / REINFORCE).read_text())
        # PyYAML reads YAML 1.1, where 1e-3 is a text.
        values["agent"]["learning_rate"] = float(values["agent"]["learning_rate"])
        return values

    def test_takes_the_tutorials_config(self, schema):
        assert self.faults(self.values_of_reinforce(), schema, schema) == []

    @pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.name)
    def test_the_shipped_one_takes_every_shipped_config(self, path):
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
        assert first == f"# yaml-language-server: $schema={'../' * (path.parent != CONFIGS)}schema.json"
        shipped = json.loads((CONFIGS / "schema.json").read_text(encoding="utf-8"))
        values = parse(text, path.name).values
        assert self.faults(values, shipped, shipped) == []
        assert self.faults({**values, "agent": {"kind": "none"}}, shipped, shipped) != []

    def test_takes_every_value_that_config_prints(self, schema):
        # Among them the nulls, which the settings' descriptions tell one to write.
        assert self.faults(yaml.safe_load(config(REINFORCE)), schema, schema) == []

    @pytest.mark.parametrize(
        ("section", "key", "value"),
        [
            ("agent", "learning_rate", "fast"),
            ("agent", "learning_rate", 0),
            ("agent", "learning_rate", None),
            ("agent", "discount", 1.5),
            ("agent", "fc_layer_params", 100),
            ("agent", "fc_layer_params", [0]),
            ("agent", "conv_layer_params", [[8, 0, 1]]),
            ("agent", "conv_layer_params", [[8, 3]]),
            ("agent", "kind", "a2c"),
            ("agent", "normalize_returns", 1),
            ("agent", "learning_rte", 0.1),
            ("train", "seed", -1),
            ("train", "seed", 2**31),
            ("train", "num_iterations", 2.5),
            ("environment", "env_name", None),
            ("environment", "env_name", 5),
        ],
    )
    def test_refuses_what_the_loader_refuses(self, schema, tmp_path, section, key, value):
        values = self.values_of_reinforce()
        values[section][key] = value
        assert len(self.faults(values, schema, schema)) == 1
        (tmp_path / "a.yaml").write_text(json.dumps(values))
        with pytest.raises(UsageError):
            load(tmp_path / "a.yaml")

    def test_requires_the_environments_name_alone(self, schema):
        for kind in self.kinds(schema):
            assert kind["required"] == ["environment"]
        assert self.faults({}, schema, schema) == ["config.environment is missing"]
        assert self.faults({"environment": {}}, schema, schema) == ["config.environment.env_name is missing"]
        assert self.faults({"environment": {"env_name": "x"}}, schema, schema) == []

    def test_describes_every_setting(self, schema):
        for kind, example in zip(self.kinds(schema), (REINFORCE, "configs/ppo/cartpole-v1.yaml")):
            assert set(kind["properties"]) == set(yaml.safe_load(config(example)))
            for section in kind["properties"].values():
                reference = section.get("$ref") or section["allOf"][0]["$ref"]
                for setting in schema["definitions"][reference.split("/")[-1]]["properties"].values():
                    assert setting["description"]

    def kinds(self, schema):
        """The schemas of the configs of reinforce and of ppo."""
        return [schema["definitions"][kind["$ref"].split("/")[-1]] for kind in schema["anyOf"]]

    def test_needs_no_file_and_a_check_needs_one(self):
        done = run_cartrl("config", cwd=REPO)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert "--schema" in done.stderr
