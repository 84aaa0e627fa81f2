"""Statistics, on numpy arrays alone: of an evaluation's episodes, across the seeds of a study, between studies."""
