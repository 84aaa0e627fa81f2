"""``cartrl compare`` and ``plot`` with runs of other tools: files that those tools wrote, and hostile ones."""

import csv
import io
import json
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from cartrl.errors import UsageError
from cartrl.runs.foreign import UNSAID, Layout, load_studies
from cartrl.runs.foreign.csv_table import parse_columns
from tests.helpers import assert_one_sentence, run_and_list_imports, run_cartrl
from tests.studies import curves, write_study

WRITTEN = Path(__file__).parents[1] / "foreign_runs"
SEEDS = (1, 2, 3)


@pytest.fixture
def home(tmp_path):
    for name in ("ppo", "ppo-fast"):
        shutil.copytree(WRITTEN / name, tmp_path / name)
        for seed in SEEDS:
            run = tmp_path / f"training-{name}/CartPole-v1_{seed}"
            run.mkdir(parents=True)
            shutil.copy(WRITTEN / f"{name}/CartPole-v1_{seed}/0.monitor.csv", run / "monitor.csv")
    return tmp_path


def compared(*arguments, cwd):
    done = run_cartrl("compare", *arguments, "--json", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def evaluations(name, seed):
    with np.load(WRITTEN / f"{name}/CartPole-v1_{seed}/evaluations.npz") as file:
        return file["timesteps"].astype(float), file["results"].mean(axis=1)


def episodes(name, seed):
    """The returns of training, and the steps after each."""
    lines = (WRITTEN / f"{name}/CartPole-v1_{seed}/0.monitor.csv").read_text().splitlines()[1:]
    rows = list(csv.DictReader(lines))
    return np.array([float(row["r"]) for row in rows]), np.cumsum([int(row["l"]) for row in rows])


def test_evaluations_of_stable_baselines3(home):
    report = compared("ppo", "ppo-fast", cwd=home)
    assert (report["env_name"], report["reward_threshold"], report["differences"]) == ("CartPole-v1", None, None)
    assert (report["caveats"], report["conclusion"].count(". ")) == ([], 0)
    for study, name in zip(report["studies"], ("ppo", "ppo-fast")):
        read = [evaluations(name, seed) for seed in SEEDS]
        finals, areas = [returns[-1] for _, returns in read], [np.trapz(own, at) / np.ptp(at) for at, own in read]
        assert (study["name"], study["seeds"]) == (name, list(SEEDS))
        assert study["metrics"]["final_return"]["values"] == finals
        assert study["metrics"]["final_return"]["interquartile_mean"] == pytest.approx(
            scipy.stats.trim_mean(finals, 0.25)
        )
        assert study["metrics"]["best_return"]["values"] == [returns.max() for _, returns in read]
        assert study["metrics"]["area"]["values"] == pytest.approx(areas)
        assert any("evaluations.npz" in note for note in study["notes"])
        assert "grouped by the names of the runs as {env}_{seed}" in study["notes"]
    finals = [study["metrics"]["final_return"]["values"] for study in report["studies"]]
    (pair,) = report["comparisons"]
    assert pair["probability_of_improvement"]["final_return"] == scipy.stats.mannwhitneyu(*finals).statistic / 9
    assert pair["p_value"] == pytest.approx(2 / 20)  # no overlap: the two outermost of all divisions


def test_monitors_of_stable_baselines3(home):
    report = compared("training-ppo", "training-ppo-fast", cwd=home)
    assert (report["env_name"], report["caveats"]) == ("CartPole-v1", [])
    for study, name in zip(report["studies"], ("ppo", "ppo-fast")):
        read = [episodes(name, seed)[0] for seed in SEEDS]
        assert study["metrics"]["final_return"]["values"] == pytest.approx([own[-100:].mean() for own in read])
        means = [[own[max(end - 100, 0) : end].mean() for end in range(1, len(own) + 1)] for own in read]
        assert study["metrics"]["best_return"]["values"] == pytest.approx([max(own) for own in means])
        assert any("training returns" in note for note in study["notes"])


def test_episodes_of_several_environments_come_in_the_order_of_their_ends(home):
    run = home / "both"
    run.mkdir()
    (run / "0.monitor.csv").write_text('#{"t_start": 100.0, "env_id": "X-v0"}\nr,l,t\n1,10,1.0\n3,10,3.0\n')
    (run / "1.monitor.csv").write_text('#{"t_start": 101.0, "env_id": "X-v0"}\nr,l,t\n5,20,1.0\n7,20,5.0\n')
    done = run_cartrl("plot", "both", "--x", "seconds", "-o", "curve.svg", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    shutil.copytree(run, home / "both-again")
    report = compared("both", "both-again", cwd=home)
    (values,) = (study["metrics"]["area"]["values"] for study in report["studies"][:1])
    # After 1, 2, 3 and 6 s: returns 1, 5, 3, 7, so means 1, 3, 3, 4 after 10, 30, 40 and 60 steps.
    assert values == pytest.approx([(20 * 2 + 10 * 3 + 20 * 3.5) / 50])


def test_what_is_not_comparable_is_said_with_the_conclusion(home):
    short = home / "short"
    for seed in SEEDS:
        (short / f"run{seed}").mkdir(parents=True)
        np.savez(short / f"run{seed}/evaluations.npz", timesteps=[100, 200], results=np.full((2, 5), 9.0))
    report = compared("training-ppo", "short", cwd=home)
    for part in ("The returns may not be", "The budgets differ", "Whether the environment is the same"):
        assert sum(part in sentence for sentence in report["caveats"]) == 1
        assert part in report["conclusion"]
    write_study(home / "own", curves([200.0, 190.0, 180.0]), env_name="CartPole-v1")
    report = compared("own", "ppo", "--by", "area", cwd=home)
    assert "that of own is over iterations, that of ppo is over steps" in report["conclusion"]
    assert len(report["studies"]) == 2


def test_runs_that_are_shorter_than_the_others_are_named(home):
    np.savez(home / "ppo/CartPole-v1_2/evaluations.npz", timesteps=[512, 1024], results=np.ones((2, 5)))
    (notes,) = (study["notes"] for study in compared("ppo", "ppo-fast", cwd=home)["studies"][:1])
    assert notes[-1] == "fewer steps than the longest run's 2,048: seed 2 (1,024); counted all the same"


def test_other_environments_are_refused(home):
    write_study(home / "own", curves([200.0, 190.0]), env_name="CartPole-v0")
    said = assert_one_sentence(run_cartrl("compare", "own", "ppo", cwd=home), "ppo")
    assert said.startswith("its environment is CartPole-v1, but that of own is CartPole-v0")
    shutil.copytree(home / "ppo/CartPole-v1_1", home / "ppo/Pendulum-v1_1")
    (home / "ppo/Pendulum-v1_1/0.monitor.csv").unlink()
    said = assert_one_sentence(run_cartrl("plot", "ppo", cwd=home), "ppo/Pendulum-v1")
    assert said.startswith("its environment is Pendulum-v1, but that of ppo/CartPole-v1 is CartPole-v1")


def test_a_picture_and_a_chart_run_over_steps(home):
    done = run_cartrl("plot", "ppo", "training-ppo-fast", "-o", "curves.svg", "--terminal", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Environment steps" in done.stdout
    assert "ppo: grouped by the names of the runs as {env}_{seed}" in done.stdout
    said = assert_one_sentence(run_cartrl("plot", "ppo", "--x", "seconds", cwd=home), "--x seconds")
    assert said == "ppo has no seconds, but steps"


class Touch:
    def __reduce__(self):
        return Path.touch, (Path("ran"),)


def archive(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def with_header(shape):
    """An archive whose results claim to have a ``shape`` that the file does not hold."""
    content, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(content, "w") as file, zipfile.ZipFile(io.BytesIO(archive(timesteps=[1]))) as whole:
        file.writestr("timesteps.npy", whole.read("timesteps.npy"))
        file.writestr("results.npy", header.getvalue())
    return content.getvalue()


STEPS = np.array([1, 2])
HOSTILE = {
    "pickled": (archive(timesteps=np.array([Touch()], object), results=np.ones((1, 1))), "timesteps cannot be read"),
    "a pickle": (pickle.dumps(Touch()), "timesteps cannot be read"),
    "garbage": (b"PK\x03\x04garbage", "timesteps cannot be read"),
    "empty": (b"", "timesteps cannot be read"),
    "another archive": (archive(other=STEPS), "timesteps cannot be read"),
    "more than it holds": (with_header((1 << 40, 1 << 10)), "results cannot be read"),
    "NaN": (archive(timesteps=STEPS, results=np.array([[1.0], [np.nan]])), "a return after 2 steps is nan"),
    "texts": (archive(timesteps=STEPS, results=np.array([["a"], ["b"]])), "must be numbers"),
    "other shapes": (archive(timesteps=STEPS, results=np.ones((3, 1))), "results [3, 1]"),
    "no episodes": (archive(timesteps=STEPS, results=np.ones((2, 0))), "results [2, 0]"),
    "falling steps": (archive(timesteps=STEPS[::-1], results=np.ones((2, 1))), "rise"),
}


@pytest.mark.parametrize("content, said", HOSTILE.values(), ids=HOSTILE)
def test_hostile_evaluations_are_refused(home, content, said):
    path = home / "ppo/CartPole-v1_2/evaluations.npz"
    path.write_bytes(content)
    assert said in refusal(home / "ppo", path)


def test_a_pickle_does_not_run(home):
    path = Path("ppo/CartPole-v1_2/evaluations.npz")
    (home / path).write_bytes(HOSTILE["pickled"][0])
    assert_one_sentence(run_cartrl("compare", "ppo", "ppo-fast", cwd=home), str(path))
    assert not (home / "ran").exists()


def refusal(study, path, layout=UNSAID):
    """Return what is said of the file at ``path``, one sentence, when ``study`` is read."""
    with pytest.raises(UsageError) as raised:
        load_studies(study, layout)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    return str(raised.value)


HEAD = '#{"t_start": 0.0}\nr,l,t\n'
BAD_MONITORS = {
    "no header": ("r,l,t\n1,2,3\n", "line 1"),
    "nested JSON": ("#" + "[" * 100_000, "line 1"),
    "no column": ('#{"t_start": 0.0}\nr,t\n1,2\n', "no column l"),
    "a text": (HEAD + "1,x,3\n", "line 3: l is 'x'"),
    "a cell too few": (HEAD + "1,2\n", "line 3: t is 'None'"),
    "NaN": (HEAD + "1,2,3\nnan,2,4\n", "line 4"),
    "no episode": (HEAD, "there is no return in it yet"),
    "no length": (HEAD + "1,0,1\n1,0,2\n", "rise"),
}


@pytest.mark.parametrize("content, said", BAD_MONITORS.values(), ids=BAD_MONITORS)
def test_hostile_monitors_are_refused(home, content, said):
    path = home / "training-ppo/CartPole-v1_2/monitor.csv"
    path.write_text(content)
    assert said in refusal(home / "training-ppo", path)


def test_a_file_that_is_too_large_is_refused_unread(home):
    path = home / "ppo/CartPole-v1_2/evaluations.npz"
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    assert "timesteps cannot be read: larger than" in refusal(home / "ppo", path)


def test_nothing_heavy_is_imported(home, tmp_path_factory):
    report = tmp_path_factory.mktemp("imports") / "report"
    done, imported = run_and_list_imports("compare", "ppo", "ppo-fast", cwd=home, report=report)
    assert (done.returncode, imported) == (0, [])


COLUMNS = "steps=global_step,return=ret,seed=number"
TABLE = """global_step,number,loss,ret
0,1,,5
10,1,2,
10,1,,7
10,1,,9
40,1,,6
0,2,,4
10,2,,12
"""


def test_csv_files_with_the_columns_that_the_user_names(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "other.csv").write_text(TABLE.replace("\n0,", "\n5,"))
    (study, _) = compared("table.csv", "other.csv", "--csv", COLUMNS, cwd=tmp_path)["studies"]
    assert study["seeds"] == [1, 2]
    assert study["notes"][:2] == [
        "read from CSV: steps from the column global_step, returns from ret, seeds from number",
        "a single run",
    ]
    # Seed 1: 5, 8 and 6 after 0, 10 and 40 steps, because two returns after equal steps count as their mean.
    assert study["metrics"]["best_return"]["values"] == [8.0, 12.0]
    assert study["metrics"]["area"]["values"] == [(10 * 6.5 + 30 * 7.0) / 40, 8.0]
    assert "seed 2 (10)" in study["notes"][2]


def test_a_directory_of_csv_files_is_a_study_beside_others(home):
    for seed in (4, 7):
        (home / "tables").mkdir(exist_ok=True)
        (home / f"tables/run-{seed}.csv").write_text(f"s,r\n0,{seed}\n2048,{10 * seed}\n")
    report = compared("tables", "ppo", "--csv", "steps=s,return=r", cwd=home)
    assert [study["seeds"] for study in report["studies"]] == [[4, 7], list(SEEDS)]
    assert report["studies"][0]["metrics"]["final_return"]["values"] == [40.0, 70.0]
    assert "tables has returns, ppo has greedy returns" in report["conclusion"]
    done = run_cartrl("plot", "tables", "--csv", "steps=s,return=r", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tables: grouped by the names of the runs as run-{seed}" in done.stdout


BAD_TABLES = {
    "no column": ("a,b\n1,2\n", "line 1 names no column global_step and no column ret and no column number"),
    "empty": ("", "line 1 names no column"),
    "a text": (TABLE + "x,2,,5\n", "line 9: global_step is 'x'"),
    "NaN": (TABLE + "50,2,,nan\n", "line 9: ret is 'nan'"),
    "half a seed": (TABLE + "50,2.5,,1\n", "number is 2.5"),
    "no return": ("global_step,number,ret\n1,1,\n", "there is no return in it yet"),
    "falling steps": (TABLE + "5,2,,1\n", "rise"),
    "an open quote": (TABLE + '"', "not CSV"),
    "a field without end": (TABLE + '"' + "1" * 200_000 + '"', "not CSV"),
}


@pytest.mark.parametrize("content, said", BAD_TABLES.values(), ids=BAD_TABLES)
def test_hostile_csv_files_are_refused(tmp_path, content, said):
    path = tmp_path / "table.csv"
    path.write_text(content)
    assert said in refusal(path, path, Layout(parse_columns(COLUMNS)))


@pytest.mark.parametrize("text", ["", "steps=a", "steps=a,return=", "steps=a,return=b,colour=c", "steps,return"])
def test_columns_that_are_misspelt_are_refused(text):
    with pytest.raises(UsageError, match="must be steps=COLUMN,return=COLUMN"):
        parse_columns(text)


def logged(name, seed):
    """Steps and returns in the event file of a run, as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # it imports TensorFlow

    (run,) = WRITTEN.glob(f"cleanrl/CartPole-v1__{name}__{seed}__*")
    read = EventAccumulator(str(run), {"scalars": 0}).Reload()
    points = read.Scalars("charts/episodic_return")
    return [point.step for point in points], np.array([point.value for point in points])


def test_runs_of_cleanrl(tmp_path):
    shutil.copytree(WRITTEN / "cleanrl", tmp_path / "runs")
    report = compared("runs/CartPole-v1__hold", "runs/CartPole-v1__random", cwd=tmp_path)
    assert (report["env_name"], report["caveats"]) == ("CartPole-v1", [])
    for study, name in zip(report["studies"], ("hold", "random")):
        read = [logged(name, seed) for seed in SEEDS]
        means = [[own[max(end - 100, 0) : end].mean() for end in range(1, len(own) + 1)] for _, own in read]
        areas = [np.trapz(own, steps) / np.ptp(steps) for own, (steps, _) in zip(means, read)]
        assert (study["label"], study["seeds"]) == (name, list(SEEDS))
        assert study["metrics"]["final_return"]["values"] == pytest.approx([own[-1] for own in means])
        assert study["metrics"]["area"]["values"] == pytest.approx(areas)
    assert compared("runs", cwd=tmp_path)["studies"] == report["studies"]
    report = tmp_path.parent / "report"
    (run,) = (tmp_path / "runs").glob("*hold__1__*")
    _, imported = run_and_list_imports("plot", run.relative_to(tmp_path), cwd=tmp_path, report=report)
    assert "tensorflow" not in imported


BAD_EVENTS = {
    "garbage": (struct.pack("<QI", 4, 0) + b"\xff" * 8, "not an event file"),
    "empty": (b"", "there is no return in it yet"),
    "more than it holds": (struct.pack("<QI", 1 << 63, 0), "there is no return in it yet"),
}


@pytest.mark.parametrize("content, said", BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_hostile_event_files_are_refused(tmp_path, content, said):
    path = tmp_path / "Pole-v1__ppo__1__123/events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(content)
    assert said in refusal(tmp_path, path)


def test_an_event_file_that_is_still_written_is_read_as_far_as_it_goes(tmp_path):
    (run,) = WRITTEN.glob("cleanrl/*__hold__1__*")
    shutil.copytree(run, tmp_path / run.name)
    (path,) = (tmp_path / run.name).iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    (whole,), (part,) = (load_studies(place)[0].runs for place in (run, tmp_path))
    assert 0 < len(part.steps) < len(whole.steps)
    assert (part.returns == whole.returns[: len(part.returns)]).all()
