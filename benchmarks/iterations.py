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

    from cartrl.training.experiment import Experiment
    from cartrl.training.loop import Schedule

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


def iterate(pipeline, schedule, iteration, steps_before):
    """Collect, pass on and learn in each turn, as the training loop does; return seconds of each half, and steps."""
    collecting, learning, steps = 0.0, 0.0, 0
    for turn in schedule.turns(iteration, steps_before):
        began = time.perf_counter()
        steps += pipeline.collector.collect(turn).steps
        collected = time.perf_counter()
        for batch in pipeline.replay.batches(turn):
            pipeline.agent.learn(batch, turn)
        collecting, learning = collecting + collected - began, learning + time.perf_counter() - collected
    began = time.perf_counter()
    pipeline.agent.report()
    return collecting, learning + time.perf_counter() - began, steps


def measure(pipeline, schedule, options):
    """Return what `iterate` returns of each iteration after the warm-up, until there are enough or time is over."""
    measured, steps, over = [], 0, float("inf")
    for iteration in range(1, options.warm_up + options.iterations + 1):
        measured.append(iterate(pipeline, schedule, iteration, steps))
        steps += measured[-1][2]
        if iteration == options.warm_up:
            over = time.perf_counter() + options.budget
        elif time.perf_counter() > over:
            break
    return measured[options.warm_up :]


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
    pipeline, schedule = experiment.pipeline, Schedule(settings)
    experiment.begin(settings.train.seed)
    if options.balancing:
        pipeline.agent.restore(balancing(pipeline.agent.state()))
    measured = measure(pipeline, schedule, options)
    experiment.close()
    collect, learn, steps = zip(*measured)
    print(json.dumps({"built": built, "collect": collect, "learn": learn, "steps": steps}))


if __name__ == "__main__":
    main()
