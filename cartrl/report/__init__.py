"""The report: one HTML file about a run or a study that needs nothing else, and that can be mailed."""
