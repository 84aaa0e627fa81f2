"""`cartrl claim`, and `cartrl reproduce` of claims: honest ones hold, changed and forged ones are named."""

import csv
import json
import platform
import shutil
import zipfile

import numpy as np
import pytest
import scipy.stats

from cartrl.analysis.seeds import prediction_interval
from cartrl.runs import reproduction
from cartrl.system.archives import sha256_of
from tests.helpers import WHOLE, one_line, run_cartrl, run_several
from tests.json_page import as_on_page
from tests.studies import curves, write_run, write_study


def contents(path):
    """Return the files in a zip file, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def edit_cell(metrics, iteration, column, change):
    """Change a cell of a file of metrics; return the text that was there, and that which is."""
    with metrics.open(newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = [row for row in rows if row["iteration"] == str(iteration)]
    was = row[column]
    row[column] = repr(change(float(was)))
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    metrics.write_text("".join(f"{line}\n" for line in lines))
    return was, row[column]


@pytest.fixture(scope="module")
def honest(short_study, tmp_path_factory):
    """The claim of the short study."""
    home = tmp_path_factory.mktemp("claim")
    done = run_cartrl("claim", short_study, "-o", "honest.zip", cwd=home, env=WHOLE)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return home / "honest.zip", done.stdout


def test_a_claim_holds_what_is_needed_and_names_nobody(honest, short_study):
    path, said = honest
    files = contents(path)
    of_runs = [f"A/seed-{seed}/{name}" for seed in (3, 4) for name in ("manifest.json", "metrics.csv")]
    assert sorted(files) == sorted(["claim.json", "A/config.yaml", "A/study.json", *of_runs])
    claim = json.loads(files["claim.json"])
    finals = [json.loads((run / "manifest.json").read_text())["result"]["final_greedy_return"]["mean"]
              for run in sorted(short_study.glob("seed-*"))]  # fmt: skip
    assert claim["numbers"]["studies"][0]["metrics"]["final_return"]["values"] == finals
    assert claim["sentence"].startswith(f"REINFORCE on CartPole-v0, seeds 3-4: final return {np.mean(finals):.0f}")
    assert claim["sentence"] in " ".join(said.split())
    assert claim["files"]["A/config.yaml"] == sha256_of(files["A/config.yaml"])
    assert set(claim["policies"]) == {"A/seed-3", "A/seed-4"}
    everything = b"".join(files.values()).decode()
    for private in (str(short_study), platform.node(), str(short_study.parent), "/tmp"):
        assert private not in everything


def test_an_honest_claim_is_identical_in_another_directory(honest, tmp_path):
    shutil.copy(honest[0], tmp_path / "it.zip")
    done = run_cartrl("reproduce", "it.zip", "--jobs", 2, "--run-dir", "kept", cwd=tmp_path, env=WHOLE)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    said = " ".join(done.stdout.split())
    for seed in (3, 4):
        same = "identical: 31 rows of 18 columns and the variables of best and final policy are the same"
        assert f"A/seed-{seed} {same} to the last bit" in said
    assert "verdict identical: 2 of 2 runs were trained again" in said
    assert "since then the same versions and processor" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it.zip", "kept"]
    assert (tmp_path / "kept/A/seed-4/policies/best").is_dir()


def test_a_claim_about_two_agents_holds_whatever_kinds_of_settings_they_differ_in(tmp_path):
    short = ["--seed", 0, "--set", "eval.num_eval_episodes=1", "--set"]
    calls = [
        ["train", "ppo/cartpole-v1", *short, "train.num_environment_steps=512", "--run-dir", "a"],
        ["train", "reinforce/cartpole-v1", *short, "train.num_iterations=2", "--run-dir", "b"],
        ["claim", "a", "b"],
        ["reproduce", "claim.zip", "--sample", 1, "--json"],
    ]
    *_, claimed, done = run_several(*calls, cwd=tmp_path)
    assert (claimed.returncode, done.returncode) == (0, 0), done.stderr
    assert json.loads(done.stdout)["verdict"] == "identical"


def changed_number(files):
    claim = json.loads(files["claim.json"])
    claim["numbers"]["studies"][0]["metrics"]["final_return"]["values"][1] += 0.01
    files["claim.json"] = json.dumps(claim).encode()


def changed_sentence(files):
    files["claim.json"] = files["claim.json"].replace(b"final return ", b"final return 1")


def changed_digest_of_a_policy(files):
    claim = json.loads(files["claim.json"])
    claim["policies"]["A/seed-3"]["best"] = "0" * 64
    files["claim.json"] = json.dumps(claim).encode()


def changed_digest_of_a_file(files):
    claim = json.loads(files["claim.json"])
    claim["files"]["A/seed-3/metrics.csv"] = "0" * 64
    files["claim.json"] = json.dumps(claim).encode()


def changed_metrics(files):
    files["A/seed-4/metrics.csv"] = files["A/seed-4/metrics.csv"].replace(b"1", b"2")


def changed_config(files):
    files["A/config.yaml"] = files["A/config.yaml"].replace(b"seed: 3", b"seed: 5")


def left_out(files):
    del files["A/seed-4/metrics.csv"], files["A/seed-4/manifest.json"]


CHANGED = {
    changed_number: "its metrics do not bear it out: studies[0].metrics.final_return.values[1] is ",
    changed_sentence: "its metrics do not bear it out: sentence is 'REINFORCE on CartPole-v0",
    changed_digest_of_a_policy: "changed since the claim was made: claim.json is not what its own SHA-256 says",
    changed_digest_of_a_file: "changed since the claim was made: A/seed-3/metrics.csv is not what was saved",
    changed_metrics: "changed since the claim was made: A/seed-4/metrics.csv is not what was saved",
    changed_config: "changed since the claim was made: A/config.yaml is not what was saved",
    left_out: "changed since the claim was made: A/seed-4/manifest.json is missing",
}  # fmt: skip


def test_what_was_changed_is_named_and_nothing_is_trained(honest, tmp_path):
    for change in CHANGED:
        files = contents(honest[0])
        change(files)
        write_zip(tmp_path / f"{change.__name__}.zip", files)
    outcomes = run_several(*(["reproduce", f"{change.__name__}.zip"] for change in CHANGED), cwd=tmp_path)
    for (change, said), outcome in zip(CHANGED.items(), outcomes):
        assert one_line(outcome, 1).startswith(f"{change.__name__}.zip: {said}")
        assert not outcome.tensorflow


def test_what_is_no_claim_is_refused(honest, tmp_path):
    files = contents(honest[0])
    claim = json.loads(files["claim.json"])
    kinds = {
        "no-claim": {name: content for name, content in files.items() if name != "claim.json"},
        "no-json": {**files, "claim.json": b"{"},
        "no-names": {**files, "claim.json": json.dumps({**claim, "names": 3}).encode()},
        "other-studies": {**files, "claim.json": json.dumps({**claim, "names": ["a", "b"]}).encode()},
        "other-by": {**files, "claim.json": json.dumps({**claim, "by": "luck"}).encode()},
        "leads-out": {**files, "../policy.json": b"{}"},
    }
    for kind, content in kinds.items():
        write_zip(tmp_path / f"{kind}.zip", content)
    (tmp_path / "text.zip").write_text("final return 500")
    calls = [["reproduce", f"{kind}.zip"] for kind in (*kinds, "text", "missing")]
    shutil.copy(honest[0], tmp_path / "it.zip")
    outcomes = run_several(
        *calls, ["reproduce", "it.zip", "--sample", "3"], ["reproduce", "runs/one", "--sample", "3"], cwd=tmp_path
    )
    said = [one_line(outcome, 2) for outcome in outcomes]
    assert said[0] == "no-claim.zip: not a claim: it holds no claim.json"
    assert "no-json.zip/claim.json: cannot be read" in said[1]
    assert "names" in said[2]
    assert "of other studies than are there" in said[3]
    assert "by 'luck' nothing can be compared" in said[4]
    assert "'../policy.json', which is no file that belongs there" in said[5]
    assert said[6].startswith("text.zip: not a zip file")
    assert said[7] == "missing.zip: cannot be read: No such file or directory"
    assert said[8] == "--sample 3: the claim has 2 runs"
    assert said[9] == "--sample is for a claim, the zip file of cartrl claim"


def test_forgeries_whose_hashes_match_are_found_by_training_again(short_study, tmp_path):
    """A digit, a config and a metrics file that was cut; and one that another machine may have given."""
    for name in ("digit", "config", "cut", "elsewhere"):
        shutil.copytree(short_study, tmp_path / name)
    was, forged = edit_cell(tmp_path / "digit/seed-3/metrics.csv", 30, "greedy_return_mean", lambda value: value + 1)
    config = (tmp_path / "config/config.yaml").read_text()
    (tmp_path / "config/config.yaml").write_text(config.replace("learning_rate: 0.001", "learning_rate: 0.002"))
    lines = (tmp_path / "cut/seed-4/metrics.csv").read_text().splitlines(keepends=True)
    (tmp_path / "cut/seed-4/metrics.csv").write_text("".join(lines[:22]))  # the header, and rows 0 to 20
    edit_cell(tmp_path / "elsewhere/seed-3/metrics.csv", 30, "greedy_return_mean", lambda value: value + 1)
    for manifest in (tmp_path / "elsewhere").glob("seed-*/manifest.json"):
        facts = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**facts, "versions": {**facts["versions"], "numpy": "1.2.3"}}))
    done = run_cartrl("claim", "digit", "config", "cut", "elsewhere", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert json.loads(done.stdout)["kind"] == "comparison"
    done = run_cartrl("reproduce", "claim.zip", "--jobs", 2, "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    report = as_on_page("A claim that was checked", done)
    runs = {run["run"]: run for run in report["runs"]}
    assert {name: run["verdict"] for name, run in runs.items()} == {
        "A/seed-3": "different", "A/seed-4": "identical", "B/seed-3": "different", "B/seed-4": "different",
        "C/seed-3": "identical", "C/seed-4": "different", "D/seed-3": "within the interval", "D/seed-4": "identical",
    }  # fmt: skip
    assert report["verdict"] == "different"
    said = f"first in greedy_return_mean of iteration 30, which was {forged} and is now {was}"
    assert runs["A/seed-3"]["said"] == said
    assert (runs["A/seed-3"]["claimed"], runs["A/seed-3"]["now"]) == (float(forged), float(was))
    assert runs["A/seed-3"]["interval"] is None
    assert runs["C/seed-4"]["said"] == "first in iteration of iteration 21, which was nothing and is now 21"
    assert "learning_rate" in report["sentence"]
    assert report["sentence_again"].startswith(
        "Cannot tell by final return whether learning_rate 0.001 (digit) is better"
    )
    assert runs["D/seed-3"]["changes"] == [change for change in runs["D/seed-3"]["changes"] if "numpy 1.2.3" in change]
    low, high = runs["D/seed-3"]["interval"]
    assert low < float(was) < high


def test_what_cannot_be_claimed_is_refused(tmp_path):
    write_study(tmp_path / "stopped", curves([150.0, 190.0]), outcomes={1: "interrupted"})
    write_study(tmp_path / "missing", curves([150.0]), seeds=[0, 1])
    write_study(tmp_path / "decision/A", curves([150.0, 190.0]))
    (tmp_path / "decision/decision.json").write_text("{}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/monitor.csv").write_text(
        '#{"t_start": 1.0, "env_id": "CartPole-v0"}\nr,l,t\n20.0,20,1.0\n30.0,30,2.0\n'
    )
    write_run(tmp_path / "run", 0, [20.0, 30.0])
    calls = [
        ["claim", "stopped"], ["claim", "missing"], ["claim", "decision/A"], ["claim", "other"],
        ["claim", "run", "-o", "claim.tar"], ["claim", "run", "run"],
    ]  # fmt: skip
    outcomes = run_several(*calls, cwd=tmp_path)
    said = [one_line(outcome, 2) for outcome in outcomes]
    assert said[0] == "stopped: seed 1 has not ended, and a claim is about runs that have"
    assert said[1] == "missing: seed 1 has not ended, and a claim is about runs that have"
    assert said[2].startswith("decision/A: trained until it was decided which is better")
    assert said[3] == "other: runs of another tool, which cartrl cannot train again"
    assert said[4] == "claim.tar: the name of a claim ends in one of .zip"
    assert said[5] == "run: given twice"
    assert not list(tmp_path.glob("claim.*"))


def test_one_more_seed_lies_in_the_interval_as_often_as_is_said():
    values = np.array([480.0, 491.0, 500.0, 500.0, 476.0])
    low, high = prediction_interval(values, 0.95)
    half = scipy.stats.t.ppf(0.975, 4) * values.std(ddof=1) * np.sqrt(6 / 5)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert prediction_interval(np.array([1.0]), 0.95) is None
    assert prediction_interval(np.array([1000.0, np.inf]), 0.95) == (1000.0, np.inf)
    drawn = np.random.default_rng(0).normal(size=(2000, 9))
    inside = [low <= one[8] <= high for one in drawn for low, high in [prediction_interval(one[:8], 0.9)]]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("before", "now", "column"),
    [
        ([("0", "1.0"), ("1", "2.0")], [("0", "1.0"), ("1", "2.0")], None),
        ([("0", "1.0")], [("0", "1.0"), ("1", "2.0")], "iteration"),
        ([("0", "1.0"), ("1", "")], [("0", "1.0"), ("1", "2.0")], "greedy_return_mean"),
    ],
)
def test_of_a_whole_run_nothing_may_be_missing(before, now, column):
    rows = [[{"iteration": step, "greedy_return_mean": cell} for step, cell in run] for run in (before, now)]
    found = reproduction.first_difference(*rows, is_whole=True)
    assert (found and found.column) == column
    assert reproduction.first_difference(*rows) is None  # a run that was stopped may lack them
