"""Pictures as text: each character is the upper half of a block, in the colours of the two pixels that it covers."""

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RESET = "\x1b[0m"
UPPER, LOWER, BOTH, NEITHER = "▀", "▄", "█", " "
INK = 48  # levels by which a pixel differs from the background to be drawn where there are no colours
CUBE, GREYS = 6, 24  # of the 256 colours: a cube of colours from 16 on, then greys
CUBE_LEVELS = np.array([0, 95, 135, 175, 215, 255])


def fitted(picture: NDArray[Any], columns: int, rows: int) -> NDArray[Any]:
    """Return ``picture``, uint8 [height, width, 3], as large as ``rows`` of ``columns`` characters show it.

    Its proportions stay, as a character is twice as high as wide, and its height becomes even.
    """
    height, width, _ = picture.shape
    scale = min(columns / width, 2 * rows / height)
    size = max(round(width * scale), 1), max(round(height * scale / 2), 1) * 2
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def lines(pixels: NDArray[Any], colours: Optional[str]) -> list[str]:
    """Return a line of text for each two rows of ``pixels``, uint8 [height, width, 3]; the height is even.

    Args:
        pixels: the picture.
        colours: ``truecolor``, ``256``, or None for none: what differs from the most frequent colour is drawn then.
    """
    if colours is None:
        return _in_ink(pixels)
    numbers = _packed(pixels) if colours == "truecolor" else _nearest_of_256(pixels)
    code = _true if colours == "truecolor" else _indexed
    return [_line(upper, lower, code) for upper, lower in zip(numbers[::2].tolist(), numbers[1::2].tolist())]


def _line(upper: list[int], lower: list[int], code: Any) -> str:
    """Return a line; a colour is named where it changes."""
    said: list[Optional[int]] = [None, None]
    parts = []
    for pair in zip(upper, lower):
        is_plain = pair[0] == pair[1]
        if not is_plain and pair[0] != said[0]:
            parts.append(f"\x1b[38;{code(pair[0])}m")
            said[0] = pair[0]
        if pair[1] != said[1]:
            parts.append(f"\x1b[48;{code(pair[1])}m")
            said[1] = pair[1]
        parts.append(NEITHER if is_plain else UPPER)
    return "".join([*parts, RESET])


def _packed(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(pixels.astype(np.int64) @ [1 << 16, 1 << 8, 1])


def _true(colour: int) -> str:
    return f"2;{colour >> 16};{colour >> 8 & 255};{colour & 255}"


def _indexed(colour: int) -> str:
    return f"5;{colour}"


def _nearest_of_256(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the number of the nearest of the 256 colours, of its cube or of its greys, for each pixel."""
    levels = pixels.astype(np.int64)
    places = np.abs(levels[..., np.newaxis] - CUBE_LEVELS).argmin(-1)
    grey = np.clip(np.rint((levels.mean(-1) - 8) / 10), 0, GREYS - 1).astype(np.int64)
    to_cube = np.abs(CUBE_LEVELS[places] - levels).sum(-1)
    to_grey = np.abs((8 + 10 * grey)[..., np.newaxis] - levels).sum(-1)
    return np.where(to_grey < to_cube, 16 + CUBE**3 + grey, 16 + places @ [CUBE**2, CUBE, 1])


def _in_ink(pixels: NDArray[Any]) -> list[str]:
    colours, counts = np.unique(_packed(pixels), return_counts=True)
    ground = colours[counts.argmax()]
    paper = np.array([ground >> 16, ground >> 8 & 255, ground & 255])
    is_ink = (np.abs(pixels - paper) > INK).any(-1)
    blocks = np.array([NEITHER, UPPER, LOWER, BOTH])[is_ink[::2] + 2 * is_ink[1::2]]
    return ["".join(row) for row in blocks]
