"""The suite atari: an episode repeats itself whatever was played before, and what is wrong is said in a sentence."""

import json

import numpy as np
import pytest

from cartrl.environments import suite
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings
from tests.helpers import one_line, run_several

pytest.importorskip("ale_py")


def game(name, **kwargs):
    return suite.playable(EnvironmentSettings(env_name=name, suite="atari", kwargs=kwargs)).raw


def played(env, actions, seed=0):
    """Return all that is seen from the start on: observations, rewards, ends, pictures, memory, lives."""
    seen = [(env.reset(seed), env.render())]
    for action in actions:
        observation, *rest = env.step(action % env.action_space.n)
        seen.append((observation, env.render(), rest, env.ale.getRAM(), env.ale.lives()))
        if rest[1]:
            break
    return seen


# Amidar draws on what is on the screen; the memory of Assault and PrivateEye outlives a reset of the game.
@pytest.mark.parametrize("name", ["Pong", "Breakout", "Amidar", "Assault", "PrivateEye"])
def test_an_episode_is_the_same_in_the_same_game_after_others_and_in_another(name):
    random = np.random.default_rng(3)
    actions, others = random.integers(18, size=(2, 150)).tolist()
    env = game(name)
    first = played(env, actions, seed=1)
    played(env, others)
    np.testing.assert_equal(played(env, actions, seed=2), first)
    np.testing.assert_equal(played(game(name), actions), first)


def test_arguments_change_what_is_seen_and_what_can_be_done():
    assert game("Pong").observation_space.shape == (210, 160, 3)
    assert game("Pong", obs_type="grayscale").reset(0).shape == (210, 160)
    assert game("Pong", obs_type="ram").reset(0).shape == (128,)
    assert game("Pong").get_action_meanings() == ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"]
    assert game("Pong", full_action_space=True).action_space.n == 18
    usual, hard = (played(game("Breakout", **kwargs), [1, 2] * 60) for kwargs in ({}, {"mode": 8, "difficulty": 1}))
    assert not all(np.array_equal(one[0], other[0]) for one, other in zip(usual, hard))


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"mode": 7}, "Pong: mode is 7, but may be 0, 1"),
        ({"difficulty": "hard"}, "Pong: difficulty is 'hard', but may be 0, 1, 2, 3"),
        ({"obs_type": "gray"}, "Pong: obs_type is 'gray', but may be 'rgb', 'grayscale', 'ram'"),
        ({"full_action_space": 18}, "Pong: full_action_space is 18, but may be false, true"),
        (
            {"frameskip": 4},
            "Pong takes no argument 'frameskip'; it takes obs_type, mode, difficulty, full_action_space",
        ),
    ],
)
def test_arguments_that_a_game_cannot_have_are_refused(kwargs, says):
    with pytest.raises(UsageError) as refused:
        game("Pong", **kwargs)
    assert str(refused.value) == says


def test_names_are_listed_and_hinted_at_and_a_missing_rom_is_said(tmp_path):
    listed, shown, near, gymnasiums, of_gym, combat = run_several(
        ["env", "--suite", "atari", "--json"],
        ["env", "Pong", "--suite", "atari", "--picture", "pong.png"],
        ["env", "Pongo", "--suite", "atari"],
        ["env", "ALE/Pong-v5", "--suite", "atari"],
        ["env", "Pong"],
        ["env", "Combat", "--suite", "atari"],
        cwd=tmp_path,
    )
    assert {"Pong", "Breakout", "MontezumaRevenge"} <= set(json.loads(listed.stdout))
    assert not listed.tensorflow
    assert "time limit        108000 steps" in shown.stdout
    assert "observation uint8, shape (210, 160, 3), from 0 to 228" in shown.stdout
    assert len(shown.stdout.splitlines()) < 20  # without the bounds of each pixel
    assert (tmp_path / "pong.png").stat().st_size > 0
    assert one_line(near, 2) == "atari has no environment 'Pongo', did you mean 'Pong'?"
    assert one_line(gymnasiums, 2) == "atari has no environment 'ALE/Pong-v5', did you mean 'Pong'?"
    assert one_line(of_gym, 2) == "gym has no environment 'Pong'; atari has it: environment.suite: atari"
    assert "atari has no environment 'Combat'" in one_line(combat, 2)
    (missing,) = run_several(["env", "Pong", "--suite", "atari"], cwd=tmp_path, env={"ALE_ROMS_DIR": str(tmp_path)})
    assert one_line(missing, 2).startswith(
        "Pong needs its ROM, pong.bin, which comes with ale-py, or is in ALE_ROMS_DIR"
    )
