"""Films, read back."""

import warnings
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np


def read_film(path: Path) -> "tuple[list[np.ndarray], dict[str, Any]]":
    """Return the frames of an mp4 or webm, and what imageio tells of it (``fps``, ``duration``, ``codec``)."""
    with warnings.catch_warnings():
        # imageio-ffmpeg closes the pipes of an ffmpeg that it stops, and leaves open those of one that has ended.
        warnings.simplefilter("ignore", ResourceWarning)
        with imageio.get_reader(path) as reader:
            return [np.asarray(frame) for frame in reader], reader.get_meta_data()
