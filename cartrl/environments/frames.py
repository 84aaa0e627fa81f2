"""What environments render, as the frames of a film: checked, and converted where it is clear what is meant."""

import numbers
import reprlib
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError

CHANNELS = (1, 3, 4)  # grey, RGB, and RGB with transparency
LARGEST = 4096  # pixels, of a side
SLACK = 1e-3  # by which floats may leave their range: rounding
DEFAULT_FPS = 30.0
SLOWEST, FASTEST = 0.1, 1000.0  # frames a second
RATES = ("render_fps", "video.frames_per_second")  # where an environment's metadata say it
WANTED = "a picture is an array of uint8, height × width × 3"


class Rate(NamedTuple):
    """Frames a second, and what is to be said if the environment names no rate that can be used."""

    fps: float
    note: Optional[str]


def rate(metadata: Any) -> Rate:
    """Return the frame rate that the ``metadata`` of an environment name, or else the default."""
    named = metadata if isinstance(metadata, Mapping) else {}
    name, value = next(((key, named[key]) for key in RATES if named.get(key) is not None), ("", None))
    if not name:
        return Rate(DEFAULT_FPS, None)
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and SLOWEST <= value <= FASTEST:  # type: ignore[operator]
        return Rate(float(value), None)
    said = reprlib.repr(value).encode("unicode_escape").decode()
    return Rate(DEFAULT_FPS, f"its {name} is {said}, not a number from {SLOWEST:g} to {FASTEST:g}")


def rgb(picture: Any, env_name: str) -> NDArray[Any]:
    """Return what ``env_name`` rendered as uint8 [height, width, 3].

    Of a list of frames, as later gyms return them, it takes the last. What is transparent lies on white, unless all is
    transparent alike, which says nothing of the picture.

    Raises:
        CartrlError: saying why it is no frame.
    """
    if isinstance(picture, (list, tuple)) and all(
        isinstance(frame, np.ndarray) and frame.ndim > 1 for frame in picture
    ):
        picture = picture[-1] if picture else None
    try:
        array = np.asarray(picture.convert("RGBA") if hasattr(picture, "convert") else picture)  # pillow's have it
    except Exception as error:
        raise CartrlError(f"{env_name} renders no picture: {type(error).__name__}; {WANTED}") from error
    if array.ndim not in (2, 3) or array.dtype.kind not in "buif":
        if picture is None:
            raise CartrlError(f"{env_name} renders no picture")
        of = f"a {type(picture).__name__}" if array.ndim == 0 else f"numbers of shape {array.shape}, {array.dtype}"
        raise CartrlError(f"{env_name} renders no picture but {of}; {WANTED}")
    return _on_white(_levels(_in_colour(array, env_name), env_name))


def _in_colour(array: NDArray[Any], env_name: str) -> NDArray[Any]:
    """Return ``array`` as [height, width, 3], or 4 with transparency, its numbers as they are."""
    shape = array.shape
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    elif shape[2] not in CHANNELS and shape[0] in CHANNELS:
        array = np.moveaxis(array, 0, 2)
    height, width, channels = array.shape
    if channels not in CHANNELS:
        raise CartrlError(f"{env_name} renders numbers of shape {shape}; {WANTED}")
    if not 0 < min(height, width) <= max(height, width) <= LARGEST:
        raise CartrlError(f"{env_name} renders {width} × {height} pixels; a film takes 1 to {LARGEST:,} on a side")
    if channels == 1:
        return np.repeat(array, 3, axis=2)
    return array[:, :, :3] if (array[:, :, 3:] == array[0, 0, 3:]).all() else array


def _levels(array: NDArray[Any], env_name: str) -> NDArray[Any]:
    """Return the numbers of ``array`` as levels from 0 to 255; floats up to 1 are shares of that."""
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    low, high = array.min(), array.max()
    is_float = array.dtype.kind == "f"
    slack = SLACK if is_float else 0
    if not (np.isfinite([low, high]).all() and -slack <= low and high <= 255 + slack):
        raise CartrlError(
            f"{env_name} renders numbers from {low:g} to {high:g}; levels go from 0 to 255, or from 0 to 1"
        )
    if is_float:
        array = np.rint(np.clip(array.astype(np.float64) * (255 if high <= 1 + slack else 1), 0, 255))
    return array.astype(np.uint8)


def _on_white(levels: NDArray[Any]) -> NDArray[Any]:
    """Return ``levels`` [height, width, 3 or 4] without transparency."""
    if levels.shape[2] == 3:
        return levels
    opacity = levels[:, :, 3:] / 255
    seen: NDArray[Any] = np.rint(255 + opacity * (levels[:, :, :3] - 255.0))
    return seen.astype(np.uint8)
