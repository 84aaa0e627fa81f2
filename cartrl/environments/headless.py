"""Pictures of MuJoCo without a display."""

import ctypes
import os
from typing import Optional

from cartrl.errors import UsageError

VARIABLE = "MUJOCO_GL"  # tells MuJoCo, dm_control and gymnasium by which library to draw
NEEDED = (
    "without a display MuJoCo draws with EGL or OSMesa, and neither works here: apt-get install libegl1 or libosmesa6"
)


def prepare() -> None:
    """Choose a library that draws without a display, where there is none and the user has chosen none.

    Call it before dm_control or mujoco is imported, which read the variable then. Where neither library works, nothing
    is chosen, and everything works but pictures.
    """
    if _is_settled():
        return
    if _has_egl():
        os.environ[VARIABLE] = "egl"
    elif _library("libOSMesa.so.8") is not None:
        os.environ[VARIABLE] = "osmesa"


def require(env_name: str) -> None:
    """Refuse to draw an environment of MuJoCo where nothing can.

    Raises:
        UsageError: with what to install.
    """
    if not _is_settled():
        raise UsageError(f"{env_name} renders no picture: {NEEDED}")


def _is_settled() -> bool:
    return any(os.environ.get(name) for name in (VARIABLE, "DISPLAY", "WAYLAND_DISPLAY"))


def _has_egl() -> bool:
    """Tell whether EGL is installed and finds a device, which may be a processor alone."""
    egl = _library("libEGL.so.1")
    if egl is None:
        return False
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    if not address:
        return False
    query = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))(address)
    count = ctypes.c_int(0)
    return bool(query(0, None, ctypes.byref(count))) and count.value > 0


def _library(name: str) -> Optional[ctypes.CDLL]:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None
