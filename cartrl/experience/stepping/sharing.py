"""Into how many processes environments are shared out: ``collect.processes``."""

import os
import time
from contextlib import closing
from typing import NamedTuple, Optional

from cartrl.environments import suite
from cartrl.environments.vector import VectorEnvironment
from cartrl.experience.stepping.vector import SharedVectorEnvironment
from cartrl.experience.supply import Blueprint
from cartrl.settings import EnvironmentSettings

SECONDS = 1.0  # of measuring
MESSAGE = 2e-4  # seconds that it takes to ask another process for a step and to hear of it, as measured


class Pace(NamedTuple):
    """How long a step of an environment takes."""

    seconds: float
    computing: float  # seconds of these in which a core computes; in the others the environment waits

    def of_all(self, environments: int, processes: int, cores: int) -> float:
        """Return the seconds of a step of all ``environments``, shared out to ``processes``."""
        largest_share = -(-environments // processes)
        return max(largest_share * self.seconds, environments * self.computing / cores) + (processes - 1) * MESSAGE

    def best(self, environments: int, cores: int) -> int:
        """Return the number of processes with which a step of all takes the least time."""
        return min(range(1, environments + 1), key=lambda number: self.of_all(environments, number, cores))


def environments(blueprint: Blueprint, count: int, made: Optional[int]) -> VectorEnvironment:
    """Return ``count`` environments to collect in, in as many processes as the settings ask for.

    Where only some are ``made`` at once they are all of this process: see `VectorEnvironment`.
    """
    settings, processes = blueprint.settings.environment, blueprint.settings.collect.processes
    if made is not None or count == 1:
        return VectorEnvironment(settings, count, made)
    if processes == "auto":
        processes = _chosen(blueprint, count)
    if processes == 1:
        return VectorEnvironment(settings, count)
    return SharedVectorEnvironment(settings, count, min(processes, count))


def _chosen(blueprint: Blueprint, count: int) -> int:
    """Return the number of processes that ``auto`` takes, and have the user told of it."""
    settings, cores = blueprint.settings.environment, len(os.sched_getaffinity(0))
    pace = measured(settings)
    processes = pace.best(count, cores)
    blueprint.told.append(
        f"collect.processes: auto takes {processes} for {count} environments on {cores} cores, as a step of "
        f"{settings.env_name} takes {1000 * pace.seconds:.2g} ms"
    )
    return processes


def measured(settings: EnvironmentSettings) -> Pace:
    """Step an environment for a second, with actions at random; return how long a step takes."""
    with closing(suite.playable(settings)) as env:
        limit = suite.time_limit(settings)
        env.action_space.seed(0)
        env.reset(seed=0)
        steps, spent, computed, until = 0, 0.0, 0.0, time.perf_counter() + SECONDS
        while not steps or time.perf_counter() < until:
            action = env.action_space.sample()
            began, computing = time.perf_counter(), time.process_time()
            _, _, *ends = env.step(action)
            spent, computed = spent + time.perf_counter() - began, computed + time.process_time() - computing
            steps += 1
            if any(ends) or steps % limit == 0:
                env.reset(seed=steps)
    return Pace(spent / steps, computed / steps)
