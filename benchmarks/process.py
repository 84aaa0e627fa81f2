"""The main job beside the notebook's pipeline: as whole processes, and the loop alone.

Both train 250 updates of 2 episodes on CartPole-v0, and evaluate 6 times over 10 episodes.
"""

import functools

from benchmarks.measuring import Run, Scale, pairwise, python, spread, table, take_turns, train

ENGINES = ("compiled", "vectorized")


@functools.cache
def runs(scale: Scale) -> dict[str, list[Run]]:
    """Return the processes of each contender, turn by turn; `whole` and `loop` look at the same ones."""
    iterations = scale.pick(250, 10)
    contenders = {"the notebook": lambda turn: python("-m", "benchmarks.plain_tutorial", iterations)}
    for engine in ENGINES:
        options = ["--set", f"collect.engine={engine}", "--set", f"train.num_iterations={iterations}"]
        contenders[f"cartrl, {engine}"] = lambda turn, options=options: train("reinforce.yaml", *options)
    return take_turns(contenders, scale.turns)


def whole(scale: Scale) -> str:
    """Seconds from start to exit, artefacts and all."""
    seconds = {name: [run.seconds for run in turns] for name, turns in runs(scale).items()}
    return table(
        ("", "seconds, start to exit", "times faster"),
        [(name, spread(own), spread(pairwise(seconds["the notebook"], own))) for name, own in seconds.items()],
    )


def loop(scale: Scale) -> str:
    """Iterations per second of collecting, replay and learning, after start-up and compilation."""
    rates = {name: [rate(run.report) for run in turns] for name, turns in runs(scale).items()}
    return table(
        ("", "iterations per second", "times the notebook's"),
        [(name, spread(own), spread(pairwise(own, rates["the notebook"]))) for name, own in rates.items()],
    )


def rate(report: dict) -> float:
    """Return the iterations per second that a contender's JSON tells of."""
    if "loop" in report:
        return report["iterations"] / report["loop"]
    phases = report["seconds"]
    return report["final_greedy_return"]["step"] / (phases["collect"] + phases["learn"])
