"""Workers, the drawer and the run of ``cartrl reproduce`` as the command line starts them."""

from tests.helpers import CONFIGS, run_cartrl

TINY = ("--set", "train.num_iterations=2", "--set", "eval.num_eval_episodes=2")
FLAG = "--xla_no_such_flag=1"


def test_no_process_executes_a_file_of_the_working_directory(tmp_path):
    """In this one stand a module of the standard library, one that only the drawer loads, and another cartrl."""
    (tmp_path / "cartrl").mkdir()
    for name in ("logging.py", "matplotlib.py", "cartrl/__init__.py", "cartrl/worker.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write(__file__)")
    config = CONFIGS / "reinforce.yaml"
    study = run_cartrl("train", "-c", config, *TINY, "--seeds", "0", "--run-dir", "study", "--quiet", cwd=tmp_path)
    assert (study.returncode, study.stdout, study.stderr) == (0, "study\n", "")
    assert (tmp_path / "study/seed-0/learning_curve.png").is_file()
    again = run_cartrl("reproduce", "study/seed-0", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert not (tmp_path / "executed").exists()


def test_a_flag_that_xla_does_not_know_is_named(short_run, tmp_path):
    """XLA calls abort() for it, while what it writes is held back."""
    end = "was ended by SIGABRT (a library gave up): this TensorFlow does not know"
    sentence = f"{end} {FLAG} in the environment variable XLA_FLAGS; take that out\n"
    done = run_cartrl("train", "-c", CONFIGS / "reinforce.yaml", *TINY, cwd=tmp_path, env={"XLA_FLAGS": FLAG})
    assert (done.returncode, done.stdout) == (-6, "")
    held_back, said = done.stderr.splitlines(keepends=True)
    assert "Unknown flags in XLA_FLAGS: " in held_back
    assert said == f"error: cartrl {sentence}"
    again = run_cartrl("reproduce", short_run.directory, cwd=tmp_path, env={"XLA_FLAGS": FLAG})
    assert (again.returncode, again.stdout, again.stderr) == (1, "", f"error: cartrl train {sentence}")
