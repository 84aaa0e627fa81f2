"""The plan of a study: what is said of one that was kept, and of each way in which it was not."""

import json
import shutil

import pytest

from cartrl.runs.plans import of_study, sealed
from cartrl.runs.results import load_study
from cartrl.settings import load
from tests.helpers import WHOLE, run_cartrl
from tests.studies import curves, write_run, write_study


@pytest.fixture
def study(tmp_path):
    """A finished study of four seeds that kept to its plan."""
    study = write_study(tmp_path / "study", curves([10.0, 20.0, 30.0, 40.0]))
    plan = of_study(load(study / "config.yaml").settings, range(4), "final", 0.05)
    change(study, **sealed(plan))
    return study


def change(study, **facts):
    path = study / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def add_a_seed(study):
    write_run(study / "seed-9", 9, [5.0, 99.0])


def remove_a_seed(study):
    shutil.rmtree(study / "seed-1")
    change(study, seeds=[0, 2, 3])


def train_longer(study):
    config = study / "config.yaml"
    config.write_text(config.read_text().replace("num_iterations: 250", "num_iterations: 400"))


def change_the_plan(study):
    plan = json.loads((study / "study.json").read_text())["plan"]
    change(study, plan={**plan, "seeds": [0, 1, 2]})


def seal_something_else(study):
    change(study, **sealed(["anything"]))


NOT_KEPT = "the plan made before the first run was not kept: "
CASES = {
    add_a_seed: f"{NOT_KEPT}seeds added: 9",
    remove_a_seed: f"{NOT_KEPT}seeds left out: 1",
    train_longer: f"{NOT_KEPT}train.num_iterations was 250 and is 400",
    change_the_plan: "the plan of this study was changed after it was made",
    seal_something_else: "the plan of this study was changed after it was made",
}


def test_a_plan_that_was_kept(study):
    assert load_study(study).notes() == ["kept to the plan made before the first run: seeds 0-3, by final return"]


@pytest.mark.parametrize("change_it", CASES)
def test_a_plan_that_was_not(study, change_it):
    change_it(study)
    assert load_study(study).notes() == [CASES[change_it]]


@pytest.mark.parametrize(
    ("tested", "note"),
    [("final", "kept to the plan made before"), ("area", f"{NOT_KEPT}the number tested was final and is area")],
)
def test_a_plan_says_which_number_is_tested(study, tested, note):
    assert load_study(study).notes(tested)[-1].startswith(note)


def test_seeds_that_are_still_to_come_are_not_left_out(study):
    shutil.rmtree(study / "seed-3")
    change(study, outcome="interrupted")
    assert "kept to the plan" in load_study(study).notes()[-1]


def test_compare_says_it(study, tmp_path):
    other = write_study(tmp_path / "other", curves([10.0, 20.0, 30.0, 41.0]))
    add_a_seed(study)
    done = run_cartrl("compare", study, other, "--by", "best", cwd=tmp_path, env=WHOLE)
    assert done.returncode == 0, done.stderr
    assert f"{CASES[add_a_seed]}; the number tested was final and is best" in " ".join(done.stdout.split())
