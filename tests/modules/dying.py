"""Ends its process while it is imported, in the way that the variable DIE names; with DIE_IN=child only a worker."""

import ctypes
import os
import signal
import sys

from cartrl.system import quiet

WAYS = {
    "abort": os.abort,
    "segfault": lambda: ctypes.string_at(0),
    "_exit": lambda: os._exit(3),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "exit": lambda: sys.exit(3),
}

if quiet.is_child or os.environ.get("DIE_IN") != "child":
    os.write(2, b"the reason, from native code\n")
    WAYS[os.environ["DIE"]]()
