"""Settings of wrappers, which change what an environment observes, takes or pays, and the orders that make sense."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from cartrl.errors import nearest
from cartrl.settings.describing import allowed, shown
from cartrl.settings.section import Section, SentenceError

FRAMES = "cartrl.environments.wrappers.frames"
STEPS = "cartrl.environments.wrappers.steps"
OBSERVATIONS = "cartrl.environments.wrappers.observations"
LEARNING = "cartrl.environments.wrappers.learning"


class WrapperSettings(Section):
    """A wrapper of the environment; each kind has a class of its own."""

    builder: ClassVar[str]  # ``module:class`` of the wrapper itself
    for_learning: ClassVar[bool] = False  # whether evaluations and films are played without it
    changes_task: ClassVar[bool] = False  # whether its returns are not those for which the suite names a threshold
    precedes: ClassVar[Sequence[str]] = ()  # the kinds that may only stand after it, which are outside of it
    because: ClassVar[str] = ""  # the reason, for a sentence

    kind: str

    @property
    def steps(self) -> int:
        """Steps of the inner environment in a step of this one."""
        return 1

    @property
    def stacked(self) -> int:
        """Observations of the inner environment in one of this wrapper's, along the last axis."""
        return 1

    def layers(self) -> "tuple[WrapperSettings, ...]":
        """Return the wrappers that this one stands for: itself, or those of a preset, the innermost first."""
        return (self,)


class ActionRepeatSettings(WrapperSettings):
    """Takes each action several times; the reward is the sum (Braylan et al., 2015)."""

    builder = f"{STEPS}:ActionRepeat"
    precedes = ("frame_stack", "time_in_observation", "clip_rewards")
    because = "that counts steps of the policy"

    kind: Literal["action_repeat"] = "action_repeat"
    times: int = Field(4, ge=2, le=1_000, description="Steps of the environment in a step of the policy.")

    @property
    def steps(self) -> int:
        """The setting ``times``."""
        return self.times


class TimeInObservationSettings(WrapperSettings):
    """Appends the share of the time limit that is left, from 1 to 0, to a vector (Pardo et al., 2018)."""

    builder = f"{OBSERVATIONS}:TimeInObservation"

    kind: Literal["time_in_observation"] = "time_in_observation"


class FlattenSettings(WrapperSettings):
    """Makes a vector of an observation of several dimensions, row by row."""

    builder = f"{OBSERVATIONS}:Flatten"
    precedes = ("time_in_observation",)
    because = "the time is appended to a vector"

    kind: Literal["flatten"] = "flatten"


class NoopStartsSettings(WrapperSettings):
    """Begins each episode with 1 to ``max_noops`` steps of the first action, in Atari the no-op (Mnih et al., 2015)."""

    builder = f"{STEPS}:NoopStarts"
    changes_task = True
    precedes = ("frame_skip", "action_repeat")
    because = "no-ops are single frames"

    kind: Literal["noop_starts"] = "noop_starts"
    max_noops: int = Field(30, ge=1, le=1_000, description="The most no-ops.")


class StickyActionsSettings(WrapperSettings):
    """Takes the action before once more with a probability, in each frame anew (Machado et al., 2018)."""

    builder = f"{STEPS}:StickyActions"
    changes_task = True
    precedes = ("frame_skip", "action_repeat")
    because = "an action sticks for single frames"

    kind: Literal["sticky_actions"] = "sticky_actions"
    probability: float = Field(0.25, gt=0, lt=1, description="Of the action before.")


class GrayscaleSettings(WrapperSettings):
    """Makes pictures gray by their luminance, as the Arcade Learning Environment does (Bellemare et al., 2013)."""

    builder = f"{FRAMES}:Grayscale"
    precedes = ("frame_stack", "flatten")
    because = "it needs pictures in three colours"

    kind: Literal["grayscale"] = "grayscale"


class FrameSkipSettings(WrapperSettings):
    """Takes each action for several frames; observes the maximum of the last two, by pixels (Mnih et al., 2015)."""

    builder = f"{FRAMES}:FrameSkip"
    precedes = (*ActionRepeatSettings.precedes, "flatten")
    because = ActionRepeatSettings.because

    kind: Literal["frame_skip"] = "frame_skip"
    frames: int = Field(4, ge=2, le=1_000, description="Frames in a step of the policy.")

    @property
    def steps(self) -> int:
        """The setting ``frames``."""
        return self.frames


class ResizeSettings(WrapperSettings):
    """Resizes pictures (Mnih et al., 2015), by OpenCV's INTER_AREA (Castro et al., 2018): means of areas."""

    builder = f"{FRAMES}:Resize"
    precedes = ("frame_stack", "flatten")
    because = "each frame is resized by itself"

    kind: Literal["resize"] = "resize"
    height: int = Field(84, ge=1, le=4_096, description="Pixels.")
    width: int = Field(84, ge=1, le=4_096, description="Pixels.")


class FrameStackSettings(WrapperSettings):
    """Observes the last frames together, along the last axis, the newest last (Mnih et al., 2015).

    At the start of an episode the first frame stands for those before it.
    """

    builder = f"{FRAMES}:FrameStack"

    kind: Literal["frame_stack"] = "frame_stack"
    frames: int = Field(4, ge=2, le=1_000, description="Frames in an observation.")

    @property
    def stacked(self) -> int:
        """The setting ``frames``."""
        return self.frames


class ClipRewardsSettings(WrapperSettings):
    """Pays the sign of each reward: -1, 0 or 1 (Mnih et al., 2015). For learning alone."""

    builder = f"{LEARNING}:ClipRewards"
    for_learning = True

    kind: Literal["clip_rewards"] = "clip_rewards"


class LifeLossEndsSettings(WrapperSettings):
    """Terminates the episode when a life is lost (Mnih et al., 2015). For learning alone.

    The next episode then begins a new game, as in gymnasium's AtariPreprocessing, not the next life of the same game:
    an episode is a function of its seed and its actions, without which no run could be resumed.
    """

    builder = f"{LEARNING}:LifeLossEnds"
    for_learning = True

    kind: Literal["life_loss_ends"] = "life_loss_ends"


class AtariSettings(WrapperSettings):
    """The published set for Atari: gray, four frames a step, 84 × 84 pixels, four frames stacked, clipped rewards.

    ``mnih2015`` adds no-op starts, and ends with a life (Mnih et al., 2015). ``machado2018`` adds sticky actions in
    their place (Machado et al., 2018, with the four frames a step of Castro et al., 2018).
    """

    kind: Literal["atari"] = "atari"
    protocol: Literal["machado2018", "mnih2015"] = Field("machado2018", description="Whose.")

    def layers(self) -> tuple[WrapperSettings, ...]:
        """Return the wrappers of the protocol."""
        own: dict[str, tuple[WrapperSettings, ...]] = {
            "machado2018": (StickyActionsSettings(),),
            "mnih2015": (NoopStartsSettings(), LifeLossEndsSettings()),
        }
        shared = (
            GrayscaleSettings(),
            FrameSkipSettings(),
            ResizeSettings(),
            FrameStackSettings(),
            ClipRewardsSettings(),
        )
        return (*own[self.protocol], *shared)


KINDS: Mapping[str, type[WrapperSettings]] = {
    "action_repeat": ActionRepeatSettings,
    "time_in_observation": TimeInObservationSettings,
    "flatten": FlattenSettings,
    "noop_starts": NoopStartsSettings,
    "sticky_actions": StickyActionsSettings,
    "grayscale": GrayscaleSettings,
    "frame_skip": FrameSkipSettings,
    "resize": ResizeSettings,
    "frame_stack": FrameStackSettings,
    "clip_rewards": ClipRewardsSettings,
    "life_loss_ends": LifeLossEndsSettings,
    "atari": AtariSettings,
}
ONE_OF = ("action_repeat", "frame_skip")  # each repeats the action


def read(item: Any) -> WrapperSettings:
    """Return the settings of a wrapper as YAML has them, a mapping with a ``kind``.

    Raises:
        SentenceError: saying what is wrong with them.
    """
    if isinstance(item, WrapperSettings):
        return item
    if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
        raise SentenceError(f"{shown(item)} is no wrapper; one is a mapping with a kind, such as {{kind: frame_stack}}")
    name = item["kind"]
    if name not in KINDS:
        hint = nearest(name, list(KINDS)) or f"; there are {', '.join(KINDS)}"
        raise SentenceError(f"there is no wrapper {name!r}{hint}")
    try:
        return KINDS[name](**item)
    except (ValidationError, TypeError) as error:
        raise SentenceError(_wrong(item, KINDS[name], error)) from None


def _wrong(item: dict[Any, Any], model: type[WrapperSettings], error: Exception) -> str:
    """Say which setting of a wrapper is wrong."""
    name, names = item["kind"], [field for field in model.__fields__ if field != "kind"]
    for key in item:
        if key not in model.__fields__:
            has = f"it has {', '.join(names)}" if names else "it has none"
            near = nearest(key, names) if isinstance(key, str) else ""
            return f"the wrapper {name} has no setting {shown(key)}{near or f'; {has}'}"
    assert isinstance(error, ValidationError), "all keys are names"
    key = str(error.errors()[0]["loc"][0])
    return f"{key} of the wrapper {name} is {shown(item[key])}, but must be {allowed(model.__fields__[key], model)}"


def require_order(layers: Sequence[WrapperSettings]) -> None:
    """Refuse wrappers in an order that makes no sense; the innermost is the first.

    Raises:
        SentenceError: naming two wrappers.
    """
    kinds = [layer.kind for layer in layers]
    for number, layer in enumerate(layers):
        if layer.kind in kinds[:number]:
            raise SentenceError(f"{layer.kind} is there twice")
        inner = next((kind for kind in kinds[:number] if kind in layer.precedes), None)
        if inner is not None:
            raise SentenceError(f"{layer.kind} must stand before {inner}, as {layer.because}")
    if set(ONE_OF) <= set(kinds):
        raise SentenceError(f"{' and '.join(ONE_OF)} both repeat actions; take one of them")
