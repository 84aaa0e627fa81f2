"""The configs that cartrl ships: found by name from anywhere, listed with what they reach, and copied."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import yaml
from scipy.stats import trim_mean

from tests.helpers import CONFIGS, REPO, WHOLE, everything_below, one_line, run_cartrl, run_several

NAMES = sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml"))
UNMEASURED = ("dqn/atari-pong", "ppo/atari-breakout", "sac/halfcheetah-v5")  # which take hours, or a day
RESULTS = (REPO / "docs/results.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| \d+ \| (-?[\d.]+) [^|]*\| \d+ \| (-?[\d.]+) [^|]*\| \d+ \|$", re.MULTILINE)
REACHES = re.compile(
    r"(best|final) policy (\S+) \(interquartile mean of (\d+) seeds?\)(?:, (\d+) of (\d+) at least (\S+))?"
)
SHORT = ("--set", "train.num_iterations=1", "--set", "eval.num_eval_episodes=1")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """What ``cartrl config --list --json`` prints, by name."""
    done = run_cartrl("config", "--list", "--json", cwd=tmp_path_factory.mktemp("elsewhere"))
    assert (done.returncode, done.stderr) == (0, "")
    return {entry["name"]: entry for entry in json.loads(done.stdout)}


class TestNames:
    def test_a_name_works_from_anywhere_and_the_run_says_which_it_was(self, tmp_path):
        done = run_cartrl("train", "--config", "reinforce/cartpole-v1", *SHORT, "--run-dir", "run", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        lines = (CONFIGS / "reinforce/cartpole-v1.yaml").read_text().splitlines()
        origin = re.search(
            r"learning_rate: 0.01 +# reinforce/cartpole-v1:(\d+)\n", (tmp_path / "run/config.yaml").read_text()
        )
        assert "learning_rate: 1e-2" in lines[int(origin[1]) - 1]
        assert "reinforce/cartpole-v1" in json.loads((tmp_path / "run/manifest.json").read_text())["command"]

    def test_every_command_that_takes_a_config_takes_a_name(self, tmp_path):
        sweep, dry, config = run_several(
            ["sweep", "reinforce", "--grid", "train.log_interval=x", "--seeds", "0"],
            ["train", "ppo/cartpole-v1", "--dry-run"], ["config", "ppo/cartpole-v1", "--seed", "0"], cwd=tmp_path,
        )  # fmt: skip
        assert one_line(sweep, 2).startswith("--grid train.log_interval=x: ")
        assert "  # ppo/cartpole-v1:" in dry.stdout
        assert yaml.safe_load(dry.stdout) == yaml.safe_load(config.stdout)

    def test_a_file_of_that_name_wins_and_a_directory_does_not(self, tmp_path):
        (tmp_path / "reinforce").write_text("environment: {env_name: MountainCar-v0}\n")
        (tmp_path / "ppo/cartpole-v1").mkdir(parents=True)
        file, shipped = run_several(["config", "reinforce"], ["config", "ppo/cartpole-v1", "--seed", "1"], cwd=tmp_path)
        assert yaml.safe_load(file.stdout)["environment"]["env_name"] == "MountainCar-v0"
        assert yaml.safe_load(shipped.stdout)["environment"]["env_name"] == "CartPole-v1"

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("ppo/cartpol-v1", ", did you mean 'ppo/cartpole-v1'?"),
            ("configs/ppo/cartpole-v1.yaml", ", did you mean 'ppo/cartpole-v1'?"),
            ("nothing", "; `cartrl config --list` names the shipped configs"),
            ("mine.yaml", ""),
        ],
    )
    def test_another_name_is_answered_with_the_nearest(self, tmp_path, given, hint):
        (tmp_path / "home").mkdir()
        done = run_cartrl("config", given, cwd=tmp_path / "home")
        assert one_line(done, 2) == f"{given}: no such file{hint}"


class TestCopies:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_copy_is_the_file_but_for_the_place_of_the_schema(self, tmp_path, name):
        copied = run_cartrl("config", name, cwd=tmp_path)
        assert (copied.returncode, copied.stderr) == (0, "")
        first, _, rest = copied.stdout.partition("\n")
        assert rest == (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[2]
        place = first.partition("# yaml-language-server: $schema=")[2]
        assert urlparse(place).scheme == "file"
        assert Path(unquote(urlparse(place).path)).read_bytes() == (CONFIGS / "schema.json").read_bytes()

    def test_a_copy_is_a_config_of_the_same_values(self, tmp_path):
        for name in NAMES:
            (tmp_path / f"{name.replace('/', '-')}.yaml").write_text(run_cartrl("config", name, cwd=tmp_path).stdout)
        calls = [["config", f"{name.replace('/', '-')}.yaml"] for name in NAMES]
        calls += [["config", name, "--set", "train.seed=0"] for name in NAMES]
        outcomes = run_several(*calls, cwd=tmp_path)
        for copied, shipped in zip(outcomes[: len(NAMES)], outcomes[len(NAMES) :]):
            assert copied.returncode == shipped.returncode == 0, copied.stderr
            assert yaml.safe_load(copied.stdout) == yaml.safe_load(shipped.stdout)


class TestList:
    def test_has_every_config(self, listed):
        assert sorted(listed) == NAMES
        for name, entry in listed.items():
            agent, _, environment = name.partition("/")
            assert entry["agent"] == agent
            assert not environment or entry["env_name"].lower() == re.sub("^(atari|dm)-", "", environment)

    @pytest.mark.parametrize("name", sorted({*NAMES} - {*UNMEASURED}))
    def test_what_it_reaches_is_in_the_table_of_results(self, listed, name):
        said = REACHES.fullmatch(listed[name]["reaches"] or "")
        assert said, f"configs/{name}.yaml: see 'Add a config' in CONTRIBUTING.md"
        policy, mean, seeds, solved, all_seeds, threshold = said.groups()
        table = re.split(f"benchmarks.seeds configs/{name}.yaml --seeds [0-9-]+\n", RESULTS)[1].split("```sh")[0]
        returns = [float(row[policy == "final"]) for row in ROW.findall(table.partition("\n## ")[0])]
        assert len(returns) == int(seeds)
        assert float(mean) == pytest.approx(trim_mean(returns, 0.25), abs=0.051)  # those of the table are rounded, too
        if threshold is not None:
            assert all_seeds == seeds
            assert f"at least {threshold}: best policy" in table
            assert int(solved) == sum(value >= float(threshold) for value in returns)

    def test_is_a_table_of_80_columns(self, tmp_path, listed):
        narrow = run_cartrl("config", "--list", cwd=tmp_path, env={"COLUMNS": "80"}).stdout
        assert max(map(len, narrow.splitlines())) <= 80
        assert "…" not in narrow
        row = re.search(r"^ppo/cartpole-v1 +ppo +(.*?) *$", narrow, re.MULTILINE)
        assert re.split(" {2,}", row[1]) == ["100,000 steps", "500.0", "final", "10 of 10"]
        assert "CartPole-v1, solved from 475\n" in narrow
        assert re.search(r"^reinforce +reinforce +500 episodes ", narrow, re.MULTILINE)
        assert re.search(r"^reinforce/cartpole-v1 +reinforce +≤ 1,600 episodes ", narrow, re.MULTILINE)
        whole = run_cartrl("config", "--list", cwd=tmp_path, env=WHOLE).stdout
        firsts = [line.partition(" ")[0] for line in whole.splitlines()]
        assert sorted(first for first in firsts if first in NAMES) == NAMES

    def test_json_is_of_the_list_alone(self, tmp_path):
        assert one_line(run_cartrl("config", "reinforce", "--json", cwd=tmp_path), 2) == "--json is for --list"


def test_what_is_built_holds_them_as_files(tmp_path):
    home = tmp_path / "repository"
    shutil.copytree(REPO / "cartrl", home / "cartrl", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CONFIGS, home / "configs")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(REPO / name, home)
    build = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "build_py", "--build-lib", "built"]
    subprocess.run(build, cwd=home, check=True, capture_output=True)
    built = home / "built/cartrl/settings/configs"
    assert not built.is_symlink()
    assert everything_below(built) == everything_below(CONFIGS)
