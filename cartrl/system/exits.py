"""Says in words how a process ended that could not report its end itself."""

import re
import signal
from typing import Optional

# The line that Python's faulthandler writes when a signal ends the process. All that follows it is a traceback.
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
    """Return how a process ended, as a sentence without its subject.

    Args:
        code: its exit code, the negative number of the signal that ended it, or None where that is not known.
        said: all that the process wrote on stderr.
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
    if reason.startswith(ERROR):  # of a process of cartrl, which wrote its own sentence
        return f"failed: {reason[len(ERROR) :]}"
    return f"{_way(code)}: {reason}" if reason else _way(code)


def visible(said: str) -> str:
    """Return what a process wrote on stderr, without the lines of faulthandler."""
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
    """Return the line that gives the reason: the last fatal message of C++ code, or else the last line."""
    fatal = [match["text"] or match["other"] for match in FATAL.finditer(said)]
    lines = [line.strip() for line in visible(said).splitlines() if line.strip()]
    return (fatal or lines or [""])[-1]
