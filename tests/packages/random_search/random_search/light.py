"""Random search, as a config and the metrics know it."""

from typing import Literal

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents import AgentSettings, Kind


class RandomSearchSettings(AgentSettings):
    """Random search over the weights of a linear policy (H. Mania et al., 2018, "Simple random search")."""

    kind: Literal["random-search"] = Field("random-search", description="The learning algorithm.")
    noise: float = Field(1.0, gt=0, description="Standard deviation of what is added to the best weights.")


KIND = Kind(
    RandomSearchSettings,
    columns=(
        Column("tried_return", "mean return of the weights that were tried", "search/tried"),
        Column("best_return", "that of the best weights so far", "search/best"),
    ),
    builder="random_search.heavy:build",
)
