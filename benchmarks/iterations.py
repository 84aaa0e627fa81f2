"""The training loop in a process of its own, a number for each iteration: what the rates and their growth come from.

    python -m benchmarks.iterations configs/reinforce/cartpole-v1.yaml --set collect.engine=vectorized --iterations 5

Prints one JSON object: seconds to build and compile, and by iteration seconds of collecting, seconds of replay and
learning, and environment steps.
"""

import argparse
import json
import time
from pathlib import Path

from cartrl.settings import load
from cartrl.system import quiet

quiet.prepare()
with quiet.loading():
    import numpy as np

    from cartrl.randomness import Turn
    from cartrl.training.experiment import Experiment

# What a pole on a cart needs: a push to the side to which cart and pole lean and move.
GAINS = (1.0, 1.5, 20.0, 4.0)


def balancing(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return ``state``, of an agent on CartPole with one hidden layer, with weights under which the pole stays up.

    Two hidden units hold max(0, g·s) and max(0, -g·s) of the observation s; their difference is the logit.
    """
    actor = {name: np.zeros_like(values) for name, values in state.items() if name.startswith("_actor_network/")}
    for kernel in (values for values in actor.values() if values.ndim == 2):
        if len(kernel) == len(GAINS):  # of the hidden layer
            kernel[:, :2] = np.outer(GAINS, (1, -1))
        else:
            kernel[:2] = ((-1, 1), (1, -1))
    return {**state, **actor}


def iterate(pipeline, iteration):
    """Collect, pass on and learn once, as the training loop does; return seconds of each half, and steps."""
    began, turn = time.perf_counter(), Turn(0, iteration)
    played = pipeline.collector.collect(turn)
    collected = time.perf_counter()
    for batch in pipeline.replay.batches(turn):
        pipeline.agent.learn(batch)
    pipeline.agent.report()
    return collected - began, time.perf_counter() - collected, played.steps


def main():
    """Build, warm up and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", action="append", default=[], help="as of cartrl train")
    parser.add_argument("--balancing", action="store_true", help="with a policy that keeps the pole up")
    parser.add_argument("--warm-up", type=int, default=1, help="iterations before those that count")
    parser.add_argument("--iterations", type=int, default=100, help="iterations that count")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds after which no further iteration begins")
    options = parser.parse_args()
    kept = ["agent.learning_rate=1e-9"] if options.balancing else []
    settings = load(options.config, [*options.set, *kept]).settings
    began = time.perf_counter()
    with quiet.held_back():
        experiment = Experiment(settings)
    built = time.perf_counter() - began
    pipeline = experiment.pipeline
    pipeline.agent.initialise(settings.train.seed)
    if options.balancing:
        pipeline.agent.restore(balancing(pipeline.agent.state()))
    for iteration in range(1, options.warm_up + 1):
        iterate(pipeline, iteration)
    began, measured = time.perf_counter(), []
    while len(measured) < options.iterations and (not measured or time.perf_counter() - began < options.budget):
        measured.append(iterate(pipeline, options.warm_up + len(measured) + 1))
    experiment.close()
    collect, learn, steps = zip(*measured)
    print(json.dumps({"built": built, "collect": collect, "learn": learn, "steps": steps}))


if __name__ == "__main__":
    main()
