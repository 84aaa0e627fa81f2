"""The other side: a process that plays what a learner asks for."""

import json
import os
import platform
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from cartrl.errors import CartrlError
from cartrl.experience.remote.channel import Channel, LostError
from cartrl.randomness import Turn
from cartrl.runs.machine import processor, versions
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents import kind
from cartrl.settings.experiment import of_kind
from cartrl.system import child_process, extensions, imports, quiet
from cartrl.system.signals import at_once, leave

if TYPE_CHECKING:
    from cartrl.experience.remote.forms import RowPlayer

LARGEST = 1 << 40  # bytes of a message: a learner is trusted


def run(connections: Sequence[int]) -> list[str]:
    """Play in a process for each of ``connections``, descriptors that are closed here; return why some failed.

    The processes are forks of this one, which has imported what they need. A connection ends for the learner when no
    process holds it any more.
    """
    with quiet.loading():
        import cartrl.agents.learner
        import cartrl.experience.episodes
        import cartrl.experience.rollouts  # noqa: F401
    lifeline, held = os.pipe()  # ends in the forks when this process does
    collectors, words = [], []
    for connection in connections:
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            os.close(held)
            _be_collector(connection, connections, lifeline, writing)
        os.close(writing)
        collectors.append(process)
        words.append(os.fdopen(reading, encoding="utf-8", errors="replace"))
    for connection in connections:
        os.close(connection)
    with at_once(lambda: _end(collectors)):
        said = [text.read() for text in words]
        for process in collectors:
            os.waitpid(process, 0)
    return list(dict.fromkeys(filter(None, said)))


def _end(collectors: Sequence[int]) -> None:
    for process in collectors:
        os.kill(process, signal.SIGKILL)  # its learner has what it played given to another


def _be_collector(connection: int, connections: Sequence[int], lifeline: int, writing: int) -> None:
    """Play, and end this process; why it failed is written to ``writing``."""
    code = 70
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        channel = Channel(socket.socket(fileno=os.dup(connection)))
        for inherited in connections:
            os.close(inherited)
        serve(channel, lifeline)
        code = 0
    except CartrlError as error:
        os.write(writing, str(error).encode())
        code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve(channel: Channel, lifeline: int) -> None:
    """Play what the learner on the other side asks for, until it or the other end of ``lifeline`` has ended.

    Raises:
        CartrlError: when it refuses this collector, or asks for what cannot be played here.
    """
    try:
        channel.send(
            {
                "host": platform.node(),
                "process": os.getpid(),
                "processor": processor(),
                "versions": versions(),
                "modules": imports.given,
            }
        )
        welcome = channel.receive().facts
        if "refused" in welcome:
            raise CartrlError(str(welcome["refused"]))
        with ExitStack() as opened:
            player = _built(channel, settings_of(welcome["settings"]), opened)
            child_process.end_with(channel.connection.fileno(), lifeline)
            channel.send({"ready": True})
            while True:
                _answer(channel, player)
    except LostError:
        return


def _built(channel: Channel, settings: ExperimentSettings, opened: ExitStack) -> "RowPlayer":
    """Return what `build` builds; if that fails, the learner is told, too."""
    try:
        return build(settings, opened)
    except CartrlError as error:
        channel.send({"failed": str(error)})
        raise


def _answer(channel: Channel, player: "RowPlayer") -> None:
    from cartrl.experience.collectors.positions import unpacked

    facts, arrays = channel.receive(LARGEST)
    if "policy" in facts:
        for variable, value in zip(player.variables, arrays.values()):
            variable.assign(value)
        return
    moved = dict(zip(facts["moved"], unpacked(arrays) if arrays else ()))
    try:
        played = player.play_rows(Turn(*facts["turn"]), facts["rows"], moved)
    except CartrlError as error:
        channel.send({"failed": str(error)})
    else:
        channel.send({}, played)


def settings_of(text: str) -> ExperimentSettings:
    """Return the settings in what `ExperimentSettings.json` has written; they are checked as a config's are."""
    values: dict[str, Any] = json.loads(text)
    return of_kind(str(values["agent"]["kind"]))(**values)


def build(settings: ExperimentSettings, opened: ExitStack) -> "RowPlayer":
    """Build what plays rows of the experiment; ``opened`` closes its environments."""
    from cartrl import agents
    from cartrl.environments import specs
    from cartrl.environments.vector import VectorEnvironment
    from cartrl.experience.supply import Blueprint
    from cartrl.policies import acting

    with closing(VectorEnvironment(settings.environment, 1)) as environment:
        limit = environment.time_limit
        time_step_spec = specs.time_step_spec(environment.observation_space)
        action_spec = specs.action_spec(environment.action_space)
    agent = agents.build(settings, time_step_spec, action_spec)
    policy = acting.BatchPolicy(agent.policies, time_step_spec.observation)
    blueprint = Blueprint(settings, limit, time_step_spec, action_spec, agent.policies, policy, opened)
    player: RowPlayer = extensions.imported(kind(settings.agent.kind).experience.rows)(blueprint, made=1)
    return player


def main() -> None:
    """Be the collectors of a run of this machine, as `cartrl.experience.remote.local` starts them."""
    for reason in run(child_process.served_at()):
        print(reason, file=sys.stderr)
    leave(0)
