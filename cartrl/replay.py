"""How episodes pass from the collector to the agent: a Reverb queue, in this process.

An item of the queue is one `EpisodeBatch`, so each episode is written once, read once, and gone. Reverb waits for
ever by default; here every wait has a limit, and nothing read within it is an error.
"""

import tempfile
from collections.abc import Iterator

import reverb
import tensorflow as tf
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl import quiet
from cartrl.episodes import EpisodeBatch
from cartrl.errors import CartrlError

TABLE = "episodes"
TIMEOUT_SECONDS = 30
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


class EpisodeReplay:
    """A Reverb server on a free port, with the writer and the dataset on either side of its one table.

    Reverb listens, without authentication, on every interface; see docs/architecture.md.

    Args:
        capacity: batches that the table can hold.
        signature: specs of the tensors of a batch, by name.
    """

    def __init__(self, capacity: int, signature: dict[str, tf.TensorSpec]):
        # The default checkpointer leaves a directory behind; nothing is ever checkpointed here.
        self._unused = tempfile.TemporaryDirectory(prefix="cartrl-reverb-")
        with quiet.held_back():
            self._start(capacity, signature)

    def _start(self, capacity: int, signature: dict[str, tf.TensorSpec]) -> None:
        self._server = reverb.Server(
            [reverb.Table.queue(TABLE, capacity, signature=signature)],
            checkpointer=reverb.checkpointers.DefaultCheckpointer(self._unused.name),
        )
        address = f"localhost:{self._server.port}"
        self._writer = reverb.Client(address).trajectory_writer(num_keep_alive_refs=1)
        dataset = reverb.TrajectoryDataset(
            server_address=address,
            table=TABLE,
            dtypes={name: spec.dtype for name, spec in signature.items()},
            shapes={name: spec.shape for name, spec in signature.items()},
            # One worker that fetches one item at a time keeps the order, and so the result, the same.
            max_in_flight_samples_per_worker=1,
            num_workers_per_iterator=1,
            rate_limiter_timeout_ms=TIMEOUT_SECONDS * 1000,
        )
        self._batches = iter(dataset)
        _ITERATORS.append(self._batches)

    def write(self, episodes: EpisodeBatch) -> None:
        """Put a batch into the queue, and return once the server holds it."""
        self._writer.append(episodes.arrays())
        item = {name: column[-1] for name, column in self._writer.history.items()}
        self._writer.create_item(TABLE, priority=1.0, trajectory=item)
        try:
            self._writer.flush(block_until_num_items=0, timeout_ms=TIMEOUT_SECONDS * 1000)
        except reverb.errors.DeadlineExceededError:
            raise CartrlError(f"Reverb took no episodes within {TIMEOUT_SECONDS} s") from None

    def read(self) -> dict[str, tf.Tensor]:
        """Take the oldest batch out of the queue."""
        batch = next(self._batches, None)
        if batch is None:
            raise CartrlError(f"Reverb gave no episodes within {TIMEOUT_SECONDS} s")
        return batch.data

    def close(self) -> None:
        """Stop the server and free its port."""
        with quiet.held_back():
            self._writer.close()
            self._server.stop()
        self._unused.cleanup()
