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

    processes: Union[int, Literal["auto"]] = Field(
        1,
        ge=1,
        le=1024,
        description="For the engine vectorized: processes that step the environments side by side, with this one; at "
        "most one an environment is used. It pays where a step takes half a millisecond or more. auto measures that "
        "for a second. The numbers are the same for any number of them.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=1024,
        description="For the engine vectorized: processes that collect for this run, which pays where a step of an "
        "environment takes a millisecond or more. 0 collects in the process that learns. The numbers are the same for "
        "any number of them.",
    )
    policy_lag: int = Field(
        0,
        ge=0,
        le=64,
        description="For the engine vectorized: turns by which the policy that collects is older than the newest one. "
        "From 1 on, workers collect while the agent learns, from experience that is not quite its own.",
    )

    @property
    def elsewhere(self) -> Optional[str]:
        """The setting that asks for more than this process and its newest policy; None where none does."""
        asked = {
            "workers": self.workers > 0,
            "policy_lag": self.policy_lag > 0,
            "processes": self.processes not in (1, "auto"),
        }
        return next((name for name, is_asked in asked.items() if is_asked), None)

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse other processes of both kinds."""
        if self.workers and self.processes != 1:
            raise ValueError(
                f"collect.workers is {self.workers} and collect.processes is {self.processes}, but workers step the "
                "environments themselves; give one of the two"
            )

    def why_alone(self, asked: str) -> Optional[str]:
        """Return why other processes cannot share the collecting, which ``asked`` wants them to; None if they can."""
        return None

    @property
    def turns(self) -> int:
        """Turns of collecting and learning in an iteration."""
        return 1

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

    def why_alone(self, asked: str) -> Optional[str]:
        """Return why others cannot: an environment that plays a second episode begins it when the first has ended."""
        count, episodes = self.num_environments, self.collect_episodes_per_iteration
        if count is None or count >= episodes:
            return None
        return (
            f"collect.num_environments is {count}, but with {asked} it must be null or at least "
            f"collect.collect_episodes_per_iteration, which is {episodes}"
        )

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse what other processes cannot share."""
        super().require_fit(sections)
        asked = "workers" if self.workers else "policy_lag"
        if getattr(self, asked) and (reason := self.why_alone(f"collect.{asked}")):
            raise ValueError(reason)


class SteppedCollectSettings(CollectSettings):
    """How a number of steps is collected in a number of environments, whose episodes go on in the next turn."""

    num_environments: int
    num_steps: int  # of each environment in a turn
    noise_correlation: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="For continuous actions: the correlation of the exploration noise in a step with that in the step "
        "before. 0 draws it anew in each step; with 0.98 it lasts for some 50 steps, and carries far.",
    )

    @property
    def steps_per_turn(self) -> int:
        """Steps of all environments in a turn."""
        return self.num_environments * self.num_steps


class RolloutCollectSettings(SteppedCollectSettings):
    """How rollouts are collected, one an iteration."""

    num_environments: int = count(8, "Environments that are played side by side.")
    num_steps: int = count(128, "Steps of each environment in an iteration.")

    @property
    def steps_per_iteration(self) -> Optional[int]:
        """Steps of all environments in an iteration."""
        return self.steps_per_turn


class StepCollectSettings(SteppedCollectSettings):
    """How steps are collected that are remembered: a few in each turn, after which the agent learns."""

    num_environments: int = count(4, "Environments that are played side by side.")
    num_steps: int = count(4, "Steps of each environment in a turn, between two rounds of updates.")
    turns_per_iteration: int = count(64, "Turns in an iteration, which is a row of the metrics.")
    warm_up_steps: int = Field(
        1000,
        ge=0,
        le=LARGEST_INT,
        description="Steps of all environments, at the beginning of a run, in which actions are drawn uniformly and "
        "nothing is learned.",
    )

    @property
    def turns(self) -> int:
        """Turns of collecting and learning in an iteration."""
        return self.turns_per_iteration

    @property
    def steps_per_iteration(self) -> Optional[int]:
        """Steps of all environments in an iteration."""
        return self.turns * self.steps_per_turn

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse a warm-up that lasts for the whole run."""
        super().require_fit(sections)
        steps = self.turns * self.steps_per_turn
        whole = steps * sections["train"].in_iterations(steps).num_iterations
        if self.warm_up_steps >= whole:
            raise ValueError(f"collect.warm_up_steps is {self.warm_up_steps}, but the whole run has only {whole} steps")


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


class StepReplayBufferSettings(Section):
    """The memory of steps from which the agent learns."""

    replay_buffer_capacity: int = count(100_000, "Steps that are remembered; the oldest are forgotten.")

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse a memory that does not hold the steps of a turn or of the warm-up."""
        collect = sections["collect"]
        for steps, named in (
            (collect.steps_per_turn, "collect.num_environments times collect.num_steps"),
            (collect.warm_up_steps, "collect.warm_up_steps"),
        ):
            if self.replay_buffer_capacity < steps:
                raise ValueError(
                    f"replay_buffer.replay_buffer_capacity is {self.replay_buffer_capacity}, but must be at least "
                    f"{named}, which is {steps}"
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
