"""Where the scheduler of a Dask cluster is, and a client of it."""

import json
import logging
import socket
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional
from urllib.parse import urlsplit

from cartrl.errors import UsageError
from cartrl.system import extras, reading

if TYPE_CHECKING:
    from distributed import Client

CONTACT = 8.0  # seconds in which a scheduler must answer


class Certificates(NamedTuple):
    """The files of TLS: of the authority, of this command, and its key."""

    authority: Path
    certificate: Path
    key: Path


class Address(NamedTuple):
    """Where a scheduler is, and how its workers hand runs over."""

    scheduler: str  # tcp://HOST:PORT, tls://HOST:PORT, or a scheduler file
    certificates: Optional[Certificates] = None
    is_shipped: bool = False  # whether runs come back as archives; else all hosts share the folder of the study


def connect(address: Address) -> "Client":
    """Return a client of the scheduler.

    Raises:
        UsageError: when there is none at ``address``, when it does not answer in `CONTACT` seconds, or when Dask is not
            installed.
    """
    try:
        import distributed
        from distributed.security import Security
    except ImportError:
        raise UsageError(extras.missing("--cluster", "Dask", "cluster")) from None
    for name in ("distributed", "distributed.client", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="distributed")
    url = _url(address.scheduler)
    files = address.certificates
    security = None
    if files is not None:
        security = Security(
            tls_ca_file=str(files.authority), tls_client_cert=str(files.certificate), tls_client_key=str(files.key),
            require_encryption=True,
        )  # fmt: skip
    try:
        _knock(url)
        return distributed.Client(url, timeout=CONTACT, security=security, set_as_default=False, name="cartrl")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise UsageError(f"--cluster {address.scheduler}: no scheduler can be reached: {_why(error, url)}") from error


def _url(scheduler: str) -> str:
    """Return the address that ``scheduler`` is, or that it holds if it is a scheduler file."""
    if "://" in scheduler:
        return scheduler
    try:
        return str(json.loads(reading.read_text(Path(scheduler), reading.LARGEST_CONFIG))["address"])
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        known = "an address such as tcp://HOST:8786 or tls://HOST:8786, or a scheduler file"
        raise UsageError(f"--cluster {scheduler}: give {known}") from None


def _knock(url: str) -> None:
    """See that something listens at ``url``, which takes no time. Dask would try again and again."""
    parts = urlsplit(url)
    if parts.scheme in ("tcp", "tls") and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), CONTACT).close()


def _why(error: Exception, url: str) -> str:
    from distributed.comm import CommClosedError

    if isinstance(error, CommClosedError) and url.startswith("tls:"):
        return "it does not take these certificates, or has others than they vouch for"
    if isinstance(error, CommClosedError):
        return "it closes the connection, as one that speaks TLS does; give its address as tls://HOST:PORT"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TypeError):  # what Dask raises where it was given no certificates
        return "it wants certificates; give --tls"
    return str(error) or type(error).__name__
