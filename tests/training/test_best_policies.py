"""A run that goes back to a checkpoint has the policies of that moment."""

import json

import pytest

from cartrl.runs.directory import RunDirectory
from cartrl.training import best_policies


@pytest.fixture
def run(tmp_path):
    return RunDirectory(tmp_path / "run")


def save(policy, step):
    """Write what stands for a policy of the iteration ``step``."""
    policy.mkdir(parents=True, exist_ok=True)
    for path in policy.iterdir():
        path.unlink()  # a new file in the place of each, as a new directory has
    (policy / "policy.json").write_text(json.dumps({"step": step}))
    (policy / "variables").write_text(f"variables of {step}")


def replace_best(run, step, checkpoint):
    best_policies.keep(run, checkpoint)
    save(run.best_policy, step)


def best(run):
    assert json.loads((run.best_policy / "policy.json").read_text())["step"] == int(
        (run.best_policy / "variables").read_text().rpartition(" ")[2]
    )
    return json.loads((run.best_policy / "policy.json").read_text())["step"]


def earlier(run):
    return sorted(int(path.name) for path in run.earlier_policies.glob("*"))


def test_the_best_up_to_the_checkpoint_comes_back(run):
    save(run.best_policy, 30)
    best_policies.forget(run, oldest=40)
    replace_best(run, 50, checkpoint=40)
    replace_best(run, 52, checkpoint=40)
    assert (best(run), earlier(run)) == (52, [30])
    best_policies.rewind(run, 40)
    assert (best(run), earlier(run)) == (30, [])


def test_what_is_newer_than_the_checkpoint_goes_and_the_rest_stays(run):
    for step in (0, 20, 40, 60):
        save(run.kept_policy(step), step)
    save(run.final_policy, 60)
    save(run.best_policy, 20)
    best_policies.rewind(run, 40)
    assert sorted(path.name for path in run.kept_policies.iterdir()) == ["00000000", "00000020", "00000040"]
    assert (best(run), run.final_policy.exists()) == (20, False)


def test_each_checkpoint_that_is_left_finds_its_own(run):
    save(run.best_policy, 10)
    replace_best(run, 30, checkpoint=20)
    replace_best(run, 45, checkpoint=40)
    best_policies.forget(run, oldest=20)
    assert earlier(run) == [10, 30]
    best_policies.forget(run, oldest=40)
    assert earlier(run) == [30]
    best_policies.forget(run, oldest=60)
    assert (best(run), earlier(run)) == (45, [])


def test_a_run_that_begins_anew_has_none(run):
    save(run.best_policy, 0)
    save(run.kept_policy(0), 0)
    best_policies.rewind(run, -1)
    assert not run.best_policy.exists()
    assert not run.kept_policy(0).exists()


def test_a_run_without_policies_is_left_alone(run):
    best_policies.keep(run, 10)
    best_policies.forget(run, 10)
    best_policies.rewind(run, 10)
    assert not run.root.exists()
