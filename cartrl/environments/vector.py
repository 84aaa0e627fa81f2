"""Whole episodes in many environments at once: one call of the policy for all, then one step of each."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any, Callable, NamedTuple, Optional, Protocol, TypeVar, Union

import numpy as np
from numpy.typing import NDArray

from cartrl.environments import spaces, suite
from cartrl.environments.environment import Environment, require_finite
from cartrl.environments.episodes import Episode, Evaluation, episode_return
from cartrl.environments.failures import failed
from cartrl.errors import CartrlError
from cartrl.settings import EnvironmentSettings

# (observations [N, *observation], step of the rollout) -> actions [N, *action]
Act = Callable[[NDArray[Any], int], NDArray[Any]]
Seeds = Union[NDArray[Any], Sequence[int]]
Kept = TypeVar("Kept")
# (environment, step of the rollout at which its episode began, rewards, terminated) -> what is kept of the episode
Finish = Callable[[int, int, NDArray[Any], bool], Kept]


class _Steps:
    """Arrays [N, …] of one shape, one of each step of a rollout, from which the part of an episode is quickly cut."""

    LENGTH = 128  # steps in a block; memory is taken block by block, and none is moved

    def __init__(self) -> None:
        self._blocks: list[NDArray[Any]] = []
        self._count = 0

    def append(self, values: NDArray[Any]) -> None:
        """Keep a copy of ``values``, those of the next step."""
        place = self._count % self.LENGTH
        if place == 0:
            self._blocks.append(np.empty((self.LENGTH, *values.shape), values.dtype))
        self._blocks[-1][place] = values
        self._count += 1

    def of(self, row: int, began: int) -> NDArray[Any]:
        """Return the values [T, …] of a row from the step ``began`` on."""
        first = began // self.LENGTH
        began, end = began - first * self.LENGTH, self._count - first * self.LENGTH
        return np.concatenate(
            [
                block[max(began - before, 0) : end - before, row]
                for before, block in zip(range(0, end, self.LENGTH), self._blocks[first:])
            ]
        )


class Steppable(Protocol):
    """An `Environment`, or what stands for one of another process."""

    API: str

    @property
    def take(self) -> Callable[[Any], Any]:
        """See `Environment.take`."""

    def transition(self, result: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """See `Environment.transition`."""

    def reset(self, seed: int) -> NDArray[Any]:
        """See `Environment.reset`."""

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """See `Environment.step`."""


class Running(NamedTuple):
    """An environment in the middle of an episode."""

    row: int  # of the environment among all
    env: Steppable
    take: Callable[[Any], Any]  # the environment's own step
    episode: int
    began: int  # the step of the rollout at which the episode began
    rewards: list[float]


class VectorEnvironment:
    """N copies of an environment, stepped in lockstep in this process.

    It is lean: gym's own step takes about 3 µs for CartPole, and wrapping each step in TF-Agents' or gym's vector
    classes costs several times that.

    Args:
        settings: suite, name, time limit, constants.
        num_environments: N, the most that are stepped at once.
        made: copies that are made at once, at least one; each of the others is made when it is first played. All,
            unless it is given.
    """

    def __init__(self, settings: EnvironmentSettings, num_environments: int, made: Optional[int] = None):
        self.name = settings.env_name
        self.num_environments = num_environments
        self.time_limit = suite.time_limit(settings)
        self._settings = settings
        with ExitStack() as opened:
            self._opened = opened
            first, *others = [self._make() for _ in range(num_environments if made is None else made)]
            self._opened = opened.pop_all()
        self._envs: dict[int, Steppable] = dict(enumerate([first, *others]))
        self.observation_space = first.observation_space
        self.observation_dtype = spaces.observation_dtype(self.observation_space)
        self.action_space = first.action_space
        self._usual = first.usual

    def _make(self) -> Environment:
        return self._opened.enter_context(closing(suite.playable(self._settings)))

    def run_episodes(self, act: Act, seeds: Seeds) -> list[Episode]:
        """Run one whole episode for each of ``seeds``, which seed the environments' resets.

        Returns:
            The episodes, in the order of ``seeds``.

        Raises:
            CartrlError: when an environment raises, or returns what the API does not say or what is no finite number.
        """
        observations = self._blank(seeds)
        seen, drawn = _Steps(), _Steps()

        def remembered(observations: NDArray[Any], step: int) -> NDArray[Any]:
            actions = act(observations, step)
            seen.append(observations)
            drawn.append(actions)
            return actions

        def finish(row: int, began: int, rewards: NDArray[Any], terminated: bool) -> Episode:
            return Episode(
                observations=seen.of(row, began),
                actions=drawn.of(row, began),
                rewards=rewards,
                terminated=terminated,
                final_observation=self.finite("observation", observations[row], self.observation_dtype),
            )

        return self._run(remembered, seeds, observations, finish)

    def evaluate(self, act: Act, seeds: Seeds) -> Evaluation:
        """Run one whole episode for each of ``seeds`` as `run_episodes` does, and keep only how each went.

        Raises:
            CartrlError: as `run_episodes`.
        """
        observations = self._blank(seeds)

        def finish(row: int, began: int, rewards: NDArray[Any], terminated: bool) -> tuple[float, int, bool]:
            self.finite("observation", observations[row], self.observation_dtype)
            return episode_return(rewards), len(rewards), terminated

        returns, lengths, terminated = zip(*self._run(act, seeds, observations, finish))
        return Evaluation(np.array(returns), np.array(lengths), np.array(terminated))

    def _blank(self, seeds: Seeds) -> NDArray[Any]:
        return np.zeros((min(len(seeds), self.num_environments), *self.observation_space.shape), self.observation_dtype)

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def _run(self, act: Act, seeds: Seeds, observations: NDArray[Any], finish: "Finish[Kept]") -> list[Kept]:
        """Run one whole episode for each of ``seeds``; return what ``finish`` makes of each.

        An environment whose episode ends begins the next one that is waiting, so all are busy until none waits.
        ``observations`` [N, *observation] always holds the present ones.
        """
        waiting = iter(range(len(seeds)))
        running: dict[int, Running] = {}
        kept: dict[int, Kept] = {}

        def begin(row: int) -> None:
            episode = next(waiting, None)
            if episode is None:
                running.pop(row, None)
            else:
                running[row] = self.begin(row, episode, step)
                observations[row] = running[row].env.reset(int(seeds[episode]))

        def end(ended: Running, terminated: bool) -> None:
            rewards = self.finite("reward", ended.rewards)
            kept[ended.episode] = finish(ended.row, ended.began, rewards, terminated)
            begin(ended.row)

        step = 0
        for row in range(len(observations)):
            begin(row)
        while running:
            actions = act(observations, step)
            step += 1
            moves = spaces.moves(self.action_space, actions)
            self.step(list(running.values()), moves, observations, step, end)
            self.finite("observation", observations, self.observation_dtype)  # before the policy sees them
        return [kept[episode] for episode in range(len(seeds))]

    def begin(self, row: int, episode: int, step: int) -> Running:
        """Return the environment of ``row`` as it runs from ``step`` on; the caller resets it."""
        env = self._envs.get(row)
        if env is None:
            env = self._envs[row] = self._make()
        return Running(row, env, env.take, episode, step, [])

    def step(
        self,
        running: Sequence[Running],
        moves: Union[Sequence[Any], Mapping[int, Any]],
        observations: NDArray[Any],
        step: int,
        end: Callable[[Running, bool], None],
    ) -> None:
        """Take ``step``, counted from 1, in each environment that runs; ``end`` is told of the episodes that it ends.

        ``moves`` has the move of each by its row.

        What an environment returns is used as it is where the episode goes on and the values have the usual types. This
        is told without calling a function, because a step of gym's CartPole takes 3 µs, beside which each call would
        be felt. Everything else goes through `Environment.transition`.
        """
        shape, usual = self.observation_space.shape, self._usual
        overdue = step - self.time_limit  # an episode that began then, or earlier, has come to the time limit
        for one in running:
            row, env, take, _, began, rewards = one
            try:
                result = take(moves[row])
            except (KeyboardInterrupt, CartrlError):
                raise
            except BaseException as error:
                raise failed(self.name, "step", error, env.API) from error
            try:
                following, reward, done, rest = result  # rest: gym's info, or whether the episode was truncated
                is_usual = (
                    done is False
                    and (not rest or type(rest) is dict)
                    and following.shape == shape
                    and following.dtype in usual
                    and isinstance(reward, float)
                )
            except (TypeError, ValueError, AttributeError):  # another API, or no array
                is_usual = False
            terminated = False
            if not is_usual:
                following, reward, terminated, truncated = env.transition(result)
                done = terminated or truncated
            observations[row] = following
            rewards.append(reward)
            if done or began <= overdue:
                end(one, terminated)

    def finite(self, what: str, values: Any, dtype: Any = np.float32) -> NDArray[Any]:
        """Return a copy of ``values`` as ``dtype`` if all are finite numbers."""
        numbers = np.array(values, dtype)
        require_finite(numbers, self.name, what, "step")
        return numbers

    def close(self) -> None:
        """Close every copy."""
        self._opened.close()
