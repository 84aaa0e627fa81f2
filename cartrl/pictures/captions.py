"""Lines of text above and below frames, in strips of their own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GAP = 8  # pixels beside a line of text
STRIP = 28  # pixels, the height of a line of text
FONT_SIZE = 15
READABLE = 400  # pixels of width that a caption needs
TALLEST = 1200  # pixels to which a frame may be scaled up
INK, PAPER = (20, 20, 20), (255, 255, 255)


def captioned(picture: NDArray[Any], lines: Sequence[str]) -> NDArray[Any]:
    """Return ``picture``, uint8 [height, width, 3], below ``lines`` of text; a small picture is enlarged first."""
    image = enlarged(picture, READABLE)
    width = max(image.width, READABLE)
    page = Image.new("RGB", (width, len(lines) * STRIP + image.height), PAPER)
    page.paste(image, ((width - image.width) // 2, len(lines) * STRIP))
    for number, line in enumerate(lines):
        write(page, line, number * STRIP)
    return np.asarray(page)


def enlarged(picture: NDArray[Any], width: int) -> Image.Image:
    """Return ``picture`` scaled up by the least whole number that makes it ``width`` wide, if it is not too tall."""
    factor = min(-(-width // picture.shape[1]), max(TALLEST // picture.shape[0], 1))
    return Image.fromarray(picture.repeat(factor, axis=0).repeat(factor, axis=1))


def write(image: Image.Image, line: str, top: int) -> None:
    """Write ``line`` into the strip of ``image`` that begins at ``top``; what is too long for it is cut."""
    font = ImageFont.load_default(size=FONT_SIZE)
    room = image.width - 2 * GAP
    if font.getlength(line) > room:
        while line and font.getlength(f"{line}…") > room:
            line = line[:-1]
        line += "…"
    ImageDraw.Draw(image).text((GAP, top + STRIP / 2), line, font=font, fill=INK, anchor="lm")
