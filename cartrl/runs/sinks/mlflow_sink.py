"""Logs to MLflow: to the folder ``mlruns`` here, or where MLFLOW_TRACKING_URI says."""

import hashlib
import os
from pathlib import Path
from typing import Any, Optional

from cartrl.runs.outcome import Outcome
from cartrl.runs.sinks.sink import PROJECT, About, Ending, Point

LONGEST = 500  # characters of a value, which is what all versions take
MOST_PARAMETERS, MOST_METRICS = 100, 1000  # of one call
STATUS = {
    Outcome.FINISHED: "FINISHED",
    Outcome.SOLVED: "FINISHED",
    Outcome.FAILED: "FAILED",
}
GROUP = "cartrl.group"
PARENT = "mlflow.parentRunId"  # by which MLflow nests runs


class MlflowSink:
    """A run of MLflow for each run; those of a study are nested below one of their own."""

    def __init__(self) -> None:
        from mlflow.tracking import MlflowClient

        self._client: Any = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or (Path.cwd() / "mlruns").as_uri())
        self._run = ""

    def begin(self, about: About, known: Optional[str]) -> str:
        """Begin a run; see `Sink`."""
        from mlflow.entities import Param

        if known is not None:
            self._client.update_run(known, status="RUNNING")
            self._run = known
            return known
        experiment = self._experiment()
        parent = {} if about.group is None else {PARENT: self._parent(experiment, about.group)}
        tags = {**parent, "mlflow.source.name": "cartrl"}
        began = int(about.began * 1000)
        self._run = self._client.create_run(experiment, began, tags, about.name).info.run_id
        parameters = [Param(name, str(value)[:LONGEST]) for name, value in about.settings.items()]
        for first in range(0, len(parameters), MOST_PARAMETERS):
            self._client.log_batch(self._run, params=parameters[first : first + MOST_PARAMETERS])
        return self._run

    def _experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        found = self._client.get_experiment_by_name(name)
        return str(self._client.create_experiment(name) if found is None else found.experiment_id)

    def _parent(self, experiment: str, group: str) -> str:
        """Return the run that stands for ``group``."""
        mark = hashlib.sha256(group.encode()).hexdigest()  # a name may hold quotes
        found = self._client.search_runs([experiment], f"tags.`{GROUP}` = '{mark}'", max_results=1)
        if found:
            return str(found[0].info.run_id)
        parent = self._client.create_run(experiment, tags={GROUP: mark}, run_name=group).info.run_id
        self._client.set_terminated(parent)
        return str(parent)

    def log(self, points: list[Point]) -> None:
        """Log iterations; see `Sink`."""
        from mlflow.entities import Metric

        metrics = [
            Metric(tag, value, int(point.seconds * 1000), point.iteration)
            for point in points
            for tag, value in point.values.items()
        ]
        for first in range(0, len(metrics), MOST_METRICS):
            self._client.log_batch(self._run, metrics=metrics[first : first + MOST_METRICS])

    def end(self, ending: Ending) -> None:
        """End the run; see `Sink`."""
        for picture in ending.pictures.values():
            self._client.log_artifact(self._run, str(picture))
        self._client.set_terminated(self._run, STATUS.get(ending.outcome, "KILLED"))
