"""Many environments at once, stepped in lockstep by several processes."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Callable, Union

import numpy as np
from numpy.typing import NDArray

from cartrl.environments.environment import Environment, require_finite
from cartrl.environments.vector import Running, VectorEnvironment
from cartrl.experience.stepping.outcomes import Outcomes, new_memory
from cartrl.experience.stepping.stepper import Stepper
from cartrl.settings import EnvironmentSettings


class Elsewhere:
    """An environment of another process, played as one of this process is.

    Args:
        name: what errors call it.
        row: its number among all.
        stepper: the process.
        outcomes: of the steps of all environments.
    """

    API = Environment.API

    def __init__(self, name: str, row: int, stepper: Stepper, outcomes: Outcomes):
        self._name, self._row, self._stepper, self._outcomes = name, row, stepper, outcomes

    def reset(self, seed: int) -> NDArray[Any]:
        """Begin an episode; return the observation."""
        self._stepper.reset(self._row, seed)
        observation: NDArray[Any] = self._outcomes.observations[self._row].copy()
        return observation

    def take(self, move: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """Return the outcome of ``move``, which `Stepper.step` has sent; its observation lies in shared memory."""
        self._stepper.wait()
        outcomes, row = self._outcomes, self._row
        ends = bool(outcomes.terminated[row]), bool(outcomes.truncated[row])
        return outcomes.observations[row], float(outcomes.rewards[row]), *ends

    def transition(self, result: Any) -> Any:
        """Return what `take` returned: observation, reward, terminated, truncated."""
        return result

    def step(self, move: Any) -> tuple[NDArray[Any], float, bool, bool]:
        """Take a step by itself; return the same, checked and copied."""
        self._stepper.step([self._row], [move])
        observation, reward, terminated, truncated = self.take(move)
        require_finite(observation, self._name, "observation", "step")
        require_finite(np.float32(reward), self._name, "reward", "step")
        return observation.copy(), reward, terminated, truncated


class SharedVectorEnvironment(VectorEnvironment):
    """N copies of an environment, shared out to this process and others, which all step their own at once.

    What comes of it is what comes of a `VectorEnvironment`, to the last bit. When one of the processes has ended, each
    method says so by a CartrlError.

    Args:
        settings: suite, name, time limit, constants.
        num_environments: N.
        processes: that have environments, with this one; from 2 to N.
    """

    def __init__(self, settings: EnvironmentSettings, num_environments: int, processes: int):
        ends = [num_environments * number // processes for number in range(1, processes + 1)]
        super().__init__(settings, num_environments, made=ends[0])
        self._steppers: dict[int, Stepper] = {}  # by row, of the environments of other processes
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            memory = new_memory()
            self._opened.callback(os.close, memory)
            outcomes = Outcomes.of(self, memory, num_environments)
            for number, rows in enumerate(map(range, ends, ends[1:]), 2):
                stepper = Stepper(number, settings, rows, num_environments, memory)
                self._opened.callback(stepper.close)
                for row in rows:
                    self._steppers[row] = stepper
                    self._envs[row] = Elsewhere(self.name, row, stepper, outcomes)
            on_failure.pop_all()

    def step(
        self,
        running: Sequence[Running],
        moves: Union[Sequence[Any], Mapping[int, Any]],
        observations: NDArray[Any],
        step: int,
        end: Callable[[Running, bool], None],
    ) -> None:
        """Take ``step`` in each environment that runs; see `VectorEnvironment.step`.

        The others begin theirs first. What came of it is taken in row by row, as if all were of this process.
        """
        asked: dict[Stepper, list[int]] = {}
        for one in running:
            if one.row in self._steppers:
                asked.setdefault(self._steppers[one.row], []).append(one.row)
        for stepper, rows in asked.items():
            stepper.step(rows, [moves[row] for row in rows])
        super().step(running, moves, observations, step, end)
