"""The settings of an experiment: one pydantic model a section, and the loader that reads them from YAML.

Nothing here imports anything heavier than pydantic and PyYAML, so a bad config is answered at once.
"""

from cartrl.settings.agents import ReinforceSettings
from cartrl.settings.environment import EnvironmentSettings
from cartrl.settings.experiment import ExperimentSettings
from cartrl.settings.loading import ResolvedConfig, load

__all__ = ["EnvironmentSettings", "ExperimentSettings", "ReinforceSettings", "ResolvedConfig", "load"]
