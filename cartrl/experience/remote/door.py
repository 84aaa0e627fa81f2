"""Lets collectors of other machines in, who know the token, and nobody else; and goes to such a door."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import answer_challenge, deliver_challenge

from cartrl.errors import CartrlError
from cartrl.experience.remote.address import Address, Listening
from cartrl.experience.remote.channel import Channel
from cartrl.experience.remote.local import Meet

SECONDS_TO_SHOW = 10.0  # that a stranger has to show that he knows the token
SECONDS_TO_OPEN = 60.0  # that a learner has, which may still be loading
SECONDS_TO_TAKE = 30.0  # that the other side has to take a message, or to answer the kernel's question if it is there
MOST_STRANGERS = 16  # at the door at once
MOST_NAMED = 10  # hosts whose strangers are told of


class Door:
    """Listens for collectors.

    Args:
        listening: where.
        meet: is called with each that knows the token; see `LocalCollectors`.
        tell: is given a sentence for the user.
    """

    def __init__(self, listening: Listening, meet: Meet, tell: Callable[[str], None]):
        self._server, self._token = listening
        self._meet = meet
        self._tell = tell
        self._places = threading.Semaphore(MOST_STRANGERS)
        self._named: set[str] = set()  # hosts
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            self._places.acquire()  # further strangers wait in the kernel, which keeps few
            try:
                connected, address = self._server.accept()
            except OSError:  # the run is over
                return
            threading.Thread(target=self._admit, args=(connected, str(address[0])), daemon=True).start()

    def _admit(self, connected: socket.socket, host: str) -> None:
        channel = _channel(connected)
        try:
            with _at_most(SECONDS_TO_SHOW, channel):
                deliver_challenge(channel.connection, self._token)
                answer_challenge(channel.connection, self._token)
        except Exception:  # whatever a stranger may send
            self._refuse(host, channel)
            return
        finally:
            self._places.release()
        name = f"the collector on {host}"
        try:
            self._meet(name, channel, lambda: None)
        except CartrlError as error:
            self._tell(f"{name} cannot play: {error}")
            channel.end()

    def _refuse(self, host: str, channel: Channel) -> None:
        channel.end()
        channel.connection.close()
        if host not in self._named and len(self._named) < MOST_NAMED:
            self._named.add(host)
            self._tell(f"{host} has connected without knowing the token, and was refused")


def knock(address: Address, token: bytes) -> Channel:
    """Return a channel to the learner that listens at ``address``.

    Raises:
        CartrlError: when nobody does, or it does not know the token.
    """
    try:
        channel = _channel(socket.create_connection(address, SECONDS_TO_SHOW))
    except OSError as error:
        raise CartrlError(f"{address}: no learner can be reached there: {error.strerror or error}") from None
    began = time.monotonic()
    try:
        with _at_most(SECONDS_TO_OPEN, channel):
            answer_challenge(channel.connection, token)
            deliver_challenge(channel.connection, token)
    except Exception as error:
        is_late = time.monotonic() - began >= SECONDS_TO_OPEN
        why = f"nobody has answered for {SECONDS_TO_OPEN:.0f} s" if is_late else "does not take this token"
        raise CartrlError(f"{address}: {why}") from error
    return channel


def _channel(connected: socket.socket) -> Channel:
    """Return a channel whose connection ends by itself when the other host is gone."""
    seconds = int(SECONDS_TO_TAKE)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds // 3)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, seconds // 6)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * seconds)
    return Channel(connected, SECONDS_TO_TAKE)


@contextmanager
def _at_most(seconds: float, channel: Channel) -> Iterator[None]:
    """End ``channel`` if the block takes longer."""
    timer = threading.Timer(seconds, channel.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
