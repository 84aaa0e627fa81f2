"""The other side: a process that steps environments, which needs no TensorFlow."""

import json
import socket
from contextlib import closing

import numpy as np

from cartrl.environments.vector import Running, VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.experience.remote.channel import Arrays, Channel, LostError, Message
from cartrl.experience.stepping.outcomes import Outcomes
from cartrl.settings import EnvironmentSettings
from cartrl.system import child_process
from cartrl.system.signals import leave

LARGEST = 1 << 30  # bytes of a message: of moves


class Player:
    """Steps and resets some of the environments of a run.

    Args:
        environment: those that are its own.
        outcomes: of these, where it tells what became of them.
    """

    def __init__(self, environment: VectorEnvironment, outcomes: Outcomes):
        self._environment, self._outcomes = environment, outcomes
        self._running = [environment.begin(row, 0, 0) for row in range(environment.num_environments)]

    @np.errstate(over="ignore")  # numbers beyond float32 become infinite, which the process that trains refuses
    def play(self, request: Message) -> None:
        """Reset one environment, or step several, as ``request`` says.

        Raises:
            CartrlError: when an environment fails.
        """
        facts, arrays = request
        if "reset" in facts:
            row = facts["reset"]
            self._outcomes.observations[row] = self._running[row].env.reset(facts["seed"])
        else:
            self._step(facts["step"], arrays)

    def _step(self, rows: list[int], arrays: Arrays) -> None:
        outcomes, moves = self._outcomes, arrays["moves"]
        outcomes.terminated[rows] = outcomes.truncated[rows] = False
        running = [self._running[row] for row in rows]
        by_row = dict(zip(rows, moves.tolist() if moves.dtype.kind == "i" else moves))
        # Of time limits the learner knows: here every episode began in the step that it is now.
        self._environment.step(running, by_row, outcomes.observations, 0, self._ended)
        for one in running:
            outcomes.rewards[one.row] = one.rewards.pop()

    def _ended(self, ended: Running, terminated: bool) -> None:
        (self._outcomes.terminated if terminated else self._outcomes.truncated)[ended.row] = True


def serve(channel: Channel, memory: int) -> None:
    """Step environments until the learner on the other side is done."""
    try:
        welcome = channel.receive().facts
        settings = EnvironmentSettings(**json.loads(welcome["settings"]))
        rows = range(*welcome["rows"])
        try:
            with closing(VectorEnvironment(settings, len(rows))) as environment:
                outcomes = Outcomes.of(environment, memory, welcome["size"]).part(rows)
                _answer(channel, Player(environment, outcomes))
        except CartrlError as error:
            channel.send({"failed": str(error)})
    except LostError:
        return


def _answer(channel: Channel, player: Player) -> None:
    """Do what the learner asks, until it asks for the end."""
    channel.send({})
    while True:
        request = channel.receive(LARGEST)
        if "end" in request.facts:
            return
        try:
            player.play(request)
        except CartrlError as error:
            channel.send({"failed": str(error)})
        else:
            channel.send({})


def main() -> None:
    """Be such a process, as `cartrl.experience.stepping.stepper` starts it."""
    connection, memory = child_process.served_at()
    child_process.end_with(connection)
    serve(Channel(socket.socket(fileno=connection)), memory)
    leave(0)
