"""What is said of an environment whose own code fails, whatever it raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from cartrl.errors import CartrlError


def failed(env_name: str, where: str, error: BaseException, expected: str = "") -> CartrlError:
    """Return the error for an exception of the environment's own code.

    ``expected`` is the API by which that code was called, and is told where the code may have been called wrongly.
    """
    said = f"{env_name} raised {type(error).__name__} in {where}: {error}".rstrip(": ")
    if expected and isinstance(error, TypeError) and "argument" in str(error):
        said = f"{said}; cartrl expects {expected}"
    return CartrlError(said)


@contextmanager
def named(env_name: str, where: str, expected: str = "") -> Iterator[None]:
    """Turn whatever the block raises into an error that names the environment; see `failed`.

    sys.exit() in an environment would otherwise end the process with exit code 0 and without a word.

    Raises:
        CartrlError: for everything but KeyboardInterrupt.
    """
    try:
        yield
    except (KeyboardInterrupt, CartrlError):
        raise
    except BaseException as error:
        raise failed(env_name, where, error, expected) from error
