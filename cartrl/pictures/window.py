"""Shows frames in a window, which a process of its own opens.

In the process that renders, pygame draws into memory: environments of gym draw on the only display that pygame has.
"""

import os
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from types import TracebackType
from typing import IO, Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.system import child_process, quiet

OPEN = "open"
HEADER = struct.Struct(">III")  # height and width of a frame, bytes of its caption
LEAST = 480  # pixels, of the longer side; smaller frames are shown several times as large
NO_DISPLAY = (
    "--window needs a display, and none can be opened here ({reason}); --terminal shows the policy in a terminal, and "
    "-o FILE.html writes a page for a browser"
)


class Window:
    """A window that shows frames; it closes when it is left, or when this process ends.

    Raises:
        UsageError: where there is no display.
    """

    def __init__(self) -> None:
        with Path(os.devnull).open("w") as nowhere:
            self._process = child_process.start(
                "cartrl.pictures.window:show", quiet.video_driver, stderr=nowhere, stdin=PIPE, stdout=PIPE,
                start_new_session=True,  # Ctrl-C reaches cartrl alone
            )  # fmt: skip
        said = self._stream("stdout").readline().strip()
        if said != OPEN:
            self._close()
            raise UsageError(NO_DISPLAY.format(reason=said or "its process ended"))

    def _stream(self, name: str) -> IO[str]:
        stream: IO[str] = getattr(self._process, name)
        return stream

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, kind: Optional[type], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self._close()

    def _close(self) -> None:
        self._process.kill()
        with suppress(OSError):  # part of a frame may be left, which nobody reads
            self._process.communicate()

    def show(self, picture: NDArray[Any], caption: str) -> bool:
        """Show a frame, uint8 [height, width, 3], and its ``caption``; return False where the window was closed."""
        title = caption.encode(errors="replace")
        try:
            stream = self._stream("stdin").buffer  # type: ignore[attr-defined]
            stream.write(HEADER.pack(*picture.shape[:2], len(title)) + title + picture.tobytes())
            stream.flush()
        except BrokenPipeError:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait so long; return False where the window was closed."""
        time.sleep(max(seconds, 0))
        return self._process.poll() is None


def show() -> None:
    """Show what `Window` sends until that ends, or the window is closed; this is the process of the window."""
    os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
    os.environ.pop(quiet.VIDEO_DRIVER, None)
    if sys.argv[1]:
        os.environ[quiet.VIDEO_DRIVER] = sys.argv[1]
    import pygame

    try:
        pygame.display.init()
    except pygame.error as error:
        print(error, flush=True)
        return
    print(OPEN, flush=True)
    frames, window = sys.stdin.buffer, None
    while header := frames.read(HEADER.size):
        height, width, length = HEADER.unpack(header)
        title, content = frames.read(length).decode(), frames.read(height * width * 3)
        if len(content) < height * width * 3:
            return
        size = tuple(max(LEAST // max(height, width), 1) * side for side in (width, height))
        window = pygame.display.set_mode(size) if window is None else window
        pygame.display.set_caption(title)
        picture = np.frombuffer(content, np.uint8).reshape(height, width, 3)
        surface = pygame.surfarray.make_surface(picture.swapaxes(0, 1))
        window.blit(pygame.transform.scale(surface, size), (0, 0))
        pygame.display.flip()
        if any(map(_closes, pygame.event.get())):
            return


def _closes(event: Any) -> bool:
    """Tell whether an event of pygame asks to close the window."""
    import pygame

    is_key = event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE)
    return bool(event.type == pygame.QUIT or is_key)
