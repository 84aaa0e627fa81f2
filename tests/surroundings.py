"""Surroundings that a process may find itself in: those of most tests, and, with ``--hostile``, bad ones.

``pytest --hostile`` runs the same tests with a proxy that does not exist, with settings of matplotlib, Keras and the
terminal that do not suit, and in working directories whose files are called as modules are. A command must do there
what it does elsewhere.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOSTILE = "CARTRL_TEST_HOSTILE"  # set in the environment of pytest and its workers

CHECKOUT = Path(__file__).resolve().parent.parent
PROXY = "http://127.0.0.1:9"  # nobody listens there
VARIABLES = {
    **dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), PROXY),
    "no_proxy": "",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "COLUMNS": "40",
    "TF_USE_LEGACY_KERAS": "1",
}
KERAS = '{"floatx": "float64", "epsilon": 0.1, "backend": "theano", "image_data_format": "channels_first"}'
MATPLOTLIB = "text.usetex: True\nfont.family: no such font\nbackend: no_such_backend\n"
RAISE = 'raise SystemExit("a file of the working directory was executed: " + __file__)\n'
FILES = {
    "logging.py": RAISE,
    "matplotlib.py": RAISE,
    "cartrl/__init__.py": RAISE,
    "sitecustomize.py": RAISE,
    "matplotlibrc": MATPLOTLIB,
}


def are_hostile() -> bool:
    """Tell whether the tests were asked to run in hostile surroundings."""
    return HOSTILE in os.environ


def home() -> Path:
    """Return a home directory with the settings that do not suit; it is made once for all processes of the tests."""
    folder = Path(tempfile.gettempdir()) / f"cartrl-hostile-home-{os.environ[HOSTILE]}"
    settings = {".keras/keras.json": KERAS, ".config/matplotlib/matplotlibrc": MATPLOTLIB}
    for name, content in settings.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def variables() -> dict[str, str]:
    """Return the variables that a process gets beside its clean environment."""
    return {**VARIABLES, "HOME": str(home())} if are_hostile() else {}


@contextmanager
def files_in(directory: Path) -> Iterator[None]:
    """Put the hostile files into ``directory``, the working directory of a process, while the block runs.

    Not into the checkout, whose modules the tests themselves import.
    """
    wanted = FILES if are_hostile() and directory.is_dir() and directory.resolve() != CHECKOUT else {}
    made = [directory / name for name in wanted if not (directory / Path(name).parts[0]).exists()]
    try:
        for path in made:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[str(path.relative_to(directory))], encoding="utf-8")
        yield
    finally:
        for path in made:
            path.unlink(missing_ok=True)
            if path.parent != directory:
                shutil.rmtree(path.parent, ignore_errors=True)
