"""The model card of a folder for the Hugging Face Hub: metadata in YAML, and Markdown.

The fields of the metadata are those of https://huggingface.co/docs/hub/model-cards, and evaluations are written as
https://github.com/huggingface/hub-docs/blob/main/modelcard.md says.
"""

from typing import Any, NamedTuple, Optional, Union

import numpy as np
import yaml

from cartrl import __version__
from cartrl.analysis import seeds
from cartrl.analysis.numbers import counted
from cartrl.analysis.summaries import Summary, certainty, of_json
from cartrl.policies.portable import card
from cartrl.policies.portable.card import Exported

POLICY, FILM, CONFIG, CARD = "policy", "replay.mp4", "config.yaml", "README.md"  # what is in the folder
TASK = "reinforcement-learning"
METRIC = "mean_reward"  # the Hub's name for a mean return


class Seeds(NamedTuple):
    """The seeds of a study, of which one has the policy."""

    chosen: int  # that one
    reports: dict[int, dict[str, Any]]  # by seed: its best policy's evaluation, as ``cartrl eval --json`` has it
    notes: list[str]  # a sentence on each way in which seeds are not finished, or not evaluated

    @property
    def summary(self) -> Summary:
        """The interquartile mean of the seeds' mean returns."""
        return seeds.summary(np.array([report["mean"] for report in self.reports.values()]))

    @property
    def certainty(self) -> tuple[str, str]:
        """That mean, and in words how certain it is."""
        return certainty(self.summary, len(self.reports), "seed")


class Folder(NamedTuple):
    """What is in a folder beside the card."""

    exported: Exported
    seeds: Optional[Seeds]  # None for the policy of a single run
    filmed: Union[float, str]  # the return of the episode in the film, or why there is no film
    train: Optional[str]  # the command that trains the same from the config; None where there is no config


def text(folder: Folder) -> str:
    """Return the card."""
    exported = folder.exported
    metadata = yaml.safe_dump(_metadata(folder), sort_keys=False, allow_unicode=True)
    parts = [
        f"# {exported.saved.agent.upper()} on {exported.saved.environment.env_name}",
        f"A policy that cartrl {__version__} has trained.{_film(folder.filmed)}",
        card.facts(exported),
        *([] if folder.seeds is None else [_seeds(folder.seeds, exported)]),
        f"## Play it\n\nIn the folder `{POLICY}`:\n\n{card.play(exported)}",
        *([] if folder.train is None else [_train(folder.train)]),
        card.limits(exported),
    ]
    return f"---\n{metadata}---\n\n" + "\n\n".join(parts) + "\n"


def _metadata(folder: Folder) -> dict[str, Any]:
    saved, report = folder.exported.saved, folder.exported.report
    environment = saved.environment
    _, certain = certainty(of_json(report, "mean"), report["episodes"], "episode")
    metrics = [_metric(report["mean"], f"mean return of {report['episodes']} {report['actions']} episodes", certain)]
    if folder.seeds is not None:
        what = f"interquartile mean over {counted(len(folder.seeds.reports), 'seed')} of their mean returns"
        metrics.append(_metric(folder.seeds.summary.middle, what, folder.seeds.certainty[1]))
    result = {
        "task": {"type": TASK, "name": "Reinforcement learning"},
        "dataset": {"type": environment.env_name, "name": f"{environment.env_name} of {environment.suite}"},
        "metrics": metrics,
    }
    return {
        "library_name": "cartrl",
        "pipeline_tag": TASK,
        "tags": [TASK, environment.env_name, environment.suite, saved.agent],
        "model-index": [{"name": f"{saved.agent}-{environment.env_name}", "results": [result]}],
    }


def _metric(value: float, name: str, certain: str) -> dict[str, Any]:
    return {"type": METRIC, "value": value, "name": f"{name}, {certain}"}


def _film(filmed: Union[float, str]) -> str:
    return "" if isinstance(filmed, str) else f" `{FILM}` shows an episode of it, of return {filmed:g}."


def _seeds(found: Seeds, exported: Exported) -> str:
    middle, certain = found.certainty
    rows = [
        (seed, *certainty(of_json(report, "mean"), report["episodes"], "episode"), report["verdict"] or "none")
        for seed, report in found.reports.items()
    ]
    report = next(iter(found.reports.values()))
    notes = "".join(f" {note[0].upper()}{note[1:]}." for note in found.notes)
    return f"""\
## Seeds

The best policy of each seed in {report["episodes"]} fresh episodes, from seed {report["seed"]}. Interquartile mean of
their mean returns: {middle}, {certain}.{notes}

{card.table(["seed", "mean return", "certainty", "verdict"], rows)}

The policy here is that of seed {found.chosen}, whose mean return is the greatest of these. Its own number above is of
other episodes, from seed {exported.report["seed"]}, so that it owes nothing to this choice."""


def _train(command: str) -> str:
    return f"""\
## Train it again

```sh
{command}
```

With the versions above and the same processor, the numbers are the same to the last bit."""
