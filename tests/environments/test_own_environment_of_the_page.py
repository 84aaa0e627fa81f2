"""docs/environments.md: the reader's own environment, trained, compared and filmed by the lines of the page."""

import re
import shlex

import pytest
from PIL import Image

from tests.helpers import REPO, run_several
from tests.test_docs import calls

PAGE = (REPO / "docs/environments.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## An environment of your own")[2]


def block(language):
    """Return the first code block of the section in ``language``."""
    return re.search(rf"^```{language}\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)[1]


# The same in gym's API: what the page says that differs.
IN_GYM = (
    ("import gymnasium\n", "import gym\n"),
    ("from gymnasium import spaces", "from gym import spaces"),
    ("gymnasium.Env", "gym.Env"),
    ("return self.seen(), {}", "return self.seen()"),
    ("has_landed, False, {}", "has_landed, {}"),
    (", width=9, render_mode=None", ", width=9"),
    ("self.width, self.render_mode = width, render_mode", "self.width = width"),
    ("def render(self)", 'def render(self, mode="rgb_array")'),
    ("gymnasium.register(", "gym.envs.registration.register("),
)  # fmt: skip


@pytest.fixture
def home(tmp_path):
    (tmp_path / "catch.py").write_text(block("python"))
    (tmp_path / "catch.yaml").write_text(block("yaml"))
    return tmp_path


def test_the_lines_of_the_page_lead_to_a_film_of_a_policy_that_catches_every_ball(home):
    lines = [call for line in block("sh").splitlines() for call in calls(line)]
    assert [call[0] for call in lines] == ["env", "train", "train", "compare", "eval", "record"]
    _, *_, compared, evaluated, filmed = outcomes = run_several(*lines, cwd=home)
    for line, outcome in zip(lines, outcomes):
        assert outcome.returncode == 0, (shlex.join(line), outcome.stderr)
    conclusion = compared.stdout.splitlines()[-1]
    assert all(said in conclusion for said in ("learning_rate 0.003", "learning_rate 1e-05", "more seeds"))
    assert "solved" in evaluated.stdout and "not solved" not in evaluated.stdout
    assert filmed.stderr == ""
    with Image.open(home / "catch.png") as picture, Image.open(home / "catch.gif") as film:
        assert picture.size == (9 * 24, 10 * 24)
        assert film.size[0] == 2 * 9 * 24  # enlarged, so that its caption can be read
        assert film.n_frames >= 5 * 10  # the start and nine steps of each episode


def test_the_same_in_gyms_api_is_the_same_game(home):
    text = (home / "catch.py").read_text()
    for one, other in IN_GYM:
        assert one in text
        text = text.replace(one, other)
    (home / "old_catch.py").write_text(text)
    of_gymnasium, of_gym = run_several(
        ["env", "catch:Catch-v0", "--suite", "gymnasium", "--import-module", "catch"],
        ["env", "old_catch:Catch-v0", "--import-module", "old_catch", "--picture", "a.png"],
        cwd=home,
    )
    assert of_gymnasium.returncode == of_gym.returncode == 0, of_gym.stderr
    assert of_gym.stdout.replace("old_catch", "catch").partition("picture")[0] == of_gymnasium.stdout
    assert (home / "a.png").stat().st_size > 0
