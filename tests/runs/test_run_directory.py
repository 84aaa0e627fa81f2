"""Run directories: how they are named and found, and what of a saved policy is checked before it is loaded."""

import hashlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.runs import directory as run_directory
from cartrl.runs.directory import RunDirectory, create
from cartrl.runs.finding import find_policy
from cartrl.runs.json_files import read_json, write_json
from tests.helpers import assert_one_sentence, everything_below, run_and_list_imports, run_cartrl

CONTENT = {
    "environment": {"env_name": "CartPole-v0", "max_episode_steps": 200},
    "specs": {"observation": {"shape": [4]}, "action": {"shape": [], "minimum": 0, "maximum": 1}},
    "step": 250,
}


def make_policy(directory):
    """Make what looks like a saved policy, without TensorFlow."""
    (directory / "variables").mkdir(parents=True)
    (directory / "saved_model.pb").write_bytes(b"graph\0" * 100)
    (directory / "variables" / "variables.index").write_bytes(b"index")
    (directory / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(range(256)))
    sidecar.write(directory, CONTENT)
    return directory


def make_run(root, started="2024-01-01T00:00:00.000+00:00"):
    """Make what looks like a finished run with a best and a final policy."""
    run = RunDirectory(root)
    make_policy(run.best_policy)
    make_policy(run.final_policy)
    write_json(run.manifest, {"started": started, "outcome": "finished"})
    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestCreation:
    @pytest.fixture
    def stopped_clock(self, monkeypatch):
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return cls(2024, 2, 29, 13, 5, 9, tzinfo=tz)

        monkeypatch.setattr(run_directory, "datetime", Clock)

    def test_name_says_environment_agent_seed_and_time(self, here):
        before = datetime.now().replace(microsecond=0)
        run = RunDirectory(create(None, "CartPole-v1", "reinforce", "7"))
        match = re.fullmatch(r"runs/CartPole-v1-reinforce-7-(\d{8}-\d{6})", str(run.root))
        assert match, run.root
        assert before <= datetime.strptime(match[1], "%Y%m%d-%H%M%S") <= datetime.now()
        assert (here / run.root).is_dir()
        assert list(run.root.iterdir()) == []

    def test_slash_in_an_environments_name_makes_no_directory(self, here, stopped_clock):
        run = RunDirectory(create(None, "ALE/Pong-v5", "reinforce", "0"))
        assert run.root == Path("runs/ALE-Pong-v5-reinforce-0-20240229-130509")

    def test_runs_of_the_same_second_get_different_directories(self, here, stopped_clock):
        names = [create(None, "CartPole-v1", "reinforce", "7").name for _ in range(3)]
        first = "CartPole-v1-reinforce-7-20240229-130509"
        assert names == [first, f"{first}-2", f"{first}-3"]
        assert sorted(path.name for path in Path("runs").iterdir()) == names

    def test_runs_of_the_same_moment_get_different_directories(self, here, stopped_clock):
        # Whoever first looks for a free name and then takes it may find it taken by another.
        at_once, rounds = 8, 25
        for number in range(rounds):
            barrier = threading.Barrier(at_once)

            def made_at_once(_, seed=number, barrier=barrier):
                barrier.wait()
                return create(None, "CartPole-v1", "reinforce", str(seed))

            with ThreadPoolExecutor(at_once) as pool:
                made = list(pool.map(made_at_once, range(at_once)))
            assert len(set(made)) == at_once

    def test_directory_of_ones_own_may_lie_deep(self, here):
        run = RunDirectory(create(Path("a/b/c"), "CartPole-v1", "reinforce", "0"))
        assert run.root == Path("a/b/c")
        assert run.root.is_dir()

    @pytest.mark.parametrize("kind", ["full directory", "empty directory", "file"])
    def test_train_refuses_what_exists(self, tmp_path, kind):
        home = tmp_path / "home"
        home.mkdir()
        (home / "a.yaml").write_text("environment:\n  env_name: CartPole-v1\n")
        if kind == "file":
            (home / "taken").write_text("mine")
        else:
            (home / "taken").mkdir()
        if kind == "full directory":
            (home / "taken" / "metrics.csv").write_text("mine")
        before = everything_below(home)
        arguments = ("train", "--config", "a.yaml", "--run-dir", "taken")
        done, imported = run_and_list_imports(*arguments, cwd=home, report=tmp_path / "report.json")
        assert "exists already" in assert_one_sentence(done, "taken")
        assert "tensorflow" not in imported
        assert everything_below(home) == before

    def test_train_refuses_a_directory_that_cannot_be_made(self, tmp_path):
        (tmp_path / "a.yaml").write_text("environment:\n  env_name: CartPole-v1\n")
        done = run_cartrl("train", "--config", "a.yaml", "--run-dir", "a.yaml/run", cwd=tmp_path)
        assert assert_one_sentence(done, "a.yaml") == "is not a directory"


class TestFindingAPolicy:
    def test_run_directory_means_its_best_policy(self, here):
        run = make_run(here / "mine")
        assert find_policy("mine") == Path("mine/policies/best")
        assert find_policy(str(run.root)) == run.best_policy

    @pytest.mark.parametrize("which", ["best", "final"])
    def test_policy_directory_means_itself(self, here, which):
        make_run(here / "mine")
        assert find_policy(f"mine/policies/{which}") == Path(f"mine/policies/{which}")

    def test_directory_of_policies_means_the_best(self, here):
        make_run(here / "mine")
        assert find_policy("mine/policies") == Path("mine/policies/best")

    @pytest.mark.parametrize("reference", [None, "latest"])
    def test_latest_is_the_run_that_started_last(self, here, reference):
        # Neither the last in the alphabet, nor the last written.
        make_run(here / "runs/b", started="2024-03-01T09:00:00.000+00:00")
        make_run(here / "runs/a", started="2024-03-01T10:00:00.000+00:00")
        make_run(here / "runs/c", started="2023-12-31T23:59:59.999+00:00")
        (here / "runs/not-a-run").mkdir()
        assert find_policy(reference) == Path("runs/a/policies/best")

    @pytest.mark.parametrize("reference", [None, "latest"])
    def test_latest_of_no_runs_is_refused(self, here, reference):
        with pytest.raises(UsageError, match="there is no run below runs/ here"):
            find_policy(reference)

    def test_missing_run_is_refused(self, here):
        make_run(here / "runs/CartPole-v1-reinforce-0")
        with pytest.raises(UsageError) as refusal:
            find_policy("zzz")
        assert str(refusal.value) == "zzz: no such run or policy"

    @pytest.mark.parametrize("reference", ["runs/CartPole-v1-reinforce-1", "CartPole-v1-reinforce-0"])
    def test_missing_run_has_the_nearest_suggested(self, here, reference):
        make_run(here / "runs/CartPole-v1-reinforce-0")
        make_run(here / "runs/Pendulum-v1-reinforce-0")
        with pytest.raises(UsageError) as refusal:
            find_policy(reference)
        suggestion = "did you mean 'runs/CartPole-v1-reinforce-0'?"
        assert str(refusal.value) == f"{reference}: no such run or policy, {suggestion}"

    def test_directory_without_a_policy_is_refused(self, here):
        (here / "empty").mkdir()
        with pytest.raises(UsageError, match="empty: holds no saved policy"):
            find_policy("empty")

    def test_file_is_refused(self, here):
        (here / "file").write_text("{}")
        with pytest.raises(UsageError, match="file: holds no saved policy"):
            find_policy("file")

    @pytest.mark.parametrize("manifest", ['{"started', "[]", "\udcff", '{"started": 5}', '{"started": null}', "{}"])
    def test_damaged_manifest_is_no_traceback(self, here, manifest):
        make_run(here / "runs/good")
        make_run(here / "runs/bad").manifest.write_bytes(manifest.encode("utf-8", "surrogateescape"))
        # Whether the run is passed over or named is a matter of taste.
        try:
            assert find_policy("latest") == Path("runs/good/policies/best")
        except UsageError as refusal:
            assert "runs/bad/manifest.json" in str(refusal)


class TestSidecar:
    @pytest.fixture
    def policy(self, tmp_path):
        return make_policy(tmp_path / "policies" / "best")

    def refusal(self, policy):
        with pytest.raises(UsageError) as refusal:
            sidecar.read(policy)
        message = str(refusal.value)
        assert message.startswith(str(policy))
        assert "\n" not in message
        return message

    def test_untouched_policy_is_read(self, policy):
        saved = sidecar.read(policy)
        assert saved.directory == policy
        assert (saved.environment.env_name, saved.environment.max_episode_steps) == ("CartPole-v0", 200)
        assert (saved.step, saved.observation_shape) == (250, (4,))

    def test_every_file_has_its_fingerprint(self, policy):
        content = read_json(policy / "policy.json")
        assert {key: content[key] for key in CONTENT} == CONTENT
        assert content["files"]["variables/variables.index"] == hashlib.sha256(b"index").hexdigest()
        assert sorted(content["files"]) == [
            "saved_model.pb",
            "variables/variables.data-00000-of-00001",
            "variables/variables.index",
        ]

    def test_moved_policy_is_read(self, policy, tmp_path):
        assert sidecar.read(policy.rename(tmp_path / "elsewhere")).step == 250

    @pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
    def test_changed_byte_is_refused(self, policy, name):
        content = bytearray((policy / name).read_bytes())
        content[len(content) // 2] ^= 1
        (policy / name).write_bytes(content)
        message = self.refusal(policy)
        assert name in message
        assert "not what was saved" in message

    @pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index"])
    def test_missing_file_is_refused(self, policy, name):
        (policy / name).unlink()
        assert f"{name} is missing" in self.refusal(policy)

    @pytest.mark.parametrize("name", ["extra.so", "assets/vocabulary.txt", "assets/policy.json"])
    def test_added_file_is_refused(self, policy, name):
        (policy / name).parent.mkdir(exist_ok=True)
        (policy / name).write_bytes(b"")
        message = self.refusal(policy)
        assert name in message
        assert "is missing" not in message

    def test_renamed_file_is_refused(self, policy):
        (policy / "variables/variables.index").rename(policy / "variables/variables.indes")
        assert "variables/variables.inde" in self.refusal(policy)

    @pytest.mark.parametrize("key", ["environment", "specs", "step", "files"])
    def test_sidecar_without_a_part_is_refused(self, policy, key):
        content = json.loads((policy / "policy.json").read_text())
        del content[key]
        (policy / "policy.json").write_text(json.dumps(content))
        message = self.refusal(policy)
        assert message.startswith(f"{policy / 'policy.json'}: ")
        assert repr(key) in message

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            *(("files", value) for value in (None, 4, "saved_model.pb", ["saved_model.pb"])),
            *(("environment", value) for value in (None, "CartPole-v0", {}, {"env_name": "CartPole-v0"})),
            *(("specs", value) for value in (None, {}, {"observation": None}, {"observation": {"shape": 4}})),
            *(("step", value) for value in (None, "many", [], float("inf"), float("nan"))),
        ],
        ids=repr,
    )
    def test_sidecar_of_other_types_is_refused(self, policy, key, value):
        content = json.loads((policy / "policy.json").read_text())
        (policy / "policy.json").write_text(json.dumps({**content, key: value}))
        assert self.refusal(policy).startswith(f"{policy / 'policy.json'}: ")

    @pytest.mark.parametrize(
        "text",
        [b"", b"{", b'{"step": 250,', b"[]", b"null", b"250", b'"text"', b"\xff\xfe", b"[" * 100_000],
        ids=lambda text: repr(text[:20]),
    )
    def test_damaged_json_is_refused(self, policy, text):
        (policy / "policy.json").write_bytes(text)
        message = self.refusal(policy)
        assert message.startswith(f"{policy / 'policy.json'}: ")
        assert "cannot be read" in message or "not a JSON object" in message

    @pytest.mark.parametrize("command", ["eval", "record"])
    def test_commands_refuse_before_tensorflow_is_imported(self, tmp_path, command):
        home = tmp_path / "home"
        run = make_run(home / "runs/mine")
        (run.best_policy / "saved_model.pb").write_bytes(b"another graph")
        before = everything_below(home)
        done, imported = run_and_list_imports(command, cwd=home, report=tmp_path / "report.json")
        assert "saved_model.pb" in assert_one_sentence(done, "runs/mine/policies/best")
        assert imported == []
        assert everything_below(home) == before


class TestJsonFiles:
    def test_what_is_written_is_read(self, tmp_path):
        content = {"a": [1, 2.5, None, "é"], "b": {"c": True}}
        write_json(tmp_path / "a.json", content)
        assert read_json(tmp_path / "a.json") == content

    def test_nothing_else_is_left_in_the_directory(self, tmp_path):
        write_json(tmp_path / "a.json", {"a": 1})
        write_json(tmp_path / "a.json", {"a": 2})
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
        assert read_json(tmp_path / "a.json") == {"a": 2}

    def test_what_json_cannot_say_leaves_the_old_content(self, tmp_path):
        write_json(tmp_path / "a.json", {"a": 1})
        with pytest.raises(ValueError, match="JSON"):
            write_json(tmp_path / "a.json", {"a": float("nan")})
        assert read_json(tmp_path / "a.json") == {"a": 1}
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]

    def test_missing_file_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match=r"a\.json: cannot be read"):
            read_json(tmp_path / "a.json")
