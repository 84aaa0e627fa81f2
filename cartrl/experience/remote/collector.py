"""A collector that has others play for it, in an order of turns and policies that does not depend on who they are."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.environments.episodes import Played
from cartrl.experience.collectors.positions import Position, packed, unpacked
from cartrl.experience.remote.forms import Whole
from cartrl.experience.remote.local import LocalCollectors
from cartrl.experience.remote.team import Order, Policy, Team
from cartrl.randomness import Turn
from cartrl.settings import ExperimentSettings
from cartrl.system import notices

POLICY = "policy"  # how the names begin of the values of a policy in a state


class Writable(Protocol):
    """A replay that takes what a turn has played."""

    def write(self, played: Any) -> None:
        """Take it."""


class Standing(Protocol):
    """The environments of this process, whose episodes go on."""

    def initialise(self, seed: int) -> None:
        """Begin anew."""

    def positions(self) -> list[Position]:
        """Return where each environment stands."""


class News:
    """Sentences for the user from the threads that hear collectors.

    The thread that trains passes them on: while it holds stderr back, what others write there is lost.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self.tell = self._waiting.append

    def pass_on(self) -> None:
        """Print them as warnings."""
        while self._waiting:
            notices.warn(self._waiting.popleft())


class Following(NamedTuple):
    """Which turn follows another."""

    turns: int  # of an iteration
    steps: int  # of all environments in a turn; 0 where that is not known beforehand
    last: int  # iteration of the run

    @classmethod
    def of(cls, settings: ExperimentSettings) -> "Following":
        """Return that of an experiment."""
        turns, steps = settings.collect.turns, settings.collect.steps_per_iteration or 0
        return cls(turns, steps // turns, settings.train.num_iterations)

    def after(self, turn: Turn) -> Turn:
        """Return the turn after ``turn``."""
        more, number = divmod(turn.number + 1, self.turns)
        return Turn(turn.seed, turn.iteration + more, number, turn.environment_steps + self.steps)


class TeamCollector:
    """Has turns played by a team, with policies that may be some turns old.

    With a lag of L, a turn is played with the policy of L turns before the last. So it is ordered L turns before it is
    learned from, and collectors play while this process learns.

    Args:
        team: plays.
        standing: the environments of this process, where episodes go on between turns.
        replay: is given what was played.
        variables: of the policy.
        settings: of the experiment.
        local: the collectors of this machine, if there are any.
        news: that are to be passed on.
    """

    def __init__(
        self,
        team: Team,
        standing: Sequence[Standing],
        replay: Writable,
        variables: Sequence[tf.Variable],
        settings: ExperimentSettings,
        local: Optional[LocalCollectors],
        news: News,
    ):
        self._team, self._standing, self._replay, self._variables = team, standing, replay, variables
        self._lag, self._following = settings.collect.policy_lag, Following.of(settings)
        self._local, self._news = local, news
        self._blank(0)

    def _blank(self, seed: int) -> None:
        self._seed = seed
        self._orders: deque[Order] = deque()
        self._policies: deque[Policy] = deque()  # of the next turns, at least of those that are ordered

    def prepare(self) -> None:
        """Wait until the collectors of this machine are there."""
        if self._local is not None:
            self._local.wait(self._news.tell)

    def collect(self, turn: Turn) -> Played:
        """Have ``turn`` played, and order the turns after it whose policies are known by now."""
        present = [variable.numpy() for variable in self._variables]
        self._policies.extend([present] * (self._lag + 1 - len(self._policies)))
        wanted = turn
        for number, policy in enumerate(self._policies):
            if wanted.iteration > self._following.last:
                break
            if number >= len(self._orders):
                self._orders.append(self._team.order(wanted, policy))
            wanted = self._following.after(wanted)
        self._policies.popleft()
        played: Whole = self._team.form.whole(self._team.wait_for(self._orders.popleft(), present))
        self._news.pass_on()
        self._replay.write(played)
        return played.played()

    def initialise(self, seed: int) -> None:
        """Begin anew."""
        self._blank(seed)
        for environments in self._standing:
            environments.initialise(seed)
        positions = [position for environments in self._standing for position in environments.positions()]
        self._team.begin(positions, is_here=True)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return where environments stand, as a collector of one process does, and the policies of turns to come."""
        positions = self._team.positions
        own = {"seed": np.array(self._seed), **packed(positions)} if positions else {}
        lagging = {
            f"{POLICY}/{age}/{number}": value
            for age, policy in enumerate(self._policies)
            for number, value in enumerate(policy)
        }
        return {**own, **lagging}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from where the environments stood; whoever plays next brings them there."""
        self._blank(int(state.get("seed", 0)))
        count = len(self._variables)
        values = [state[name] for name in state if name.startswith(f"{POLICY}/")]
        self._policies.extend(values[first : first + count] for first in range(0, len(values), count))
        self._team.begin(unpacked(state) if self._standing else [], is_here=False)
