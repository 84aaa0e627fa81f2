"""Rolls out in copies of any environment, N at a time."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.environments import spaces
from cartrl.environments.episodes import Played, episode_return
from cartrl.environments.rollouts import Rollout
from cartrl.environments.vector import Running, VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.experience.exploration import BatchExploration
from cartrl.randomness import ActionSeeds, Stream, Turn, draw
from cartrl.settings.pipeline import SteppedCollectSettings


class Writable(Protocol):
    """A replay that takes rollouts."""

    def write(self, played: Rollout) -> None:
        """Take what a turn has played."""


class VectorizedRollouts:
    """Steps N environments T times, and begins each anew when its episode ends; the next rollout goes on from there.

    An environment's state is the seed of its running episode and the actions since then, of which its episode is a
    function. `restore` takes these actions again.

    Args:
        environment: the N environments.
        exploration: how actions are drawn.
        collect: says T.
        replay: is given what was played.
    """

    def __init__(
        self,
        environment: VectorEnvironment,
        exploration: BatchExploration,
        collect: SteppedCollectSettings,
        replay: Writable,
    ):
        self._environment = environment
        self._exploration = exploration
        self._num_steps = collect.num_steps
        self._replay = replay
        self._size = environment.num_environments
        self._blank()

    def _blank(self) -> None:
        self._seed, self._step = 0, 0
        self._exploration.forget()
        self._running: list[Running] = []
        self._actions: list[list[NDArray[Any]]] = [[] for _ in range(self._size)]  # of each running episode
        environment = self._environment
        self._observations = np.zeros((self._size, *environment.observation_space.shape), environment.observation_dtype)

    def prepare(self) -> None:
        """Nothing is compiled here."""

    def initialise(self, seed: int) -> None:
        """Begin an episode in each environment."""
        self._blank()
        self._seed = seed
        self._running = [self._begin(row, episode=0) for row in range(self._size)]

    def collect(self, turn: Turn) -> Played:
        """Play a rollout, and return what is counted of it."""
        seeds = ActionSeeds(turn.seed, Stream.COLLECT_ACTIONS, turn.iteration)
        first, at_random = turn.number * self._num_steps, self._exploration.is_at_random(turn)
        steps = []
        for step in range(first, first + self._num_steps):
            observations = self._observations.copy()
            begins = np.array([not actions for actions in self._actions])
            actions = self._exploration.act(observations, seeds[step], begins, at_random)
            steps.append((observations, actions, *self._take(actions)))
        rollout = Rollout(*(np.stack(cells) for cells in zip(*steps)))
        self._replay.write(rollout)
        return rollout.played()

    def state(self) -> dict[str, NDArray[Any]]:
        """Return which episode each environment is in, the actions taken in it, and what was observed last."""
        return {
            "seed": np.array(self._seed),
            "episodes": np.array([one.episode for one in self._running]),
            "steps": np.array([len(actions) for actions in self._actions]),
            "actions": np.array([action for actions in self._actions for action in actions]),
            "observations": self._observations.copy(),
            "noise": self._exploration.noise,
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from where the environments stood: begin their episodes, and take the same actions again.

        Raises:
            CartrlError: when an environment does not come to where it stood.
        """
        self._blank()
        self._exploration.noise = state["noise"]
        self._seed = int(state["seed"])
        self._running = [self._begin(row, int(episode)) for row, episode in enumerate(state["episodes"])]
        first = 0
        for row, count in enumerate(state["steps"].tolist()):
            self._again(row, state["actions"][first : first + count])
            first += count
        if not np.array_equal(self._observations, state["observations"]):
            raise CartrlError(
                f"{self._environment.name} is not the same again after the same seed and the same actions, so no run "
                "in it can go on: it must draw all that is random from the seed of reset"
            )

    def _begin(self, row: int, episode: int) -> Running:
        """Begin an episode of an environment; its first observation becomes the present one."""
        running = self._environment.begin(row, episode, self._step)
        seed = int(draw(1, self._seed, Stream.COLLECT_RESETS, row, episode)[0])
        self._observations[row] = running.env.reset(seed)
        self._actions[row] = []
        return running

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def _take(self, actions: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Take a step in each environment.

        Returns:
            Rewards, terminated, truncated [N], the observations that followed [N, *observation], and the returns [N].
        """
        terminated, truncated = np.zeros(self._size, bool), np.zeros(self._size, bool)
        following, returns = self._observations.copy(), np.zeros(self._size)
        running = list(self._running)

        def end(ended: Running, is_terminated: bool) -> None:
            row = ended.row
            (terminated if is_terminated else truncated)[row] = True
            following[row] = self._observations[row]
            returns[row] = episode_return(np.array(ended.rewards, np.float32))
            self._running[row] = self._begin(row, ended.episode + 1)

        self._step += 1
        for taken, action in zip(self._actions, actions):
            taken.append(action)
        moves = spaces.moves(self._environment.action_space, actions)
        self._environment.step(running, moves, self._observations, self._step, end)
        goes_on = ~(terminated | truncated)
        following[goes_on] = self._observations[goes_on]
        self._environment.finite("observation", following, following.dtype)
        rewards = self._environment.finite("reward", [one.rewards[-1] for one in running])
        return rewards, terminated, truncated, following, returns

    def _again(self, row: int, actions: NDArray[Any]) -> None:
        """Take ``actions`` in the running episode of an environment, which they did not end."""
        running = self._running[row]
        for move in spaces.moves(self._environment.action_space, actions):
            self._observations[row], reward, _, _ = running.env.step(move)
            running.rewards.append(reward)
        self._running[row] = running._replace(began=self._step - len(actions))
        self._actions[row] = list(actions)
