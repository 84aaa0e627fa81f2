"""How many environment steps a second: learning with the engine compiled, and collecting with the engine vectorized."""

from benchmarks.measuring import Scale, loop, pairwise, python, spread, table, take_turns

WARM_UP = 60  # iterations after which the policy balances


def throughput(scale: Scale) -> str:
    """Steps per second of the whole loop on CartPole-v1, learning included, once the policy balances."""

    def learning(episodes: int) -> tuple[float, float]:
        overrides = [f"collect.collect_episodes_per_iteration={episodes}"]
        options = ("--warm-up", scale.pick(WARM_UP, 2), "--iterations", scale.pick(50, 5))
        report = loop(overrides, *options).report
        steps = sum(report["steps"])
        return steps / (sum(report["collect"]) + sum(report["learn"])), steps / len(report["steps"]) / episodes

    batches = scale.pick((64, 256, 1024), (16, 64))
    results = take_turns({f"{batch:,}": lambda turn, batch=batch: learning(batch) for batch in batches}, scale.turns)
    rows = []
    for batch, turns in results.items():
        rates, lengths = zip(*turns)
        rows.append((batch, spread(lengths, 0), spread(rates, 0)))
    return table(("episodes an iteration", "steps of an episode", "steps per second"), rows)


def vectorized(scale: Scale) -> str:
    """Steps per second of collecting 128 episodes in 64 gym environments, beside the notebook's driver."""
    overrides = ["collect.engine=vectorized", "collect.num_environments=64",
                 "collect.collect_episodes_per_iteration=128"]  # fmt: skip

    def notebook(turn: int) -> float:
        report = python("-m", "benchmarks.plain_tutorial", scale.pick(100, 10)).report
        return report["steps"] / report["collect"]

    def cartrl(turn: int) -> float:
        report = loop(overrides, "--balancing", "--iterations", scale.pick(10, 2)).report
        return sum(report["steps"]) / sum(report["collect"])

    rates = take_turns({"the notebook": notebook, "cartrl, 64 environments": cartrl}, scale.turns)
    return table(
        ("", "steps per second", "times the notebook's"),
        [(name, spread(own, 0), spread(pairwise(own, rates["the notebook"]))) for name, own in rates.items()],
    )
