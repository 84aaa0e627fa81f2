"""Whole episodes in many gym environments at once: one call of the policy for all, then one step of each."""

from collections.abc import Sequence
from typing import Any, Callable, TypeVar, Union

import numpy as np

from cartrl.environments import gym_environment
from cartrl.environments.environment import require_finite
from cartrl.episodes import Episode, Evaluation, episode_return
from cartrl.settings import EnvironmentSettings

# (observations [N, *observation], step of the rollout) -> actions [N, *action]
Act = Callable[[np.ndarray, int], np.ndarray]
Seeds = Union[np.ndarray, Sequence[int]]
Kept = TypeVar("Kept")
# (environment, step of the rollout at which its episode began, rewards, terminated) -> what is kept of the episode
Finish = Callable[[int, int, np.ndarray, bool], Kept]


class VectorEnvironment:
    """N copies of a gym environment, stepped in lockstep in this process.

    It is lean: gym's own step takes about 3 µs for CartPole, and wrapping each step in TF-Agents' or gym's vector
    classes costs several times that.

    Args:
        settings: gym id, time limit, constants.
        num_environments: N, the copies made.
    """

    def __init__(self, settings: EnvironmentSettings, num_environments: int):
        self._env_name = settings.env_name
        self.time_limit = gym_environment.time_limit(settings)
        self._envs = [gym_environment.playable(settings) for _ in range(num_environments)]
        self.observation_space = self._envs[0].observation_space
        self.action_space = self._envs[0].action_space

    def run_episodes(self, act: Act, seeds: Seeds) -> list[Episode]:
        """Run one whole episode for each of ``seeds``, which seed the environments' resets.

        Returns:
            The episodes, in the order of ``seeds``.

        Raises:
            CartrlError: when an environment raises, or returns what the API does not say or what is no finite number.
        """
        observations = self._blank(seeds)
        seen: list[np.ndarray] = []
        drawn: list[np.ndarray] = []

        def remembered(observations: np.ndarray, step: int) -> np.ndarray:
            actions = act(observations, step)
            seen.append(observations.copy())
            drawn.append(actions)
            return actions

        def finish(row: int, began: int, rewards: np.ndarray, terminated: bool) -> Episode:
            return Episode(
                observations=np.array([observations[row] for observations in seen[began:]]),
                actions=np.array([actions[row] for actions in drawn[began:]]),
                rewards=rewards,
                terminated=terminated,
                final_observation=self._finite("observation", observations[row]),
            )

        return self._run(remembered, seeds, observations, finish)

    def evaluate(self, act: Act, seeds: Seeds) -> Evaluation:
        """Run one whole episode for each of ``seeds`` as `run_episodes` does, and keep only how each went.

        Raises:
            CartrlError: as `run_episodes`.
        """
        observations = self._blank(seeds)

        def finish(row: int, began: int, rewards: np.ndarray, terminated: bool) -> tuple[float, int, bool]:
            self._finite("observation", observations[row])
            return episode_return(rewards), len(rewards), terminated

        returns, lengths, terminated = zip(*self._run(act, seeds, observations, finish))
        return Evaluation(np.array(returns), np.array(lengths), np.array(terminated))

    def _blank(self, seeds: Seeds) -> np.ndarray:
        return np.zeros((min(len(seeds), len(self._envs)), *self.observation_space.shape), np.float32)

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def _run(self, act: Act, seeds: Seeds, observations: np.ndarray, finish: "Finish[Kept]") -> list[Kept]:
        """Run one whole episode for each of ``seeds``; return what ``finish`` makes of each.

        An environment whose episode ends begins the next one that is waiting, so all are busy until none waits.
        ``observations`` [N, *observation] always holds the present ones.
        """
        envs = self._envs[: len(observations)]
        steppers = [env.step for env in envs]
        waiting = iter(range(len(seeds)))
        running: dict[int, tuple[int, int]] = {}  # environment -> its episode, and the step at which that began

        def begin(row: int, step: int) -> None:
            episode = next(waiting, None)
            if episode is None:
                running.pop(row, None)
            else:
                running[row] = (episode, step)
                observations[row] = envs[row].reset(int(seeds[episode]))

        for row in range(len(envs)):
            begin(row, 0)
        rewards: list[list[float]] = [[] for _ in seeds]
        kept: dict[int, Kept] = {}
        step = 0
        while running:
            actions = act(observations, step)
            moves = gym_environment.moves(self.action_space, actions)
            step += 1
            for row, (episode, began) in list(running.items()):
                observations[row], reward, terminated, truncated = steppers[row](moves[row])
                rewards[episode].append(reward)
                if not (terminated or truncated) and step - began < self.time_limit:
                    continue
                kept[episode] = finish(row, began, self._finite("reward", rewards[episode]), terminated)
                rewards[episode] = []
                begin(row, step)
            self._finite("observation", observations)  # before the policy sees them
        return [kept[episode] for episode in range(len(seeds))]

    def _finite(self, what: str, values: Any) -> np.ndarray:
        """Return a copy of ``values`` as float32 if all are finite numbers."""
        numbers = np.array(values, np.float32)
        require_finite(numbers, self._env_name, what, "step")
        return numbers

    def close(self) -> None:
        """Close every copy."""
        for env in self._envs:
            env.close()
