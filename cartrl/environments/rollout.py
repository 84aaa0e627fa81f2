"""Whole episodes in many gym environments at once: one call of the policy for all, then one step of each."""

from collections.abc import Sequence
from typing import Callable, Optional, Union

import numpy as np

from cartrl.environments import gym_environment
from cartrl.episodes import Episode
from cartrl.settings import EnvironmentSettings

# (observations [N, *observation], step of the rollout) -> actions [N, *action]
Act = Callable[[np.ndarray, int], np.ndarray]


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
        self._envs = [gym_environment.make(settings) for _ in range(num_environments)]
        self.observation_space = self._envs[0].observation_space
        self.action_space = self._envs[0].action_space

    @np.errstate(over="ignore")  # what is too large for a float32 becomes infinite, and is refused as such
    def run_episodes(self, act: Act, seeds: Union[np.ndarray, Sequence[int]]) -> list[Episode]:
        """Run one whole episode for each of ``seeds``, which seed the environments' resets.

        An environment whose episode ends begins the next one that is waiting, so all are busy until none waits.

        Returns:
            The episodes, in the order of ``seeds``.

        Raises:
            CartrlError: when an environment raises, or returns what is no finite number.
        """
        envs = self._envs[: len(seeds)]
        steppers = [env.step for env in envs]
        waiting = iter(range(len(seeds)))
        observations = np.zeros((len(envs), *self.observation_space.shape), np.float32)
        running: dict[int, tuple[int, int]] = {}  # environment -> its episode, and the step at which that began

        def begin(row: int, step: int) -> None:
            episode = next(waiting, None)
            if episode is None:
                running.pop(row, None)
            else:
                running[row] = (episode, step)
                observations[row] = gym_environment.reset(envs[row], self._env_name, int(seeds[episode]))

        for row in range(len(envs)):
            begin(row, 0)
        rewards: list[list[float]] = [[] for _ in seeds]
        seen: list[np.ndarray] = []
        drawn: list[np.ndarray] = []
        episodes: list[Optional[Episode]] = [None] * len(seeds)
        step = 0
        while running:
            actions = act(observations, step)
            seen.append(observations.copy())
            drawn.append(actions)
            moves = gym_environment.moves(self.action_space, actions)
            step += 1
            for row, (episode, began) in list(running.items()):
                try:
                    observations[row], reward, done, info = steppers[row](moves[row])
                except Exception as error:
                    raise gym_environment.failed(self._env_name, "step", error) from error
                rewards[episode].append(reward)
                if not done and step - began < self.time_limit:
                    continue
                terminated = bool(done) and not info.get("TimeLimit.truncated", False)
                episodes[episode] = Episode(
                    observations=np.array([observations[row] for observations in seen[began:]]),
                    actions=np.array([actions[row] for actions in drawn[began:]]),
                    rewards=self._finite("reward", rewards[episode]),
                    terminated=terminated,
                    final_observation=self._finite("observation", observations[row]),
                )
                begin(row, step)
            self._finite("observation", observations)  # before the policy sees them
        return [episode for episode in episodes if episode is not None]

    def _finite(self, what: str, values: Union[np.ndarray, Sequence]) -> np.ndarray:
        """Return a copy of ``values`` as float32 if all are finite numbers."""
        try:
            numbers = np.array(values, np.float32)
        except (TypeError, ValueError) as error:
            raise gym_environment.failed(self._env_name, f"a {what} of step", error) from error
        gym_environment.require_finite(numbers, self._env_name, what, "step")
        return numbers

    def close(self) -> None:
        """Close every copy."""
        for env in self._envs:
            env.close()
