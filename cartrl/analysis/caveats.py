"""What makes studies incomparable in part, in sentences that go with the conclusion."""

from collections.abc import Sequence

import numpy as np

from cartrl.analysis.numbers import counted
from cartrl.runs.evaluated import Evaluated
from cartrl.runs.labelling import differences

AREA = "area"
SAME_BUDGET = 0.1  # budgets that differ by no more than this share of the larger one are the same


def caveats(
    studies: Sequence[Evaluated], labels: Sequence[str], tested: str, are_differences_listed: bool = True
) -> list[str]:
    """Return a sentence for each reason why numbers of the studies, called by ``labels``, may not be comparable.

    ``tested`` is the name of the number that the conclusion rests on. Where the settings of all studies are known and
    their differences are listed, nothing need be said of budgets, which are among them.
    """
    found = []
    if len({study.measure for study in studies}) > 1:
        kinds = ", ".join(f"{label} has {study.measure}s" for label, study in zip(labels, studies))
        found.append(f"The returns may not be comparable, as a policy that explores has other ones: {kinds}.")
    if differences(studies) is None or not are_differences_listed:
        budgets = [float(np.median([run.steps[-1] for run in study.ended])) for study in studies]
        if min(budgets) < (1 - SAME_BUDGET) * max(budgets):
            spent = ", ".join(f"{label} {counted(round(steps), 'step')}" for label, steps in zip(labels, budgets))
            found.append(f"The budgets differ, up to the last evaluation: {spent}.")
    if tested == AREA and len({study.axes[0] for study in studies}) > 1:
        over = ", ".join(f"that of {label} is over {study.axes[0]}" for label, study in zip(labels, studies))
        found.append(f"The areas are not of one kind: {over}.")
    unnamed = [label for label, study in zip(labels, studies) if study.env_name is None]
    if unnamed:
        found.append(f"Whether the environment is the same is not known: no file of {' and '.join(unnamed)} names it.")
    return found
