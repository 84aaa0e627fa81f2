"""Logs to Weights & Biases: to the folder ``wandb`` here, for ``wandb sync``, or online if WANDB_MODE says so."""

import os
import uuid
from typing import Any, Optional

from cartrl.runs.sinks.sink import PROJECT, About, Ending, Point


class WandbSink:
    """A run of W&B for each run; those of a study are a group."""

    def __init__(self) -> None:
        import wandb

        self._wandb: Any = wandb
        self._run: Any = None
        self._step = 0

    def begin(self, about: About, known: Optional[str]) -> str:
        """Begin a run; see `Sink`."""
        # Nothing but what is logged: no console, no code, no state of a git repository.
        settings = self._wandb.Settings(console="off", silent=True, disable_git=True, save_code=False)
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            mode=os.environ.get("WANDB_MODE", "offline"),
            group=about.group,
            name=about.name,
            id=known or uuid.uuid4().hex[:16],
            resume="allow",
            config=about.settings,
            settings=settings,
        )
        return str(self._run.id)

    def log(self, points: list[Point]) -> None:
        """Log iterations; see `Sink`."""
        for point in points:
            self._step = point.iteration
            self._run.log(point.values, step=self._step)

    def end(self, ending: Ending) -> None:
        """End the run; see `Sink`."""
        for tag, picture in ending.pictures.items():
            media = self._wandb.Video if picture.suffix == ".mp4" else self._wandb.Image
            self._run.log({tag: media(str(picture))}, step=self._step)
        self._run.summary["outcome"] = str(ending.outcome)
        self._run.finish(exit_code=0 if ending.outcome.is_over else 1)
