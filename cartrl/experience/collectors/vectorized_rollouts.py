"""Rolls out in copies of any environment, N at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.environments import spaces
from cartrl.environments.episodes import episode_return
from cartrl.environments.rollouts import Rollout
from cartrl.environments.vector import Running, VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.experience.collectors.positions import Position, packed, unpacked
from cartrl.experience.exploration import BatchExploration
from cartrl.randomness import ActionSeeds, Stream, Turn, draw
from cartrl.settings.pipeline import SteppedCollectSettings


class VectorizedRollouts:
    """Steps N environments T times, and begins each anew when its episode ends; the next rollout goes on from there.

    An environment's state is the seed of its running episode and the actions since then, of which its episode is a
    function. `restore` takes these actions again. What happens in an environment depends on no other one, so that each
    of several processes can play some of them.

    Args:
        environment: the N environments.
        exploration: how actions are drawn.
        collect: says T.
    """

    def __init__(
        self,
        environment: VectorEnvironment,
        exploration: BatchExploration,
        collect: SteppedCollectSettings,
    ):
        self._environment = environment
        self._exploration = exploration
        self._num_steps = collect.num_steps
        self._size = environment.num_environments
        self._blank()

    def _blank(self) -> None:
        self._seed, self._step = 0, 0
        self._exploration.forget()
        self._running: dict[int, Running] = {}  # by row
        self._actions: list[list[NDArray[Any]]] = [[] for _ in range(self._size)]  # of each running episode
        environment = self._environment
        self._observations = np.zeros((self._size, *environment.observation_space.shape), environment.observation_dtype)

    def initialise(self, seed: int) -> None:
        """Begin an episode in each environment."""
        self._blank()
        self._seed = seed
        for row in range(self._size):
            self._begin(row, episode=0)

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that actions depend on."""
        return self._exploration.variables

    @property
    def noise_spec(self) -> tf.TensorSpec:
        """The spec of what lasts of the noise in one environment."""
        return self._exploration.noise_spec

    def play(self, turn: Turn) -> Rollout:
        """Play ``turn`` in all environments."""
        return Rollout(*self._play(turn, range(self._size)))

    def play_rows(self, turn: Turn, rows: Sequence[int], moved: Mapping[int, Position]) -> dict[str, NDArray[Any]]:
        """Play ``turn`` in the environments ``rows`` alone, of which ``moved`` are brought to where they stand first.

        Returns:
            The arrays of a `Rollout` by name, and where the environments stand then, all of them [R, …].
        """
        self._seed = turn.seed
        self._stand(moved)
        for row in rows:  # it may have stood still while others were played
            self._running[row] = self._running[row]._replace(began=self._step - len(self._actions[row]))
        chosen, noise = list(rows), self._exploration.noise.copy()
        names = Rollout.__annotations__
        played = {name: cells[:, chosen].swapaxes(0, 1) for name, cells in zip(names, self._play(turn, rows))}
        noise[chosen] = self._exploration.noise[chosen]
        self._exploration.noise = noise  # that of the other environments has not changed
        return {**played, "standing": self._observations[chosen], "noise": noise[chosen]}

    def _play(self, turn: Turn, rows: Sequence[int]) -> list[NDArray[Any]]:
        """Play ``rows``; return the arrays of a `Rollout` of all environments, with zeros for the others."""
        seeds = ActionSeeds(turn.seed, Stream.COLLECT_ACTIONS, turn.iteration)
        first, at_random = turn.number * self._num_steps, self._exploration.is_at_random(turn)
        steps = []
        for step in range(first, first + self._num_steps):
            observations = self._observations.copy()
            begins = np.array([not actions for actions in self._actions])
            actions = self._exploration.act(observations, seeds[step], begins, at_random)
            steps.append((observations, actions, *self._take(actions, rows)))
        return [np.stack(cells) for cells in zip(*steps)]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return which episode each environment is in, the actions taken in it, and what was observed last."""
        return {"seed": np.array(self._seed), **packed(self.positions())}

    def positions(self) -> list[Position]:
        """Return where each environment stands."""
        noise = self._exploration.noise
        return [
            Position(self._running[row].episode, list(self._actions[row]), self._observations[row].copy(), noise[row])
            for row in range(self._size)
        ]

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from where the environments stood: begin their episodes, and take the same actions again.

        Raises:
            CartrlError: when an environment does not come to where it stood.
        """
        self._blank()
        self._seed = int(state["seed"])
        self._stand(dict(enumerate(unpacked(state))))

    def _stand(self, positions: Mapping[int, Position]) -> None:
        """Bring environments, by row, to where they stood.

        Raises:
            CartrlError: when an environment does not come there.
        """
        noise = self._exploration.noise = self._exploration.noise.copy()
        for row, position in positions.items():
            noise[row] = position.noise
            self._begin(row, position.episode)
            self._again(row, position.actions)
            if not np.array_equal(self._observations[row], position.observation):
                raise CartrlError(
                    f"{self._environment.name} is not the same again after the same seed and the same actions, so no "
                    "run in it can go on: it must draw all that is random from the seed of reset"
                )

    def _begin(self, row: int, episode: int) -> None:
        """Begin an episode of an environment; its first observation becomes the present one."""
        self._running[row] = running = self._environment.begin(row, episode, self._step)
        seed = int(draw(1, self._seed, Stream.COLLECT_RESETS, row, episode)[0])
        self._observations[row] = running.env.reset(seed)
        self._actions[row] = []

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def _take(self, actions: NDArray[Any], rows: Sequence[int]) -> tuple[NDArray[Any], ...]:
        """Take a step in each of the environments ``rows``.

        Returns:
            Rewards, terminated, truncated [N], the observations that followed [N, *observation], and the returns [N].
        """
        terminated, truncated = np.zeros(self._size, bool), np.zeros(self._size, bool)
        following, rewards, returns = self._observations.copy(), np.zeros(self._size, np.float32), np.zeros(self._size)
        running = [self._running[row] for row in rows]

        def end(ended: Running, is_terminated: bool) -> None:
            row = ended.row
            (terminated if is_terminated else truncated)[row] = True
            following[row] = self._observations[row]
            returns[row] = episode_return(np.array(ended.rewards, np.float32))
            self._begin(row, ended.episode + 1)

        self._step += 1
        for row in rows:
            self._actions[row].append(actions[row])
        moves = spaces.moves(self._environment.action_space, actions)
        self._environment.step(running, moves, self._observations, self._step, end)
        goes_on = ~(terminated | truncated)
        following[goes_on] = self._observations[goes_on]
        self._environment.finite("observation", following, following.dtype)
        rewards[rows] = self._environment.finite("reward", [one.rewards[-1] for one in running])
        return rewards, terminated, truncated, following, returns

    def _again(self, row: int, actions: list[NDArray[Any]]) -> None:
        """Take ``actions`` in the running episode of an environment, which they did not end."""
        running = self._running[row]
        for move in spaces.moves(self._environment.action_space, np.array(actions)) if actions else ():
            self._observations[row], reward, _, _ = running.env.step(move)
            running.rewards.append(reward)
        self._running[row] = running._replace(began=self._step - len(actions))
        self._actions[row] = list(actions)
