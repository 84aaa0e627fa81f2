"""Settings of the sections around the agent: ``collect``, ``replay_buffer``, ``train`` and ``eval``."""

import math
from collections.abc import Mapping
from typing import Any, Literal, Optional, Union

from pydantic import Field

from cartrl.settings.section import LARGEST_INT, Section, count


class CollectSettings(Section):
    """How experience is collected with the current policy."""

    engine: Literal["auto", "compiled", "vectorized"] = Field(
        "auto",
        description="How episodes are played. vectorized steps any environment; compiled steps "
        "a twin of one in a program that XLA compiles, many times faster. auto takes the twin where there is one.",
    )

    @property
    def steps_per_iteration(self) -> Optional[int]:
        """Steps of all environments in an iteration; None where that is not known beforehand."""
        return None


class EpisodeCollectSettings(CollectSettings):
    """How whole episodes are collected."""

    collect_episodes_per_iteration: int = count(
        2,
        "Whole episodes collected for each update of the policy; all of them are learned from.",
    )
    num_environments: Optional[int] = count(
        None,
        "For the engine vectorized: environments stepped side by side, with one call of the policy for all of them. "
        "null takes as many as there are episodes to collect; more than that are never made.",
    )


class RolloutCollectSettings(CollectSettings):
    """How rollouts are collected: a number of steps in a number of environments, whose episodes go on in the next."""

    num_environments: int = count(8, "Environments that are played side by side.")
    num_steps: int = count(128, "Steps of each environment in an iteration.")

    @property
    def steps_per_iteration(self) -> Optional[int]:
        """Steps of all environments in an iteration."""
        return self.num_environments * self.num_steps


class ReplayBufferSettings(Section):
    """The Reverb table through which episodes pass from the collector to the agent."""

    replay_buffer_capacity: int = count(
        2000,
        "Episodes that the table can hold; at least those of one iteration.",
    )

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse a table that does not hold the episodes of an iteration."""
        episodes = sections["collect"].collect_episodes_per_iteration
        if self.replay_buffer_capacity < episodes:
            raise ValueError(
                f"replay_buffer.replay_buffer_capacity is {self.replay_buffer_capacity}, but must be at least "
                f"collect.collect_episodes_per_iteration, which is {episodes}"
            )


class TrainSettings(Section):
    """The training loop."""

    num_iterations: int = count(
        250,
        "Updates of the policy.",
    )
    num_environment_steps: Optional[int] = count(
        None,
        "In the place of num_iterations, where every iteration has the same number of steps: as many iterations as "
        "collect that many steps or just more.",
    )
    stop_when_solved: Union[bool, float] = Field(
        False,
        description="End the run when an evaluation's mean return reaches the environment's reward threshold (true), "
        "or a number.",
    )
    checkpoint_interval: int = count(
        200,
        "Iterations between two checkpoints of the training state, from which a run resumes; there is also one at "
        "least once a minute, and one at the end.",
    )
    log_interval: int = count(
        25,
        "Iterations between two progress lines, where the output is not a terminal.",
    )
    seed: int = Field(
        0, ge=0, le=LARGEST_INT, description="Everything random in the run is drawn from this number alone."
    )

    def in_iterations(self, steps_per_iteration: Optional[int]) -> "TrainSettings":
        """Return the same with the length of the run in iterations.

        Raises:
            ValueError: when it is given twice, or in steps although the steps of an iteration are not known beforehand.
        """
        if self.num_environment_steps is None:
            return self
        if "num_iterations" in self.__fields_set__:
            raise ValueError("train.num_environment_steps and train.num_iterations are both given; give one of them")
        if steps_per_iteration is None:
            raise ValueError(
                f"train.num_environment_steps is {self.num_environment_steps}, but iterations of whole episodes "
                "have no fixed number of steps; give train.num_iterations"
            )
        iterations = math.ceil(self.num_environment_steps / steps_per_iteration)
        return self.copy(update={"num_iterations": iterations, "num_environment_steps": None})


class EvalSettings(Section):
    """Evaluations of the greedy policy during training, on the real gym environment."""

    num_eval_episodes: int = count(
        10,
        "Episodes of each evaluation.",
    )
    eval_interval: int = count(
        50,
        "Iterations between two evaluations; there is one before the first and after the last.",
    )
    keep_policies: int = count(
        4,
        "Policies that are kept along the way, at evaluations from the first on evenly spread, for a film of learning; "
        "beside them a few whose return has climbed by a third or more since the one before.",
    )
