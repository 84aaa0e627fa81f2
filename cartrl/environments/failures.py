"""What is said of an environment whose own code fails, whatever it raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from cartrl.errors import CartrlError

API = (
    "gym's or gymnasium's API: observation_space, action_space; reset(seed) or reset() → observation or "
    "(observation, info); step(action) → (observation, reward, done, info) or "
    "(observation, reward, terminated, truncated, info)"
)


def failed(env_name: str, where: str, error: BaseException) -> CartrlError:
    """Return the error for an exception of the environment's own code."""
    said = f"{env_name} raised {type(error).__name__} in {where}: {error}".rstrip(": ")
    if isinstance(error, TypeError) and "argument" in str(error):  # it may have been called in a way unknown to it
        said = f"{said}; cartrl expects {API}"
    return CartrlError(said)


@contextmanager
def named(env_name: str, where: str) -> Iterator[None]:
    """Turn whatever the block raises into an error that names the environment.

    sys.exit() in an environment would otherwise end the process with exit code 0 and without a word.

    Raises:
        CartrlError: for everything but KeyboardInterrupt.
    """
    try:
        yield
    except (KeyboardInterrupt, CartrlError):
        raise
    except BaseException as error:
        raise failed(env_name, where, error) from error


def unexpected(env_name: str, what: str) -> NoReturn:
    """Refuse an environment that does not have the API.

    Raises:
        CartrlError: saying ``what`` is unexpected, and what is expected.
    """
    raise CartrlError(f"{env_name} {what}; cartrl expects {API}")
