"""Statistics, on numpy arrays alone: of an evaluation's episodes, across the seeds of a study, between two studies."""

from cartrl.statistics.episodes import RESAMPLES, bootstrap_interval, verdict

__all__ = ["RESAMPLES", "bootstrap_interval", "verdict"]
