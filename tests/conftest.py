"""For all tests."""

import os
import shutil
import signal

import pytest

from tests import surroundings

# Under nohup, or in the background of a script, some signals are ignored, and every process started would ignore them
# too. What is handled here is back at its default in them, so that tests which send signals find what a user finds.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hostile", action="store_true", help="run cartrl in surroundings that do not suit it")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hostile"):
        os.environ.setdefault(surroundings.HOSTILE, str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    is_a_worker = hasattr(config, "workerinput")
    if surroundings.are_hostile() and not is_a_worker:
        shutil.rmtree(surroundings.home(), ignore_errors=True)
