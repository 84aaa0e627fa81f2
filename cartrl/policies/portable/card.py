"""The model card of an exported policy: its training, how to play it, its mean return, and the limits of that."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cartrl.analysis.numbers import exact
from cartrl.analysis.summaries import certainty, of_json
from cartrl.policies.beside import VARIABLES
from cartrl.policies.portable.parity import TOLERANCE, Parity
from cartrl.policies.sidecar import SavedPolicy

PLAY = {
    "npz": """\
`policy.py` needs numpy and nothing else:

```python
from policy import Policy

policy = Policy("policy.npz")
action = policy.act(observation)  # greedy; for a batch of observations, an action each
action = policy.act(observation, numpy.random.default_rng(0))  # drawn, as in training
```

`cartrl eval` and `cartrl record` play this directory, too, without TensorFlow.""",
    "onnx": """\
```python
import onnxruntime

session = onnxruntime.InferenceSession("policy.onnx")
action, drawn = session.run(["action", "drawn"], {{"observation": observations, "noise": noise}})
```

`observation` is a batch of {dtype}, `noise` one of float32. `action` is the greedy action, for which `noise` does not
matter. `drawn` is an action as in training, for {noise}.""",
    "tflite": """\
```python
import tensorflow

play = tensorflow.lite.Interpreter("policy.tflite").get_signature_runner()
answers = play(observation=observations, noise=noise)
action, drawn = answers["action"], answers["drawn"]
```

`observation` is a batch of {dtype}, `noise` one of float32. `action` is the greedy action, for which `noise` does not
matter. `drawn` is an action as in training, for {noise}. Other runtimes of TensorFlow Lite play the file, too; it has
their own operators alone.""",
    "saved-model": """\
TensorFlow is all it needs:

```python
import tensorflow

policy = tensorflow.saved_model.load(".").signatures
policy["serving_default"](observation=observations)["action"]  # greedy, of a batch of observations, {dtype}
policy["draw"](observation=observations, seed=[7, 0])["action"]  # drawn, as in training; the seed is int32 [2]
```""",
}
NOISE = {True: "numbers uniform in [0, 1), one an observation", False: "standard normal numbers of the action's shape"}


class Exported(NamedTuple):
    """An exported policy, its evaluation, and its comparison with the original."""

    saved: SavedPolicy
    sidecar: dict[str, Any]  # the content of its own sidecar
    form: str  # the format
    report: dict[str, Any]  # of an evaluation, as ``cartrl eval --json`` has it
    parity: Parity  # of the exported policy with the original


def text(exported: Exported) -> str:
    """Return the card as Markdown."""
    return f"""\
# A policy for {exported.saved.environment.env_name}

{facts(exported)}

## Play it

{play(exported)}

{limits(exported)}
"""


def facts(exported: Exported) -> str:
    """Return the table of the policy's training and its mean return."""
    saved, sidecar, report = exported.saved, exported.sidecar, exported.report
    environment = saved.environment
    rows = [
        ("environment", f"{environment.env_name} of {environment.suite}"),
        ("time limit", f"{environment.max_episode_steps} steps"),
        ("constants, kwargs", ", ".join(f"{key} = {value}" for key, value in _changed(saved)) or "as they are"),
        ("wrappers", ", ".join(map(str, environment.wrappers)) or "none"),
        ("agent, seed", f"{saved.agent}, seed {sidecar.get('seed', 'unknown')}"),
        ("variables", f"SHA-256 {sidecar[VARIABLES]}"),
        ("learned from", f"{sidecar.get('environment_steps', 'unknown')} environment steps, {saved.step} updates"),
        ("mean return", ", ".join(certainty(of_json(report, "mean"), report["episodes"], "episode"))),
        ("measured in", f"{report['episodes']} {report['actions']} episodes from seed {report['seed']}"),
        ("verdict", _verdict(report)),
        ("observation", f"{saved.observation_dtype} {list(saved.observation_shape)}"),
        ("action", _action(saved)),
        ("versions", ", ".join(f"{name} {version}" for name, version in sidecar.get("versions", {}).items())),
    ]
    return table(["", ""], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def play(exported: Exported) -> str:
    """Return how the policy is played, from within its directory."""
    saved = exported.saved
    return PLAY[exported.form].format(noise=NOISE[saved.is_discrete], dtype=saved.observation_dtype)


def limits(exported: Exported) -> str:
    """Return the parts about the parity with the original and the limits of what was measured."""
    return f"""\
## Parity

{_parity(exported.saved, exported.parity)}

## Limits

- The mean return is that of one policy, of one seed. Another seed of the same config may learn less, or more.
- It holds for the environment above, its start states and its time limit. Nothing was measured with others.
- A policy that is the best of several evaluations in training owes part of that choice to chance. The mean return above
  is of episodes that were played for this card.
- Drawn actions have the distribution of training, but only a SavedModel draws the same numbers as cartrl."""


def _changed(saved: SavedPolicy) -> list[tuple[str, Any]]:
    return [*saved.environment.constants.items(), *saved.environment.kwargs.items()]


def _verdict(report: dict[str, Any]) -> str:
    if report["verdict"] is None:
        return f"none: {report['no_verdict']}"
    return f"{report['verdict']}: the reward threshold is {exact(report['reward_threshold'])}"


def _action(saved: SavedPolicy) -> str:
    least, greatest = saved.action_bounds
    if saved.is_discrete:
        return f"a whole number from {saved.first_action} to {saved.first_action + greatest - least}"
    return f"float32 {list(saved.action_shape)}, from {least} to {greatest}, to which it is clipped"


def _parity(saved: SavedPolicy, parity: Parity) -> str:
    """Return in words how the exported policy differs from the original."""
    same = f"Of {parity.observations:,} observations, {parity.identical:,} have the same greedy action to the last bit."
    if saved.is_discrete:
        ties = f" In {parity.ties:,} more, two actions are the best but for rounding." if parity.ties else ""
        rest = f" Probabilities differ by at most {parity.greatest_difference_of_distributions:.1e}."
    else:
        ties = f" Actions differ by at most {parity.greatest_difference:.1e} of half their range,"
        rest = f" means and deviations by {parity.greatest_difference_of_distributions:.1e}."
    allowed = f" Up to {TOLERANCE:g} is allowed, because libraries sum in different orders."
    return same + ties + rest + allowed
