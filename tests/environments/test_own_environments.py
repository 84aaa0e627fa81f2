"""Environments as people have them are played, in every API, or refused in a sentence that says what is expected."""

import collections
import sys
from pathlib import Path

import numpy as np
import pytest

from cartrl.environments import suite, twins
from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.settings import EnvironmentSettings
from cartrl.system import imports
from tests.helpers import MODULES, one_line, run_several

MODULE = "own_environments"
KINDS = ("Hiding", "Late", "Elsewhere", "Modern", "Terminating")


@pytest.fixture(scope="module")
def own():
    """The module of these environments, imported."""
    sys.path.insert(0, str(MODULES))
    imports.import_environments([MODULE])
    yield sys.modules[MODULE]
    sys.path.remove(str(MODULES))
    imports.given.remove(MODULE)


def vector_of(name, num_environments=2, **settings):
    return VectorEnvironment(EnvironmentSettings(env_name=f"{MODULE}:{name}", **settings), num_environments)


def ones(observations, _):
    return np.ones(len(observations), np.int64)


@pytest.mark.filterwarnings("error")
def test_every_api_plays_the_same_game_and_repeats_itself(own):
    for name in [*map(own.name_of, own.WORKING), *(f"{kind}-v0" for kind in KINDS)]:
        episodes = vector_of(name).run_episodes(ones, [7, 8, 9])
        for episode, seed in zip(episodes, [7, 8, 9]):
            start = np.random.default_rng(seed).random()
            assert episode.observations[0] == np.float32(start), name
            assert (episode.episode_return, len(episode)) == (own.STEPS, own.STEPS), name
            assert episode.terminated == (name != "Modern-v0"), name


def test_an_evaluation_is_of_the_same_episodes(own):
    episodes = vector_of("Old-v0").run_episodes(ones, [7, 8, 9])
    evaluation = vector_of("Old-v0").evaluate(ones, [7, 8, 9])
    assert evaluation.returns.tolist() == [episode.episode_return for episode in episodes]
    assert evaluation.lengths.tolist() == [own.STEPS] * 3
    assert evaluation.terminated.tolist() == [True] * 3


def test_environments_are_closed_when_a_later_one_or_the_rest_of_one_cannot_be_made(own):
    counted = own.Counted
    with pytest.raises(CartrlError, match="Counted-v0 raised OSError in its constructor: no more licences"):
        vector_of("Counted-v0", 5)
    assert (counted.made, counted.closed) == (3, 2)
    with pytest.raises(CartrlError, match="Spaceless-v0 has no observation_space"):
        vector_of("Spaceless-v0", 5)
    assert counted.closed == 3
    with pytest.raises(CartrlError, match="Counted-v0 has no constants"):
        vector_of("Counted-v0", 1, constants={"gravity": 1.0})
    assert counted.closed == 4


def test_a_step_of_the_usual_form_costs_no_call_of_a_function_of_ours():
    calls: collections.Counter = collections.Counter()

    def count(frame, event, _):
        if event == "call":
            calls[Path(frame.f_code.co_filename).parent.name] += 1

    for env_name, act in (
        ("CartPole-v1", lambda observations, _: (observations[:, 2] + 0.5 * observations[:, 3] > 0).astype(int)),
        ("Pendulum-v1", lambda observations, _: observations[:, :1]),
    ):
        vector = VectorEnvironment(EnvironmentSettings(env_name=env_name, max_episode_steps=100), 16)
        calls.clear()
        sys.setprofile(count)
        try:
            steps = vector.evaluate(act, range(16)).lengths.sum()
        finally:
            sys.setprofile(None)
        assert steps == 1600
        assert calls["classic_control"] >= steps
        assert calls["environments"] < steps  # some for each round of all 16, and for each reset


def test_a_cartpole_in_which_more_than_constants_was_changed_has_no_compiled_twin(own, tmp_path, monkeypatch):
    def has_twin(env_name, **values):
        settings = EnvironmentSettings(env_name=env_name, constants=values)
        return twins.has_twin(suite.playable(settings).raw)

    assert has_twin("CartPole-v1")
    assert has_twin("CartPole-v1", masspole=0.3, x_threshold=4.0)
    assert has_twin("Pendulum-v1", max_torque=3.0, max_speed=7.5)
    assert {name for name in own.CARTPOLES if has_twin(f"{MODULE}:{name}-v0")} == {"Tall"}
    step = own.CartPoleEnv.step
    monkeypatch.setattr(own.CartPoleEnv, "step", lambda self, action: step(self, action))
    assert not has_twin("CartPole-v1")
    (tmp_path / "a.yaml").write_text(f"environment:\n  env_name: {MODULE}:Implicit-v0\ncollect:\n  engine: compiled\n")
    (outcome,) = run_several(["train", "--import-module", MODULE, "-c", "a.yaml"], cwd=tmp_path)
    says = f"a.yaml, line 4: collect.engine: {MODULE}:Implicit-v0 has no compiled twin; take auto or vectorized"
    assert one_line(outcome, 2) == says


def test_what_cannot_be_played_is_refused_before_training_in_one_sentence(own, tmp_path):
    calls, expected = [], []
    for description, (_, says) in own.REFUSED.items():
        name = f"{MODULE}:{own.name_of(description)}"
        path = tmp_path / f"{description}.yaml"
        path.write_text(f"environment:\n  env_name: {name}\n")
        calls += [["train", "-c", path], ["env", name]]
        expected += [f"{name} {says}"] * 2
    outcomes = run_several(*[["--import-module", MODULE, *call] for call in calls], cwd=tmp_path)
    for says, outcome in zip(expected, outcomes):
        sentence = one_line(outcome, 1)
        assert sentence.startswith(says)
        assert "expects" in sentence or "but says" in sentence
        assert not outcome.tensorflow


def test_env_shows_environments_of_every_api_and_says_what_it_cannot_show(tmp_path):
    names = ["Old-v0", *(f"{kind}-v0" for kind in KINDS), "Closing-v0", "NotOne-v0"]
    calls = [["env", f"{MODULE}:{name}"] for name in names]
    calls += [["env", f"{MODULE}:Modern-v0", "--picture", "modern.png"], ["env", "bad_environments:Dict-v0"]]
    outcomes = run_several(*[["--import-module", call[1].split(":")[0], *call] for call in calls], cwd=tmp_path)
    *working, closing, not_one, picture, mapping = outcomes
    for outcome in (*working, picture):
        assert (outcome.returncode, outcome.stderr) == (0, "")
        assert "0 to 2" in outcome.stdout
    assert closing.returncode == 0
    assert closing.stderr == f"warning: {MODULE}:Closing-v0 raised OSError in close: the door is stuck\n"
    assert f"{MODULE}:NotOne-v0 has no reset and no step; cartrl expects gym's or gymnasium's API" in one_line(
        not_one, 1
    )
    assert (tmp_path / "modern.png").stat().st_size > 0
    sentence = one_line(mapping, 1)
    assert sentence.startswith("bad_environments:Dict-v0 returned an array of shape (2,), float32 as observation in re")
    assert sentence.endswith("): it has not the keys a alone")


def test_sys_exit_in_an_environment_is_an_error_that_names_it(tmp_path):
    calls = [["env", f"{MODULE}:Quits{place}-v0"] for place in ("Constructor", "Reset", "Render", "Close")]
    calls[2] += ["--picture", "a.png"]
    *outcomes, imported = run_several(
        *[["--import-module", MODULE, *call] for call in calls],
        ["--import-module", "quitting", "env", "CartPole-v1"],
        cwd=tmp_path,
    )
    for place, where, outcome in zip(
        ("Constructor", "Reset", "Render"), ("its constructor", "reset", "render"), outcomes
    ):
        assert one_line(outcome, 1) == f"{MODULE}:Quits{place}-v0 raised SystemExit in {where}"
    assert outcomes[3].stderr == f"warning: {MODULE}:QuitsClose-v0 raised SystemExit in close\n"
    assert one_line(imported, 2) == "--import-module quitting: cannot be imported: SystemExit"
