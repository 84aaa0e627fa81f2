"""What the files of a run say of it agrees, whatever happened on the way."""

from cartrl.run_directory import read_json
from tests.helpers import CONFIGS, module_path, run_cartrl

TINY = ("agent.fc_layer_params=[4]", "train.num_iterations=6", "train.checkpoint_interval=1",
        "eval.eval_interval=2", "eval.num_eval_episodes=2", "environment.max_episode_steps=20")  # fmt: skip


def settings(*values):
    return [word for value in (*TINY, *values) for word in ("--set", value)]


def test_a_run_that_fails_and_then_finishes_where_nothing_closes(tmp_path):
    module = ["--import-module", "moody_environment"]
    moody = settings("environment.env_name=moody_environment:Moody-v0", "collect.engine=vectorized")
    first = ["train", "-c", CONFIGS / "reinforce.yaml", *moody, "--run-dir", "run"]
    where = {"PYTHONPATH": module_path()}
    failed = run_cartrl(*module, *first, cwd=tmp_path, env={**where, "FAIL_AT_STEP": "200"})
    assert failed.returncode == 1
    assert "raised RuntimeError in step: the motor is hot" in failed.stderr  # not how closing failed after it
    finished = run_cartrl(*module, "train", "--resume", "run", cwd=tmp_path, env=where)
    assert finished.returncode == 0, finished.stderr
    manifest = read_json(tmp_path / "run/manifest.json")
    assert manifest["outcome"] == "finished"
    assert "error" not in manifest
    assert [session["outcome"] for session in manifest["sessions"]] == ["failed", "finished"]
