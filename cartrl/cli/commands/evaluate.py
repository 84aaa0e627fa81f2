"""``cartrl eval``."""

import json
from typing import Optional

from cartrl.policies import beside, sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.rollouts import Rollouts
from cartrl.runs.finding import find_policy
from cartrl.system import answers, quiet
from cartrl.system.console import Console
from cartrl.terminal import tables


def run(checkpoint: Optional[str], rollouts: Rollouts, as_json: bool) -> None:
    """Evaluate the policy that ``checkpoint`` names by ``rollouts``, and print what that found."""
    stdout = answers.stream(is_alone=as_json)
    saved = sidecar.read(find_policy(checkpoint))
    require_match(saved)
    with quiet.loading():
        from cartrl.policies.evaluation import evaluate_saved, facts

        report = facts(saved, evaluate_saved(saved, rollouts), rollouts)
    if as_json:
        print(json.dumps(report), file=stdout, flush=True)
    else:
        tables.evaluation(Console(), report, beside.rows(saved, rollouts.is_greedy))
