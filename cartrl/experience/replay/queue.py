"""How experience passes from the collector to the agent: a Reverb queue, in this process.

An item of the queue is all that a turn has played, so each step is written once, read once, and gone. Reverb waits for
ever by default; here every wait has a limit, and nothing read within it is an error.
"""

import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from contextlib import ExitStack
from typing import Any, Protocol

import numpy as np
import reverb
import tensorflow as tf
from numpy.typing import NDArray
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.errors import CartrlError
from cartrl.randomness import Turn
from cartrl.system import quiet, sockets

TIMEOUT_SECONDS = 30
START_SECONDS = 8
NO_PROXY = "no_grpc_proxy"  # the environment variable; gRPC does not read it in capitals
ATTEMPTS = 3  # to start a server that shares its port with no other
# Kept to the end of the process, which takes nothing apart: one that is dropped waits for a poll of Reverb's, for up to
# three seconds and whether or not the server still lives.
_ITERATORS: list[Iterator[reverb.ReplaySample]] = []


def signature(
    num_episodes: int, num_steps: int, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> dict[str, tf.TensorSpec]:
    """Return the specs of an `EpisodeBatch` of so many episodes, padded to so many steps."""
    cells = (num_episodes, num_steps)
    observation = time_step_spec.observation
    return {
        "observations": tf.TensorSpec((*cells, *observation.shape), observation.dtype),
        "actions": tf.TensorSpec((*cells, *action_spec.shape), action_spec.dtype),
        "rewards": tf.TensorSpec(cells, tf.float32),
        "lengths": tf.TensorSpec((num_episodes,), tf.int32),
        "terminated": tf.TensorSpec((num_episodes,), tf.bool),
        "final_observations": tf.TensorSpec((num_episodes, *observation.shape), observation.dtype),
    }


class Arrays(Protocol):
    """Experience as arrays of one signature."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""


class ReplayQueue:
    """A Reverb server, with the writer and the dataset on either side of its one table.

    Once these two are connected nobody else can connect; see docs/architecture.md.

    Args:
        capacity: batches that the table can hold.
        signature: specs of the tensors of a batch, by name.

    Raises:
        CartrlError: when the server does not start, or cannot be reached.
    """

    def __init__(self, capacity: int, signature: dict[str, tf.TensorSpec]):
        self._capacity = capacity
        self._signature = signature
        self._blank = {name: np.zeros(spec.shape, spec.dtype.as_numpy_dtype) for name, spec in signature.items()}
        # Whoever came to another server by mistake finds no table of this name there.
        self._table = f"episodes-{secrets.token_hex(8)}"
        keep_off_proxies()
        with quiet.held_back():
            within(START_SECONDS, self._start, f"Reverb's server does not answer within {START_SECONDS} s")
        if not self._is_private:
            print("warning: whoever reaches this machine can connect to Reverb's server", file=sys.stderr)

    def _start(self) -> None:
        """Start servers until one works that shares its port with no other."""
        address = sockets.loopback()
        for attempt in range(1, ATTEMPTS + 1):
            with ExitStack() as opened:
                try:
                    self._connect(opened, address)
                except Exception as error:  # TensorFlow and Reverb raise many kinds
                    if attempt == ATTEMPTS:
                        raise CartrlError(f"Reverb's server does not start: {error}") from error
                else:
                    self._opened = opened.pop_all()
                    return

    def _connect(self, opened: ExitStack, address: str) -> None:
        """Start a server, connect both its sides, and let nobody else in."""
        # The default checkpointer leaves a directory behind; nothing is ever checkpointed here.
        unused = opened.enter_context(tempfile.TemporaryDirectory(prefix="cartrl-reverb-"))
        server = reverb.Server(
            [reverb.Table.queue(self._table, self._capacity, signature=self._signature)],
            checkpointer=reverb.checkpointers.DefaultCheckpointer(unused),
        )
        opened.callback(server.stop)
        self.port = server.port
        is_local = sockets.keep_to_loopback(self.port)
        if sockets.is_shared(self.port):
            raise RuntimeError(f"port {self.port} is in use")
        self._writer = reverb.Client(f"{address}:{self.port}").trajectory_writer(num_keep_alive_refs=1)
        opened.callback(self._writer.close)
        self._batches = iter(self._dataset(f"{address}:{self.port}"))
        _ITERATORS.append(self._batches)
        self._put(self._blank)
        self.read()
        self._is_private = sockets.stop_listening(self.port) or is_local
        if sockets.strangers(self.port):
            raise RuntimeError(f"another process is connected to port {self.port}")

    def _dataset(self, address: str) -> reverb.TrajectoryDataset:
        return reverb.TrajectoryDataset(
            server_address=address,
            table=self._table,
            dtypes={name: spec.dtype for name, spec in self._signature.items()},
            shapes={name: spec.shape for name, spec in self._signature.items()},
            # One worker that fetches one item at a time keeps the order, and so the result, the same.
            max_in_flight_samples_per_worker=1,
            num_workers_per_iterator=1,
            rate_limiter_timeout_ms=TIMEOUT_SECONDS * 1000,
        )

    def write(self, played: Arrays) -> None:
        """Put what a turn has played into the queue, and return once the server holds it."""
        self._put(played.arrays())

    def _put(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._writer.append(arrays)
        item = {name: column[-1] for name, column in self._writer.history.items()}
        self._writer.create_item(self._table, priority=1.0, trajectory=item)
        try:
            self._writer.flush(block_until_num_items=0, timeout_ms=TIMEOUT_SECONDS * 1000)
        except reverb.errors.DeadlineExceededError:
            raise CartrlError(f"Reverb took no episodes within {TIMEOUT_SECONDS} s") from None

    def batches(self, turn: Turn) -> Iterator[dict[str, tf.Tensor]]:
        """Yield what was played in ``turn``, once."""
        yield self.read()

    def read(self) -> dict[str, tf.Tensor]:
        """Take the oldest batch out of the queue."""
        batch = next(self._batches, None)
        if batch is None:
            raise CartrlError(f"Reverb gave no episodes within {TIMEOUT_SECONDS} s")
        tensors: dict[str, tf.Tensor] = batch.data
        return tensors

    def close(self) -> None:
        """Stop the server and free its port."""
        with quiet.held_back():
            self._opened.close()


def keep_off_proxies() -> None:
    """Let gRPC, on which Reverb stands, connect to this machine directly, whatever proxy the user has.

    Only gRPC reads its own variable, and where that is not set it reads ``no_proxy`` instead.
    """
    exempt = (os.environ.get(NO_PROXY) or os.environ.get("no_proxy") or "").split(",")
    os.environ[NO_PROXY] = ",".join(dict.fromkeys([*filter(None, exempt), "127.0.0.1", "::1"]))


def within(seconds: float, work: Callable[[], None], too_slow: str) -> None:
    """Do ``work``, in a thread so that signals are heard meanwhile.

    Raises:
        CartrlError: ``too_slow``, when it takes longer than ``seconds``; it is then left to itself.
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        done.result(seconds)
    except TooSlow:
        raise CartrlError(too_slow) from None
