"""The metrics again, as TensorBoard's event files: ``tensorboard --logdir runs`` shows them."""

from pathlib import Path

from cartrl.metrics import Row

# Column -> TensorBoard's tag; the part before the slash groups charts on its page.
TAGS = {
    "greedy_return_mean": "returns/greedy_mean",
    "collect_return_mean": "returns/collect_mean",
    "collect_return_min": "returns/collect_min",
    "collect_return_max": "returns/collect_max",
    "loss": "losses/total",
    "policy_gradient_loss": "losses/policy_gradient",
    "value_estimation_loss": "losses/value_estimation",
    "entropy_regularization_loss": "losses/entropy_regularization",
    "gradient_norm": "policy/gradient_norm",
    "weights_norm": "policy/weights_norm",
    "policy_entropy": "policy/entropy",
    "environment_steps": "progress/environment_steps",
    "truncated_episodes": "progress/truncated_episodes",
}


class EventLog:
    """Writes event files into ``directory``."""

    def __init__(self, directory: Path):
        from tensorboard.summary import Writer  # brings TensorFlow

        self._writer = Writer(str(directory))

    def append(self, row: Row) -> None:
        """Write each value of ``row`` at its step."""
        for column, tag in TAGS.items():
            value = row.get(column)
            if value is not None:
                self._writer.add_scalar(tag, value, row["step"])

    def close(self) -> None:
        """Write out what is buffered."""
        self._writer.close()
