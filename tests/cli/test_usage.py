"""Whatever is typed wrongly, in any command and any option: one line, exit 2, and which help to read."""

import pytest
import typer

from cartrl import cli
from tests.helpers import one_line, run_several

PROGRAM = typer.main.get_command(cli.app)
WRONG = {"int": ["", "x", "1.5", "1e3"], "cho": ["", "sideways"]}  # by the beginning of a type's name


def typed(command, name):
    """Return wrong ways to call ``command``, whose words begin with ``name``."""
    calls = [[*name, "--no-such-option"], [*name, "-Z"], [*name, "--help=1"]]
    is_open = any(parameter.nargs == -1 for parameter in command.params)
    if name and not is_open:
        calls.append([*name, "one", "two", "three", "four"])
    for parameter in command.params:
        if parameter.param_type_name != "option":
            continue
        for option in parameter.opts:
            calls.append([*name, option + "=1" if option.startswith("--") else f"{option}1"])
            if not parameter.is_flag:
                calls[-1] = [*name, option]  # at the end, without a value
                kind = parameter.type.name[:3]  # the rest depends on typer's version
                calls += [[*name, option, value] for value in WRONG.get(kind, [])]
    return calls


CALLS = {name: typed(command, [name]) for name, command in PROGRAM.commands.items()}
CALLS["cartrl"] = [*typed(PROGRAM, []), ["no-such-command"], ["Train"], [""]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """How each wrong call ends, by the command that it is of."""
    every = [call for calls in CALLS.values() for call in calls]
    ended = iter(run_several(*every, cwd=tmp_path_factory.mktemp("usage")))
    return {name: [(call, next(ended)) for call in calls] for name, calls in CALLS.items()}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_typed_wrongly_is_one_line(outcomes, name):
    program = "cartrl" if name == "cartrl" else f"cartrl {name}"
    assert len(outcomes[name]) > 4
    for call, outcome in outcomes[name]:
        assert one_line(outcome, 2).endswith(f" (see {program} --help)"), call


def test_what_is_wrong_is_said(outcomes):
    assert len([call for calls in CALLS.values() for call in calls if call[-1] == "1.5"]) > 8
    said = {" ".join(call): outcome.stderr for calls in outcomes.values() for call, outcome in calls}
    assert "option '--resume' requires an argument" in said["train --resume"].lower()
    assert "option '-c' requires an argument" in said["train -c"].lower()
    assert "'--json' does not take a value" in said["train --json=1"].lower()
    assert "'--debug' does not take a value" in said["--debug=1"].lower()
