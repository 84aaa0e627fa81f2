"""Sets the variables, streams and limits that a process gets from its caller to those that cartrl depends on."""

import codecs
import os
import resource
import signal
import sys
import warnings
from pathlib import Path

from cartrl.errors import UsageError

SIZES = {"COLUMNS": range(20, 1001), "LINES": range(5, 1001), "TERMINAL_WIDTH": range(20, 1001)}
UNLIMITED = 1000  # columns
DESCRIPTORS = 4096  # open files that a process is allowed, if the system lets it
LEAST_DESCRIPTORS = 64  # with a dozen fewer, TensorFlow and Reverb die without a word
# Environment variables with these prefixes choose other kernels, another precision or another Keras, and so change
# numbers.
CHANGE_NUMBERS = ("TF_", "TF2_", "DNNL_", "ONEDNN_", "NPY_", "NVIDIA_TF32_", "PROTOCOL_BUFFERS_")
# Of those variables, the ones with these prefixes change no number: they are about logs, memory and threads.
CHANGE_NO_NUMBERS = ("TF_CPP_", "TF_GPU_", "TF_FORCE_", "TF_CUDA_", "TF_NUM_INTEROP_", "TF_PER_DEVICE_MEMORY_")
THREADS = 2  # among which TensorFlow divides an operation
IGNORED_BY_DEFAULT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
IN_ASCII = {"–": "-", "−": "-", "±": "+-", "×": "x", "…": "...", "→": "->", "█": "#", "●": "o", "━": "-", "─": "-"}
SPELT_OUT = "cartrl-spelt-out"  # the name of the handler of encoding errors


def settle() -> None:
    """Make the process the same whoever started it; call this before anything else is imported."""
    _keep_docstrings()
    _open_streams()
    _drop_odd_sizes()
    _wrap_nothing_without_terminal()
    _forgive_warnings()
    _allow_own_files()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if it is ignored, the exit codes of children are lost
    settle_variables()


def settle_variables() -> None:
    """Drop or set the environment variables that would change numbers, before TensorFlow reads them."""
    for name in list(os.environ):
        if name.startswith(CHANGE_NUMBERS) and not name.startswith(CHANGE_NO_NUMBERS):
            del os.environ[name]
    # Outside of XLA, TensorFlow divides the sums of convolutions and large products among as many threads as there are
    # cores, and their last bits depend on the number.
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(THREADS)
    # Keras reads precision and epsilon from a file below KERAS_HOME, by default the home directory, and writes the file
    # where it is missing.
    os.environ["KERAS_HOME"] = os.devnull


def require() -> None:
    """Refuse surroundings in which nothing can work.

    Raises:
        UsageError: for a working directory that has been deleted, or too few files that may be open.
    """
    try:
        Path.cwd()
    except OSError as error:
        reason = "has been deleted" if isinstance(error, FileNotFoundError) else f"cannot be used: {error.strerror}"
        raise UsageError(f"the working directory {reason}; change to another one") from None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < LEAST_DESCRIPTORS:
        raise UsageError(f"a process may open {soft} files here (ulimit -n), but needs at least {LEAST_DESCRIPTORS}")


def _keep_docstrings() -> None:
    """Start the process again without ``PYTHONOPTIMIZE=2``: TensorFlow cannot be imported without its docstrings."""
    if sys.flags.optimize < 2:
        return
    os.environ.pop("PYTHONOPTIMIZE", None)
    program = ["-m", "cartrl"] if Path(sys.argv[0]).name == "__main__.py" else [sys.argv[0]]
    os.execv(sys.executable, [sys.executable, *program, *sys.argv[1:]])


def _open_streams() -> None:
    """Open /dev/null in the place of each stream that the caller closed, and let every stream write any text.

    Without /dev/null, the next file to be opened would get the descriptor of the stream, and all that libraries print.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    codecs.register_error(SPELT_OUT, _spell_out)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors=SPELT_OUT)  # type: ignore[attr-defined]
    os.environ.pop("PYTHONIOENCODING", None)  # children answer in UTF-8


def _spell_out(error: UnicodeError) -> "tuple[str | bytes, int]":
    """Return what replaces characters that a stream cannot encode: the bytes of a path, or characters of ASCII."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    if all("\udc80" <= character <= "\udcff" for character in text):
        return text.encode("utf-8", "surrogateescape"), error.end
    spelt = (IN_ASCII.get(character, character) for character in text)
    return "".join(spelt).encode("ascii", "backslashreplace").decode(), error.end


def _drop_odd_sizes() -> None:
    """Unset sizes of a terminal in which nothing can be read: with ``COLUMNS=0`` no message would appear."""
    for name, sensible in SIZES.items():
        text = os.environ.get(name, "")
        if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) in sensible):
            os.environ.pop(name, None)


def _wrap_nothing_without_terminal() -> None:
    """Wrap no table in a pipe or a file, because a broken path or number there is of no use."""
    if not sys.stdout.isatty():
        os.environ.setdefault("TERMINAL_WIDTH", os.environ.get("COLUMNS", "80"))  # of the help
        os.environ.setdefault("COLUMNS", str(UNLIMITED))


def _forgive_warnings() -> None:
    """Undo ``PYTHONWARNINGS=error``: libraries warn while they are imported, and no import would succeed."""
    if not any(action == "error" for action, *_ in warnings.filters):
        return
    os.environ.pop("PYTHONWARNINGS", None)
    sys.warnoptions.clear()
    warnings.resetwarnings()
    for category in IGNORED_BY_DEFAULT:
        warnings.simplefilter("ignore", category)


def _allow_own_files() -> None:
    """Let the process read and write the files that it makes, and open as many as it needs."""
    mask = os.umask(0o077)
    os.umask(mask & ~0o700)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
