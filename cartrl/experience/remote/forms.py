"""What a row of a turn is, by the form of experience: one of its episodes, or an environment whose episodes go on."""

from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.environments.episodes import EpisodeBatch, Played
from cartrl.environments.rollouts import Rollout
from cartrl.experience.collectors.positions import Position
from cartrl.randomness import Turn

Arrays = Mapping[str, NDArray[Any]]


class Whole(Protocol):
    """All that a turn has played: an `EpisodeBatch` or a `Rollout`."""

    def played(self) -> Played:
        """Return the numbers that are counted and checked."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is learned from, by name."""


class RowPlayer(Protocol):
    """Plays some rows of a turn: a function of the turn, the rows, the policy, and where their environments stand."""

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables of the policy, in an order that is the same in every process."""

    def play_rows(self, turn: Turn, rows: Sequence[int], moved: Mapping[int, Position]) -> dict[str, NDArray[Any]]:
        """Play ``rows`` of ``turn``, and return arrays [R, …] by name.

        Those that another process has played last are ``moved``: their environments are brought there first.
        """


class Form(NamedTuple):
    """A form of experience, as collectors elsewhere play it."""

    size: int  # N, the rows of a turn
    parts: Mapping[str, tf.TensorSpec]  # what `RowPlayer.play_rows` returns of one row, by name
    whole: Callable[[Sequence[Arrays]], Whole]  # of what each row has played, in their order
    after: Callable[[Position, Arrays], Position]  # where a row's environment stands after it has played
    goes_on: bool  # whether environments stand anywhere between turns

    def fits(self, arrays: Arrays, count: int) -> bool:
        """Tell whether ``arrays`` are what ``count`` rows can have played."""
        wanted = {name: ((count, *spec.shape), spec.dtype.as_numpy_dtype) for name, spec in self.parts.items()}
        return {name: (array.shape, array.dtype.type) for name, array in arrays.items()} == wanted

    @property
    def bytes(self) -> int:
        """The size of what all rows play."""
        return self.size * sum(int(spec.shape.num_elements()) * int(spec.dtype.size) for spec in self.parts.values())


def of_episodes(batch: Mapping[str, tf.TensorSpec]) -> Form:
    """Return the form whose rows are the episodes of a batch with the signature ``batch``."""

    def whole(rows: Sequence[Arrays]) -> EpisodeBatch:
        return EpisodeBatch(**{name: np.stack([row[name] for row in rows]) for name in batch})

    size = int(batch["lengths"].shape[0])
    return Form(size, {name: _of_row(spec, 0) for name, spec in batch.items()}, whole, lambda at, _: at, goes_on=False)


def of_rollouts(rollout: Mapping[str, tf.TensorSpec], noise: tf.TensorSpec) -> Form:
    """Return the form whose rows are the environments of a rollout with the signature ``rollout``.

    ``noise`` is the spec of what lasts of the noise in the action of one environment.
    """
    parts = {name: _of_row(spec, 1) for name, spec in rollout.items()}
    parts["returns"] = tf.TensorSpec(parts["rewards"].shape, tf.float64)
    names = tuple(parts)
    observation = parts["observations"]
    parts["standing"] = tf.TensorSpec(observation.shape[1:], observation.dtype)
    parts["noise"] = noise

    def whole(rows: Sequence[Arrays]) -> Rollout:
        return Rollout(**{name: np.stack([row[name] for row in rows], axis=1) for name in names})

    def after(position: Position, row: Arrays) -> Position:
        return position.after(row["actions"], row["terminated"] | row["truncated"], row["standing"], row["noise"])

    return Form(int(rollout["rewards"].shape[1]), parts, whole, after, goes_on=True)


def _of_row(spec: tf.TensorSpec, axis: int) -> tf.TensorSpec:
    shape = spec.shape.as_list()
    del shape[axis]
    return tf.TensorSpec(shape, spec.dtype)
