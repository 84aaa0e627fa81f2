"""`environment.kwargs`: the arguments of an environment's constructor, in training, evaluation and films alike."""

import json
from inspect import Parameter, Signature

import numpy as np
import pytest
import yaml

from cartrl.environments import arguments, suite
from cartrl.environments.arguments import MISSING, Arguments, ArgumentsError
from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.settings import EnvironmentSettings
from tests.environments.test_suites import INSTALLED
from tests.helpers import one_line, run_several

CONFIG = """
environment: {env_name: LunarLander-v3, suite: gymnasium, max_episode_steps: 30, kwargs: {enable_wind: true}}
agent: {kind: ppo, fc_layer_params: [8], value_fc_layer_params: [8], batch_size: 16}
collect: {num_environments: 2, num_steps: 16}
train: {num_iterations: 2}
eval: {num_eval_episodes: 2}
"""


class TestSignatures:
    def test_defaults_are_those_of_the_signature_unless_the_suite_gives_others(self):
        def maker(size, *rest, gravity=-10.0, render_mode=None):
            pass

        assert arguments.of(maker, {"gravity": -5.0}) == Arguments({"size": MISSING, "gravity": -5.0})
        assert arguments.of(maker, {}).changed({"gravity": -10, "size": 3}) == {"size": 3}

    def test_a_constructor_that_takes_anything_is_asked(self):
        def maker(size=1, **others):
            pass

        found = arguments.of(maker, {})
        assert found == Arguments({"size": 1}, is_open=True)
        found.require("Env-v0", {"anything": 1})
        with pytest.raises(ArgumentsError, match="Env-v0 takes no argument 'render_mode'; it takes size"):
            found.require("Env-v0", {"render_mode": "human"})

    def test_what_has_no_signature_is_asked(self):
        assert arguments.of(dict, {}).is_open

    def test_arrays_among_the_defaults_are_compared_as_a_whole(self):
        signature = Signature([Parameter("look", Parameter.KEYWORD_ONLY, default={"at": np.zeros(3)})])
        maker = type("Maker", (), {"__signature__": signature})
        assert arguments.of(maker, {}).changed({"look": {"at": [0, 0, 0]}}) == {"look": {"at": [0, 0, 0]}}


@pytest.mark.parametrize(
    ("suite_name", "env_name", "kwargs", "says"),
    [
        ("gymnasium", "LunarLander-v3", {"gravty": -5}, "takes no argument 'gravty', did you mean 'gravity'?"),
        ("gym", "LunarLander-v2", {"zzz": -5}, "takes no argument 'zzz'; it takes continuous"),
        ("gym", "CartPole-v1", {"gravity": 1}, "takes no argument 'gravity'; it takes none"),
        (
            "gymnasium",
            "LunarLander-v3",
            {"gravity": -50},
            "raised AssertionError in its constructor: gravity (current value: -50) must be between -12 and 0; "
            "its arguments are {gravity: -50}",
        ),
        ("dm_control", "cartpole-balance", {"random": 3}, "takes no argument 'random'; it takes time_limit, env"),
        ("dm_control", "cartpole-balance", {"time_limit": "5"}, "time_limit is '5', but must be seconds above 0"),
        (
            "dm_control",
            "cartpole-balance",
            {"environment_kwargs": {"sub_steps": 2}},
            "raised TypeError in dm_control's make: Environment.__init__() got an unexpected keyword argument",
        ),
    ],
)
def test_what_the_constructor_does_not_take_is_refused(suite_name, env_name, kwargs, says):
    with pytest.raises(ArgumentsError) as error:
        suite.playable(EnvironmentSettings(suite=suite_name, env_name=env_name, kwargs=kwargs))
    assert says in str(error.value)
    assert str(error.value).startswith(env_name)


def test_they_change_the_environment_and_its_time_limit():
    def made(suite_name, env_name, **kwargs):
        return suite.playable(EnvironmentSettings(suite=suite_name, env_name=env_name, kwargs=kwargs))

    def pace(env):  # by which the lander falls within a step, without its engines
        env.reset(0)
        speeds = [env.step(0)[0][3] for _ in range(2)]
        return speeds[1] - speeds[0]

    assert pace(made("gymnasium", "LunarLander-v3", gravity=-5)) == pytest.approx(
        pace(made("gymnasium", "LunarLander-v3")) / 2, rel=0.02
    )
    assert made("gym", "LunarLander-v2", continuous=True).action_space.shape == (2,)
    poles = made("dm_control", "cartpole-three_poles", num_poles=4)
    assert poles.observation_space.shape == (1 + 2 * 4 + 1 + 4,)  # places and sines and cosines, then speeds
    for kwargs, steps in (({}, 1000), ({"time_limit": 5}, 500), ({"environment_kwargs": {"n_sub_steps": 2}}, 500)):
        settings = EnvironmentSettings(suite="dm_control", env_name="cartpole-balance", kwargs=kwargs)
        assert suite.time_limit(settings) == steps


def test_a_threshold_is_for_the_suites_own_arguments():
    def threshold(**kwargs):
        return suite.solved_from(EnvironmentSettings(suite="gymnasium", env_name="LunarLander-v3", kwargs=kwargs))

    assert threshold() == threshold(gravity=-10) == (200.0, "")
    says = "gymnasium's reward threshold of 200 is for gymnasium's own arguments, not for {gravity: -5}"
    assert threshold(gravity=-5, enable_wind=False) == (None, says)


def test_a_suite_that_knows_of_none_has_none(tmp_path):
    (tmp_path / "walk.yaml").write_text("environment: {env_name: Walk, suite: tiny, kwargs: {size: 3}}\n")
    (refused,) = run_several(["config", "walk.yaml"], cwd=tmp_path, env=INSTALLED)
    says = "walk.yaml, line 1: environment.kwargs: Walk takes no argument 'size'; it takes none"
    assert one_line(refused, 2) == says


def test_one_is_set_beside_the_others_of_the_file(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG)
    kwargs = "environment.kwargs"
    both, misspelt, infinite, number, constant = run_several(
        ["config", "a.yaml", "--set", f"{kwargs}.gravity=-5", "--set", f"{kwargs}.wind_power=3"],
        ["config", "a.yaml", "--set", f"{kwargs}.gravty=-5"],
        ["config", "a.yaml", "--set", f"{kwargs}.gravity=.inf"],
        ["config", "a.yaml", "--set", f"{kwargs}=3"],
        ["config", "reinforce", "--set", "environment.constants.gravity=1.62"],
        cwd=tmp_path,
    )
    values = {"enable_wind": True, "gravity": -5, "wind_power": 3}
    assert yaml.safe_load(both.stdout)["environment"]["kwargs"] == values
    assert f"# a.yaml:2, --set {kwargs}.gravity=-5, --set {kwargs}.wind_power=3\n" in both.stdout
    assert "did you mean 'gravity'?" in one_line(misspelt, 2)
    allowed = "a mapping of names to values without infinity or NaN, such as {continuous: true}"
    assert one_line(infinite, 2).endswith(f"{kwargs} is {{enable_wind: true, gravity: .inf}}, but must be {allowed}")
    assert one_line(number, 2) == f"--set {kwargs}=3: {kwargs} is 3, but must be {allowed}"
    assert yaml.safe_load(constant.stdout)["environment"]["constants"] == {"gravity": 1.62}


def test_they_are_part_of_a_run_and_of_its_policies(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG)
    train, other, evaluated, filmed = run_several(
        ["train", "a.yaml", "--run-dir", "run", "--set", "environment.kwargs.continuous=true", "--json"],
        ["train", "--resume", "run", "--set", "environment.kwargs.gravity=-5", "--set", "train.num_iterations=4"],
        ["eval", "run", "--episodes", "2", "--json"],
        ["record", "run", "--episodes", "1", "--output", "film.gif"],
        cwd=tmp_path,
    )
    assert train.returncode == evaluated.returncode == filmed.returncode == 0, (train, evaluated, filmed)
    policy = tmp_path / "run/policies/final"
    kwargs = {"enable_wind": True, "continuous": True}
    assert sidecar.read(policy).environment.kwargs == kwargs  # and so eval made it with two continuous actions
    assert "environment.kwargs: cannot change in a run that is resumed" in one_line(other, 2)
    content = json.loads((policy / "policy.json").read_text())
    assert content["environment"]["kwargs"] == kwargs
    (policy / "policy.json").write_text(json.dumps({**content, "environment": {**content["environment"], "kwargs": 3}}))
    with pytest.raises(UsageError, match=r"not the sidecar of a policy: .*3 are not arguments"):
        sidecar.read(policy)
