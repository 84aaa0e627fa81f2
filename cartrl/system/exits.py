"""How a process ended that could not say so itself, for people to read."""

import re
import signal
from typing import Optional

# What Python's faulthandler writes of a process that a signal ends; a traceback follows, to the end of what is written.
FAULT = re.compile(r"^Fatal Python error: (.*)$", re.MULTILINE)
FAULTS = {
    "Aborted": signal.SIGABRT,
    "Bus error": signal.SIGBUS,
    "Floating point exception": signal.SIGFPE,
    "Floating-point exception": signal.SIGFPE,
    "Illegal instruction": signal.SIGILL,
    "Segmentation fault": signal.SIGSEGV,
}
MEANINGS = {
    signal.SIGABRT: "a library gave up",
    signal.SIGBUS: "as when a disk, or /dev/shm, has no room for a file that is mapped into memory",
    signal.SIGILL: "this processor lacks an instruction that a library was built for",
    signal.SIGKILL: "as the kernel does when memory runs out",
    signal.SIGSEGV: "an error in a library's native code",
}
FATAL = re.compile(r"^(?:\S+ \S+ F|F\d{4}) .*?\] *(?P<text>.*?)\s*$|: F [^\]]*\] *(?P<other>.*?)\s*$", re.MULTILINE)
ERROR = "error: "
UNKNOWN_FLAGS = re.compile(r"Unknown flags? in (?P<variable>[A-Z_]+): *(?P<flags>.*?)\s*$", re.MULTILINE)


def explain(code: Optional[int], said: str) -> str:
    """Return a sentence, without its subject, on how a process ended.

    Args:
        code: its exit code, the negative number of the signal that ended it, or None where that is not known.
        said: what it wrote on stderr.
    """
    fault = FAULT.search(said)
    if fault is not None and fault[1] in FAULTS:
        code = -FAULTS[fault[1]]
    flags = UNKNOWN_FLAGS.search(said)
    if flags is not None:
        variable = flags["variable"]
        reason = f"this TensorFlow does not know {flags['flags']} in the environment variable {variable}; take that out"
    else:
        reason = _last_words(said)
    if reason.startswith(ERROR):  # a process of cartrl, which said so itself
        return f"failed: {reason[len(ERROR) :]}"
    return f"{_way(code)}: {reason}" if reason else _way(code)


def visible(said: str) -> str:
    """Return what a process wrote on stderr, without what faulthandler added to it."""
    return FAULT.split(said, maxsplit=1)[0]


def _way(code: Optional[int]) -> str:
    if code is None:
        return "ended without a word, by a library or by force, as the kernel does when memory runs out"
    if code >= 0:
        return f"ended with exit code {code}"
    number = signal.Signals(-code)
    meaning = f" ({MEANINGS[number]})" if number in MEANINGS else ""
    return f"was ended by {number.name}{meaning}"


def _last_words(said: str) -> str:
    """Return the line that says why: the last that C++ code calls fatal, or the last of all."""
    fatal = [match["text"] or match["other"] for match in FATAL.finditer(said)]
    lines = [line.strip() for line in visible(said).splitlines() if line.strip()]
    return (fatal or lines or [""])[-1]
