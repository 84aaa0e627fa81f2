"""Figures for pictures: matplotlib without a window and with its own defaults, not those of the user."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

from cartrl.errors import CartrlError, UsageError, cut
from cartrl.pictures import legends
from cartrl.system import files

PIXELS_PER_INCH = 120
SMALLEST, LARGEST = 400, 10_000  # pixels, of a side


class Size(NamedTuple):
    """How large a picture is, in pixels; a vector graphic has so many for each inch as a PNG."""

    width: int
    height: int


USUAL = Size(960, 540)


def parse_size(text: str) -> Size:
    """Read ``WIDTHxHEIGHT``.

    Raises:
        UsageError: when it is something else, or no size for a picture.
    """
    parts = text.lower().split("x")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        size = Size(*map(int, parts))
        if all(SMALLEST <= side <= LARGEST for side in size):
            return size
    raise UsageError(
        f"--size {cut(text)}: it is written WIDTHxHEIGHT in pixels, each from {SMALLEST} to {LARGEST:,}, such as "
        "1200x675"
    )


def load() -> None:
    """Import matplotlib now, with its own settings, so that the first picture need not wait for it."""
    if "matplotlib.figure" in sys.modules:
        return
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with _no_settings_of_users():
        import matplotlib.backends.backend_agg
        import matplotlib.figure  # noqa: F401


@contextmanager
def _no_settings_of_users() -> Iterator[None]:
    """Hide the settings that matplotlib reads when it is imported.

    It takes the first ``matplotlibrc`` that it finds. It looks into the working directory first, and then where
    ``MATPLOTLIBRC`` says: an empty one there leaves every default as it is. ``MPLBACKEND`` may name a backend that is
    not installed, and the import then fails.
    """
    users = {name: os.environ.pop(name, None) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
    os.environ["MATPLOTLIBRC"] = os.devnull
    here = os.open(".", os.O_PATH)
    try:
        os.chdir(Path(os.devnull).parent)  # which holds no settings and no modules
        yield
    finally:
        os.fchdir(here)
        os.close(here)
        del os.environ["MATPLOTLIBRC"]
        os.environ.update({name: value for name, value in users.items() if value is not None})


@dataclass(frozen=True)
class Sheet:
    """A figure with one pair of axes, and the file that it is for."""

    figure: Any
    axes: Any
    target: Path
    may_grow: bool  # higher, if the legend needs it

    def save(self, words: legends.Words, entries: Sequence[legends.Entry]) -> None:
        """Give the figure its ``words`` and a legend of ``entries``, and write it."""
        self.axes.margins(x=0.01)
        self.axes.spines[["top", "right"]].set_visible(False)
        self.axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
        self.axes.set_axisbelow(True)
        legend_height = legends.add(self.figure, entries, self.may_grow) if entries else 0.0
        legends.write_words(self.figure, self.axes, words, legend_height)
        with files.whole_file(self.target) as draft:
            if self.target.suffix.lower() == ".png":
                self.figure.canvas.print_png(draft)  # savefig would lay out and draw everything twice
            else:
                self.figure.savefig(draft, format=self.target.suffix[1:].lower())


@contextmanager
def drawing(target: Path, size: Optional[Size] = None) -> Iterator[Sheet]:
    """Yield a sheet for the picture ``target``; in the block matplotlib has its defaults, whatever has changed them.

    Without a ``size`` the picture has the usual one, and grows with its legend.

    Raises:
        CartrlError: when it cannot be drawn or written, saying why.
    """
    try:
        load()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as one for each character that the font lacks
            import matplotlib

            with matplotlib.rc_context():
                defaults = dict.items(matplotlib.rcParamsDefault)
                matplotlib.rcParams.update({key: value for key, value in defaults if not key.startswith("backend")})
                yield Sheet(*_figure(size or USUAL), target, may_grow=size is None)
    except CartrlError:
        raise
    except OSError as error:
        raise CartrlError(f"{target}: cannot be written: {error.strerror or error}") from error
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise CartrlError(f"{target}: cannot be drawn: {cut(said, 200)}") from error


def _figure(size: Size) -> tuple[Any, Any]:
    """Return a new figure, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inches = (size.width / PIXELS_PER_INCH, size.height / PIXELS_PER_INCH)
    new = Figure(figsize=inches, dpi=PIXELS_PER_INCH, layout="constrained")
    FigureCanvasAgg(new)
    return new, new.add_subplot()
