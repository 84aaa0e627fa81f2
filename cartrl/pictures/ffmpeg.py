"""Writes films: frames through ffmpeg, which imageio-ffmpeg brings.

imageio writes with ffmpeg too, but never asks how ffmpeg ended: on a full disk it leaves half a film, and says nothing.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError, UsageError

EVEN = "-vf pad=ceil(iw/2)*2:ceil(ih/2)*2 -pix_fmt yuv420p"  # yuv420p halves both sides
# Suffix -> ffmpeg's parameters.
CODECS = {
    ".mp4": f"-c:v libx264 -crf 20 -movflags +faststart {EVEN}",
    ".webm": f"-c:v libvpx-vp9 -crf 32 -b:v 0 -deadline realtime -cpu-used 5 {EVEN}",
    ".mov": "-c:v qtrle -pix_fmt rgb24",  # every pixel as it is: what a GIF is made of
}
SUFFIXES = (".mp4", ".gif", ".webm")
# One palette for the whole film. Without dithering, whose noise would make the file larger.
PALETTE = "[0]palettegen[palette];[1][palette]paletteuse=dither=none"
SMALL = "fps=15,scale='min(320,iw)':-2"  # for a page with many films
GIF_FPS = 50  # a GIF counts in 1/100 s, and players slow frames down that last less than two of those


class Film(Protocol):
    """A film that is being written."""

    def append(self, frame: NDArray[Any]) -> None:
        """Add a frame, uint8 [height, width, 3]."""


def require_encoder(output: Path) -> None:
    """Check that ffmpeg, which writes ``output``, is there and runs.

    Raises:
        CartrlError: saying why not.
    """
    try:
        subprocess.run([_ffmpeg(), "-version"], capture_output=True, check=True, timeout=60)
    except (ImportError, RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise CartrlError(f"{output} needs ffmpeg, which cannot be run ({error})") from error


def require_rate(output: Path, fps: Optional[int]) -> None:
    """Check that players show ``output`` at ``fps`` frames a second, if the user gives that.

    Raises:
        UsageError: when they do not.
    """
    if fps is not None and fps > rate(output, fps):
        raise UsageError(
            f"--fps {fps}: players show a .gif at {GIF_FPS} frames a second at most; give that, or an .mp4"
        )


def rate(output: Path, fps: float) -> float:
    """Return ``fps``, or what comes nearest to it in the format of ``output``, in frames a second."""
    return min(fps, GIF_FPS) if output.suffix.lower() == ".gif" else fps


def _ffmpeg() -> str:
    """Return the program: IMAGEIO_FFMPEG_EXE in the process's environment, or imageio-ffmpeg's own."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


@contextmanager
def writer(path: Path, fps: float, comment: str = "") -> Iterator[Film]:
    """Write a film to ``path``, in the format that its suffix names; an mp4 or a webm has the ``comment`` in it.

    Raises:
        OSError: when not all of it could be written.
    """
    if path.suffix.lower() in CODECS:
        with _encoder(path, fps, comment) as film:
            yield film
    else:  # its palette depends on all frames, which would fill the memory: a film on disk holds them
        with tempfile.TemporaryDirectory(prefix="cartrl-") as folder:
            draft = Path(folder) / "film.mov"
            with _encoder(draft, fps, comment) as film:
                yield film
            _make_gif(draft, path)


@contextmanager
def _encoder(path: Path, fps: float, comment: str) -> Iterator["_Encoded"]:
    with tempfile.TemporaryFile() as log:
        film = _Encoded(path, fps, comment, log.fileno())
        try:
            yield film
            film.finish()
        except OSError as error:  # a full disk shows as a broken pipe; ffmpeg knows more
            film.kill()
            log.seek(0)
            raise _failed(log.read(), error) from error
        except BaseException:
            film.kill()
            raise


def make_small_gif(film: Path, path: Path) -> None:
    """Write a ``film`` as a GIF of few pixels and frames a second to ``path``.

    Raises:
        OSError: saying why ffmpeg could not.
    """
    _make_gif(film, path, f"[0]{SMALL}[a];[1]{SMALL}[b];[a]palettegen[palette];[b][palette]paletteuse=dither=none")


def _make_gif(film: Path, path: Path, filters: str = PALETTE) -> None:
    call = _call(["-i", str(film), "-i", str(film)], ["-lavfi", filters], path)
    done = subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)
    if done.returncode:
        raise _failed(done.stderr, OSError(f"it ended with exit code {done.returncode}"))


def _call(read: Sequence[str], write: Sequence[str], path: Path) -> list[str]:
    return [_ffmpeg(), "-y", "-loglevel", "error", *read, *write, str(path.absolute())]


def _failed(log: bytes, error: OSError) -> OSError:
    """Return the error for an ffmpeg that failed: the last line that it wrote, without its [mp4 @ 0x55e7…]."""
    said = log.decode(errors="replace").strip().splitlines()
    reason = re.sub(r"^(\[[^]]*\] *)+", "", said[-1]) if said else str(error)
    return OSError(f"ffmpeg: {reason}")


class _Encoded:
    """An ffmpeg process that reads frames from its stdin. The first frame, which tells their size, starts it."""

    def __init__(self, path: Path, fps: float, comment: str, log: int):
        self._path, self._fps, self._comment, self._log = path, fps, comment, log
        self._process: Optional[subprocess.Popen[bytes]] = None

    def append(self, frame: NDArray[Any]) -> None:
        if self._process is None:
            self._process, self._shape = self._start(*frame.shape[:2]), frame.shape
        if frame.shape != self._shape:  # ffmpeg would take the bytes for other pixels
            raise CartrlError(f"frames of different sizes, {self._shape} and {frame.shape}, make no film")
        assert self._process.stdin is not None
        self._process.stdin.write(np.ascontiguousarray(frame).data)

    def _start(self, height: int, width: int) -> subprocess.Popen[bytes]:
        read = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {self._fps:g} -i -"
        codec = CODECS[self._path.suffix.lower()].split()
        # In a session of its own, so that Ctrl-C reaches cartrl alone, which then ends it.
        return subprocess.Popen(
            _call(read.split(), ["-an", *codec, "-metadata", f"comment={self._comment}"], self._path),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )

    def finish(self) -> None:
        """Wait until all is written."""
        if self._process is not None:
            self._process.communicate()  # closes its stdin
            if self._process.returncode:
                raise OSError(f"it ended with exit code {self._process.returncode}")

    def kill(self) -> None:
        """Kill ffmpeg; the film stays unfinished."""
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()
