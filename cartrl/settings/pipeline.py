"""Settings of the sections around the agent: ``collect``, ``replay_buffer``, ``train`` and ``eval``."""

from typing import Literal, Optional, Union

from pydantic import Field

from cartrl.settings.section import LARGEST_INT, Section, count


class CollectSettings(Section):
    """How episodes are collected with the current policy."""

    collect_episodes_per_iteration: int = count(
        2,
        "Whole episodes collected for each update of the policy; all of them are learned from.",
    )
    engine: Literal["auto", "compiled", "vectorized"] = Field(
        "auto",
        description="How episodes are played. vectorized steps any environment; compiled steps "
        "a twin of one in a program that XLA compiles, many times faster. auto takes the twin where there is one.",
    )
    num_environments: Optional[int] = count(
        None,
        "For the engine vectorized: environments stepped side by side, with one call of the policy for all of them. "
        "null takes as many as there are episodes to collect; more than that are never made.",
    )


class ReplayBufferSettings(Section):
    """The Reverb table through which episodes pass from the collector to the agent."""

    replay_buffer_capacity: int = count(
        2000,
        "Episodes that the table can hold; at least those of one iteration.",
    )


class TrainSettings(Section):
    """The training loop."""

    num_iterations: int = count(
        250,
        "Updates of the policy.",
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
