"""`cartrl export --hub-folder`: the folder is whole, and its card says what was measured in the Hub's own fields."""

import json

import numpy as np
import pytest
import yaml

from tests.films import read_film
from tests.helpers import one_line, run_cartrl, run_several

EPISODES = ("--episodes", "20")
# The fields of https://github.com/huggingface/hub-docs/blob/main/modelcard.md, and pipeline_tag of its docs.
FIELDS = {"library_name", "pipeline_tag", "tags", "model-index"}


@pytest.fixture(scope="module")
def home(short_run, short_study, tmp_path_factory):
    """A directory with the folders of a run and of a study, and what the commands printed."""
    home = tmp_path_factory.mktemp("hub")
    outcomes = run_several(
        ["export", short_run.directory, "--hub-folder", "one", *EPISODES],
        ["export", short_study, "--hub-folder", "both", *EPISODES, "--json"],
        *(["eval", short_study / f"seed-{seed}", *EPISODES, "--json"] for seed in (3, 4)),
        ["eval", "one/policy", *EPISODES, "--json"],
        ["config", "one/config.yaml"],
        ["export", short_run.directory, "--hub-folder", "one"],
        ["export", short_run.directory, "--hub-folder", "two", "--output", "three"],
        ["export", "one/policy", "--hub-folder", "four"],
        cwd=home,
    )
    return home, outcomes


def card(folder):
    """Return the metadata of a card, and its text."""
    _, metadata, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(metadata), text


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_folder_of_a_run_has_card_policy_config_and_film(home):
    home, outcomes = home
    assert [outcome.returncode for outcome in outcomes[:6]] == [0] * 6, outcomes
    files = ["README.md", "config.yaml", *(f"policy/{name}" for name in ("README.md", "policy.json", "policy.npz"))]
    assert listed(home / "one") == [*files, "policy/policy.py", "replay.mp4"]
    frames, _ = read_film(home / "one/replay.mp4")
    metadata, text = card(home / "one")
    steps = len(frames) - 1 - 50  # after the first frame, and before the second for which the last one stays
    assert f"`replay.mp4` shows an episode of it, of return {steps}." in text
    told = json.loads(outcomes[2].stdout)
    assert json.loads(outcomes[4].stdout)["returns"] == told["returns"]
    (result,) = metadata["model-index"][0]["results"]
    (metric,) = result["metrics"]
    assert metadata.keys() == FIELDS
    assert metadata["tags"] == ["reinforcement-learning", "CartPole-v0", "gym", "reinforce"]
    assert (result["dataset"]["type"], metric["type"], metric["value"]) == ("CartPole-v0", "mean_reward", told["mean"])
    assert metric["name"].startswith("mean return of 20 greedy episodes, 95 % interval ")
    assert "cartrl train config.yaml\n" in text
    assert "seed 3" in text
    assert "next\n  hf upload NAME/REPOSITORY one\n" in outcomes[0].stdout


def test_the_card_of_a_study_has_all_seeds_and_the_policy_of_the_best(home):
    home, outcomes = home
    told = {3: json.loads(outcomes[2].stdout), 4: json.loads(outcomes[3].stdout)}
    means = {seed: report["mean"] for seed, report in told.items()}
    best = max(means, key=means.__getitem__)
    found = json.loads(outcomes[1].stdout)
    assert found["seeds"] == {str(seed): mean for seed, mean in means.items()}
    assert (found["evaluation"]["policy"].rpartition("/seed-")[2], found["evaluation"]["seed"]) == (
        f"{best}/policies/best", 1,
    )  # fmt: skip
    metadata, text = card(home / "both")
    own, of_seeds = metadata["model-index"][0]["results"][0]["metrics"]
    assert own["value"] == found["evaluation"]["mean"]
    assert of_seeds["value"] == pytest.approx(np.mean(list(means.values())))  # of two seeds, none is left out
    assert of_seeds["name"].startswith("interquartile mean over 2 seeds of their mean returns, 95 % interval ")
    rows = [line for line in text.splitlines() if line.startswith(("| 3 |", "| 4 |"))]
    assert [f"{float(row.split('|')[2]):.0f}" for row in rows] == [f"{mean:.0f}" for mean in means.values()]
    assert f"The policy here is that of seed {best}" in text
    assert "cartrl train config.yaml --seeds 3-4\n" in text


def test_what_cannot_be_is_refused_in_a_sentence(home):
    home, outcomes = home
    assert one_line(outcomes[6], 2) == "one: exists already; give a new directory with --hub-folder"
    assert "--output and --hub-folder both name a directory" in one_line(outcomes[7], 2)
    assert "is an exported policy" in one_line(outcomes[8], 2)


def test_a_folder_that_fails_leaves_nothing(short_run, tmp_path):
    """Files of 8 KiB hold the policy, but not the film."""
    done = run_cartrl("export", short_run.directory, "--hub-folder", "pole", *EPISODES, cwd=tmp_path, largest_file=8)
    assert one_line(done, 1).startswith("pole/replay.mp4: cannot be written: ffmpeg: ")
    assert list(tmp_path.iterdir()) == []


def test_the_library_of_the_hub_reads_the_card(home):
    hub = pytest.importorskip("huggingface_hub", reason="no huggingface_hub")
    home, _ = home
    for name, count in (("one", 1), ("both", 2)):
        read = hub.ModelCard.load(home / name / "README.md")
        assert len(read.data.eval_results) == count
        assert yaml.safe_load(read.data.to_yaml()) == card(home / name)[0]
