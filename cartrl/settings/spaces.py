"""Kinds of spaces, by which an agent says which environments it serves; known without gym and without TensorFlow."""

from enum import Enum
from typing import NamedTuple


class SpaceKind(Enum):
    """What a space of observations or of actions is to an agent."""

    DISCRETE = "discrete"  # whole numbers from a first one on: gym's Discrete
    BOUNDED = "bounded"  # arrays of floats with a lower and an upper bound each: gym's Box
    UNBOUNDED = "unbounded"  # arrays of floats, of which one has no bound at least
    IMAGES = "images"  # arrays [height, width, channels] of bytes: gym's Box of uint8
    OTHER = "other"  # what cartrl.environments.flattening leaves as it is


WORDS = {
    SpaceKind.DISCRETE: "Discrete",
    SpaceKind.BOUNDED: "a Box of floats",
    SpaceKind.UNBOUNDED: "a Box of floats",
    SpaceKind.IMAGES: "images of bytes",
}
FLOATS = (SpaceKind.BOUNDED, SpaceKind.UNBOUNDED)
SEEN = (*FLOATS, SpaceKind.IMAGES)  # by the agents of cartrl's own


class Served(NamedTuple):
    """The kinds of spaces that an agent serves."""

    observations: tuple[SpaceKind, ...] = FLOATS
    actions: tuple[SpaceKind, ...] = (SpaceKind.DISCRETE, SpaceKind.BOUNDED)


def listed(kinds: tuple[SpaceKind, ...]) -> str:
    """Name ``kinds`` for a sentence, such as ``Discrete and a Box of floats``."""
    return " and ".join(dict.fromkeys(WORDS[kind] for kind in kinds))
