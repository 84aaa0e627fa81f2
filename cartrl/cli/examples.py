"""Examples that end the help of each command."""

EXAMPLES = {
    "train": (
        "cartrl train configs/reinforce.yaml",
        "cartrl train ppo/cartpole-v1 --set agent.learning_rate=3e-3",
    ),
    "sweep": ("cartrl sweep configs/reinforce.yaml --grid agent.learning_rate=1e-3,3e-3 --seeds 0-7",),
    "collect": ("cartrl collect 192.168.1.5:7000 --jobs 8 --token-file token",),
    "eval": (
        "cartrl eval",
        "cartrl eval runs/NAME --episodes 1000 --json",
        "cartrl eval --vary length=0.25..2 -o map.png",
    ),
    "record": ("cartrl record latest", "cartrl record --progress runs/NAME --output progress.gif"),
    "export": (
        "cartrl export latest",
        "cartrl export runs/NAME --format onnx",
        "cartrl export runs/NAME --hub-folder pole",
    ),
    "watch": ("cartrl watch latest --output pole.html", "cartrl watch runs/NAME --terminal"),
    "env": ("cartrl env CartPole-v1",),
    "config": ("cartrl config --list", "cartrl config ppo/cartpole-v1 > mine.yaml", "cartrl config mine.yaml"),
    "plot": ("cartrl plot latest", "cartrl plot runs/ONE runs/OTHER --x steps --output curves.png"),
    "compare": ("cartrl compare runs/ONE runs/OTHER",),
    "claim": ("cartrl claim runs/ONE runs/OTHER -o claim.zip",),
    "reproduce": ("cartrl reproduce runs/NAME", "cartrl reproduce claim.zip --sample 4"),
    "runs": ("cartrl runs --env CartPole-v0 --state running",),
    "report": ("cartrl report latest", "cartrl report runs/NAME --output report.html"),
}

READ_CONFIGS = ("train", "sweep", "config")
MAKES_ENVIRONMENTS = (*READ_CONFIGS, "env")


def epilog(command: str) -> str:
    """Return the last lines of the help of ``command``."""
    return "\n\n".join((*_registered(command), "Examples:", *EXAMPLES[command]))


def _registered(command: str) -> tuple[str, ...]:
    """Return the names that a command can be given, those of other packages among them."""
    if command not in MAKES_ENVIRONMENTS:
        return ()
    from cartrl.settings import agents, suites

    kinds = (f"Agents: {', '.join(agents.names())}",) if command in READ_CONFIGS else ()
    return (*kinds, f"Suites: {', '.join(suites.names())}")
