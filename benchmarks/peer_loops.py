"""The loops of PPO, DQN, SAC, TD3 and DDPG beside Stable-Baselines3's, and of PPO in the manner of PureJaxRL.

The contenders of a row have the same environment, networks, batch, environments side by side and updates for each step.
Each process has one core, and so one thread that computes. What counts is the loop once it is warm: stepping, learning
and what lies between, without imports, compilation, evaluation and saving.
"""

import functools
import json
from typing import Any, Callable, NamedTuple

from benchmarks import peers
from benchmarks.measuring import CONFIGS, ONE_CORE, Scale, pairwise, python, run, spread, table, take_turns

WARM_UP = 2_048  # steps that do not count


class Case(NamedTuple):
    """A row."""

    name: str
    config: str  # of cartrl
    environment: str
    layers: list[int]
    batch_size: int
    overrides: dict[str, Any]  # of the config beside that
    settings: dict[str, Any]  # of Stable-Baselines3 beside that
    steps: int  # of Stable-Baselines3 that count
    has_jax: bool = False

    @property
    def algorithm(self) -> str:
        """The agent's name at Stable-Baselines3."""
        return self.config.partition("/")[0].upper()


def off_policy(config: str, environment: str, width: int, batch_size: int, updates: int, steps: int) -> Case:
    """Return the row of an agent that learns from a memory: so many ``updates`` after each 16 steps."""
    return Case(
        f"{config.partition('/')[0].upper()}, {width} × {width}, batches of {batch_size}",
        config,
        environment,
        [width, width],
        batch_size,
        {"agent.updates_per_step": updates / 16, "collect.num_environments": 4, "collect.num_steps": 4},
        {"train_freq": 4, "gradient_steps": updates, "learning_starts": 256, "learning_rate": 1e-3},
        steps,
    )


CASES = [
    Case(
        "PPO, 64 × 64, PureJaxRL's shape",
        "ppo/cartpole-v1.yaml",
        "CartPole-v1",
        [64, 64],
        128,
        {"collect.num_environments": 4, "collect.num_steps": 128, "agent.num_epochs": 4},
        {"n_steps": 128, "n_epochs": 4, "learning_rate": 2.5e-4},
        steps=20_480,
        has_jax=True,
    ),
    off_policy("dqn/cartpole-v1.yaml", "CartPole-v1", 256, 64, 8, 8_192),
    off_policy("sac/pendulum-v1.yaml", "Pendulum-v1", 64, 128, 16, 4_096),
    off_policy("td3/pendulum-v1.yaml", "Pendulum-v1", 64, 128, 16, 4_096),
    off_policy("ddpg/pendulum-v1.yaml", "Pendulum-v1", 64, 128, 16, 4_096),
    off_policy("sac/pendulum-v1.yaml", "Pendulum-v1", 256, 256, 16, 2_048),
]


class Loop(NamedTuple):
    """What a contender reports."""

    rate: float  # environment steps per second
    built: float = 0.0  # seconds that it took to build and compile


def of_cartrl(case: Case, scale: Scale, turn: int) -> Loop:
    """Run the loop of cartrl, of at least ten times as many steps."""
    overrides = {**case.overrides, "agent.fc_layer_params": case.layers, "agent.batch_size": case.batch_size}
    words = [word for key, value in overrides.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    report = python(
        "-m", "benchmarks.iterations", CONFIGS / case.config, *words,
        "--warm-up", 5, "--iterations", scale.pick(400, 2), "--budget", 10, prefix=ONE_CORE,
    ).report  # fmt: skip
    return Loop(sum(report["steps"]) / (sum(report["collect"]) + sum(report["learn"])), report["built"])


def of_sb3(case: Case, scale: Scale, turn: int) -> Loop:
    """Run the loop of Stable-Baselines3."""
    asked = {
        "algorithm": case.algorithm, "environment": case.environment, "num_environments": 4, "layers": case.layers,
        "settings": {**case.settings, "batch_size": case.batch_size},
        "warm_up": scale.pick(WARM_UP, 512), "steps": scale.pick(WARM_UP + case.steps, 1024),
    }  # fmt: skip
    script = peers.HERE / "peer_sb3_loop.py"
    return of_report(run(*ONE_CORE, peers.interpreter(peers.SB3), script, json.dumps(asked)).report)


def of_jax(case: Case, scale: Scale, turn: int) -> Loop:
    """Run the loop of the PPO that is written like PureJaxRL's."""
    script = peers.HERE / "peer_jax.py"
    return of_report(run(*ONE_CORE, peers.interpreter(peers.JAX), script, turn, "--chunks", scale.pick(90, 3)).report)


def of_report(report: dict[str, Any]) -> Loop:
    """Read the report of a peer."""
    return Loop(report["steps"] / report["loop"])


def measure(scale: Scale) -> str:
    """Take turns in each row."""
    rows = []
    for case in CASES:
        contenders: dict[str, Callable[..., Loop]] = {"cartrl": of_cartrl, "Stable-Baselines3": of_sb3}
        if case.has_jax:
            contenders["PPO as PureJaxRL"] = of_jax
        results = take_turns({name: functools.partial(of, case, scale) for name, of in contenders.items()}, scale.turns)
        ours, *_ = results.values()
        for name, turns in results.items():
            rates = [loop.rate for loop in turns]
            faster = pairwise([loop.rate for loop in ours], rates)
            built = spread([loop.built for loop in turns]) if turns is ours else ""
            rows.append((case.name if turns is ours else "", name, spread(rates, 0), spread(faster), built))
    return table(("", "loop of", "steps per second", "cartrl is faster by", "seconds to compile"), rows)
