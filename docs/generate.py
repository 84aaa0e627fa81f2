"""Writes the reference pages in docs/ from the code; ``--check`` only says which is out of date."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

import typer

from cartrl.cli import app
from cartrl.event_log import TAGS
from cartrl.metrics import COLUMNS
from cartrl.settings.describing import allowed, shown
from cartrl.settings.experiment import ExperimentSettings

DOCS = Path(__file__).resolve().parent
LINE = 110  # characters in a line of text on these pages
TERMINAL = 80  # columns that the help is written for

SETTINGS = """\
# Settings

<!-- Written by docs/generate.py. Edit the classes in cartrl/settings/, or the text in docs/generate.py. -->

A config is a YAML file with up to {count} sections. Only `environment.env_name` is required, so this is a
whole one:

```yaml
environment:
  env_name: CartPole-v0
```

The defaults are the hyperparameters of TF-Agents' REINFORCE tutorial. `cartrl config FILE` checks a config
and prints every setting, each with where its value came from: a line of the file, an option, or the
default. For a single run `--set SECTION.KEY=VALUE` takes the place of what the file says; of two for one
setting the later holds. `--seed` goes before all of them.

Values are read strictly. A section or a setting that does not exist is an error, and so is a value of another
type: `2.5`, `"2"` and `true` are no whole numbers. Where a number is allowed a whole number is one too. As in
YAML 1.2, `1e-3` is a number and `on` is a text. A key given twice is refused, and so are tags, anchors and
aliases.
"""

COMMANDS = """\
# Commands

<!-- Written by docs/generate.py. Edit the options in cartrl/cli.py, or the text in docs/generate.py. -->

{overview}
The help below is what `cartrl COMMAND --help` prints at {width} columns. The settings of a config are in
[settings.md](settings.md).
"""

METRICS = """\
# Metrics

<!-- Written by docs/generate.py. Edit COLUMNS in cartrl/metrics.py, or the text in docs/generate.py. -->

`metrics.csv` in a run directory has a row an iteration, and a row 0 for the evaluation before the first update. A
column without a value in an iteration is empty there. Floats are written with all their digits. But for the last
column, two runs of one config with one seed on one machine write the same file to the last bit.

"""

# Command -> what its help does not say, and how it is called.
WORDS: dict[str, tuple[str, Sequence[str]]] = {
    "train": (
        "Reads a config, trains, and writes a run directory: the settings that held, the metrics, the "
        "learning curve, the best and the final policy, and the state of training. On a terminal it shows "
        "the run live; elsewhere it prints a line every `train.log_interval` iterations and at each "
        "evaluation.",
        (
            "cartrl train --config configs/reinforce.yaml",
            "cartrl train --config configs/reinforce.yaml --set agent.learning_rate=3e-3 --run-dir runs/fast",
        ),
    ),
    "eval": (
        "Plays whole episodes with a saved policy and reports their mean return with a 95 % interval. The "
        "verdict is `solved` or `not solved` when that interval lies wholly on one side of gym's reward "
        "threshold, and `undecided` when the threshold is inside it: then more episodes may tell.",
        ("cartrl eval", "cartrl eval --checkpoint runs/fast --episodes 1000 --stochastic --json"),
    ),
    "record": (
        "Plays episodes with a saved policy and films every frame, captioned with the episode, the step and "
        "the return so far. No display is needed, and no window opens.",
        (
            "cartrl record --episodes 3",
            "cartrl record --checkpoint runs/fast/policies/final --output final.gif",
        ),
    ),
    "env": (
        "Answers what to know before writing a config: what the policy would observe, which actions it "
        "would have, after how many steps an episode is cut off, and which return counts as solved.",
        ("cartrl env CartPole-v0", "cartrl env MountainCar-v0 --picture mountain.png"),
    ),
    "config": (
        "What it prints is itself a config, with the origin of each value in a comment. Nothing is trained, "
        "and TensorFlow is not loaded, so it answers at once.",
        (
            "cartrl config configs/reinforce.yaml --set train.num_iterations=500",
            "cartrl config --schema > config.schema.json",
        ),
    ),
}

CLOSING = """
## Exit codes

| Code | Meaning                                                                                        |
| ---- | ---------------------------------------------------------------------------------------------- |
| 0    | Done.                                                                                          |
| 1    | Something failed while running; the loss was not finite, say.                                  |
| 2    | What was given cannot be used: an option, a config, an environment, a path, a damaged policy.  |
| 130  | Ended by Ctrl-C; `train` ends after the iteration, and saves what was reached. 143 for SIGTERM. |

Errors go to stderr, and those that cartrl foresees are one sentence. How a run ended is also in its
`manifest.json`: its `outcome` is `running`, `finished`, `solved`, `interrupted` or `failed`.

## What `--json` prints

One object on one line of stdout once the command has succeeded, and nothing else there. Returns are
undiscounted sums of rewards; a standard deviation is the sample's, and 0 for a single episode.

### `cartrl train --json`

| Key                   | Value                                                                             |
| --------------------- | --------------------------------------------------------------------------------- |
| `run`                 | The run directory.                                                                |
| `best_greedy_return`  | The best evaluation during training: that of the policy in `policies/best`.       |
| `final_greedy_return` | The evaluation after the last iteration: that of the policy in `policies/final`.  |
| `episodes`            | Episodes collected for training.                                                  |
| `environment_steps`   | Environment steps in those episodes.                                              |
| `seconds`             | Wall-clock seconds by phase: `start-up`, `collect`, `learn`, `evaluate`, `save`.  |

Both evaluations are objects of `step` (updates of the policy before it), `mean` and `std` (of the greedy
policy's returns) and `episodes` (how many were played). Of two equally good evaluations the later counts as
the best.

### `cartrl eval --json`

| Key                    | Value                                                                             |
| ---------------------- | --------------------------------------------------------------------------------- |
| `policy`               | The policy's directory.                                                           |
| `env_name`             | The environment that it was trained for, and played here.                         |
| `step`                 | Updates of the policy before it was saved.                                        |
| `actions`              | `"greedy"`, or with `--stochastic` `"stochastic"`.                                |
| `seed`                 | What start states, and drawn actions, depend on.                                  |
| `episodes`             | Episodes played.                                                                  |
| `mean`, `std`          | Mean and standard deviation of their returns.                                     |
| `interval_95`          | `[low, high]`: the 95 % percentile bootstrap interval of the mean.                |
| `min`, `median`, `max` | Least, median and greatest of their returns.                                      |
| `terminated`           | Episodes that the environment ended: the pole fell, the goal was reached.         |
| `truncated`            | Episodes that the time limit ended.                                               |
| `reward_threshold`     | The mean return from which gym calls the environment solved, or `null`.           |
| `verdict`              | `"solved"`, `"not solved"` or `"undecided"`; `null` where there is no threshold.  |

## Shell completion

```sh
cartrl --install-completion
```

From the next shell on, the Tab key completes commands and options. `cartrl --show-completion` prints the
script instead of installing it.
"""


def settings_page() -> str:
    """Return docs/settings.md: a table for each section."""
    sections = ExperimentSettings.__fields__
    tables = [
        f"\n## `{name}`\n\n{model.__doc__}\n\n{settings_table(model)}"
        for name, section in sections.items()
        for model in [part.type_ for part in section.sub_fields or [section]]  # a union has parts
    ]
    return SETTINGS.format(count=len(sections)) + "".join(tables)


def settings_table(model: type) -> str:
    """Return the settings of one section."""
    rows = []
    for name, field in model.__fields__.items():
        default = "required" if field.required else f"`{shown(field.default)}`"
        rows.append((f"`{name}`", allowed(field, model), default, field.field_info.description))
    return table(("Setting", "Allowed", "Default", "What it is"), rows)


def metrics_page() -> str:
    """Return docs/metrics.md: the columns of metrics.csv, and their tags in TensorBoard."""
    rows = [(f"`{name}`", f"`{TAGS[name]}`" if name in TAGS else "", text) for name, text in COLUMNS.items()]
    return METRICS + table(("Column", "In TensorBoard", "What it holds"), rows)


def commands_page() -> str:
    """Return docs/commands.md: a section for each command, and what holds for all."""
    commands = typer.main.get_command(app).commands
    for name in sorted(commands.keys() ^ WORDS.keys()):
        raise SystemExit(f"docs/generate.py: WORDS and the commands of cartrl differ in {name!r}")
    rows = [(f"[`{name}`](#cartrl-{name})", command.help) for name, command in commands.items()]
    opening = COMMANDS.format(overview=table(("Command", "What it does"), rows), width=TERMINAL)
    return opening + "".join(map(command_section, commands)) + CLOSING


def command_section(name: str) -> str:
    """Return the words, the examples and the help of a command."""
    words, examples = WORDS[name]
    calls = "\n".join(examples)
    text = textwrap.fill(words, LINE, break_on_hyphens=False)
    return f"\n## `cartrl {name}`\n\n{text}\n\n```sh\n{calls}\n```\n\n```text\n{help_of(name)}\n```\n"


def help_of(name: str) -> str:
    """Return what ``cartrl NAME --help`` prints, in a process of its own: typer reads the width at import."""
    call = [sys.executable, "-c", "from cartrl.cli import app; app(prog_name='cartrl')", name, "--help"]
    # All that it knows of its surroundings, so that nothing there asks for colour or another width.
    plain = {"PATH": os.environ["PATH"], "TERMINAL_WIDTH": str(TERMINAL), "PYTHONUTF8": "1"}
    printed = subprocess.check_output(call, env=plain, cwd=DOCS.parent, encoding="utf-8")
    return "\n".join(map(str.rstrip, printed.splitlines())).strip("\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown, its columns aligned but for the last."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    widths[-1] = len(header[-1])
    rule = ["-" * width for width in widths]
    return "".join(f"| {' | '.join(map(str.ljust, row, widths))} |\n" for row in (header, rule, *rows))


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "metrics.md": metrics_page,
}


def comparable(page: str) -> str:
    """Return ``page`` with each help as the set of its words.

    Versions of typer write types differently (``INTEGER``, ``<int>``), and so break lines at other places.
    """
    drawn = r"[│─╭╮╰╯<>{}[\]]|\b(int|integer|path|text|str|range)\b"

    def words(block: "re.Match[str]") -> str:
        return " ".join(sorted(set(re.sub(drawn, " ", block[0].lower()).split())))

    return re.sub(r"^```text\n.*?^```", words, page, flags=re.DOTALL | re.MULTILINE)


def check() -> int:
    """Say which pages are out of date; return the exit code."""
    code = 0
    for name, page in PAGES.items():
        path = DOCS / name
        if not path.exists() or comparable(path.read_text(encoding="utf-8")) != comparable(page()):
            print(f"docs/{name} is out of date; `python docs/generate.py` writes it anew", file=sys.stderr)
            code = 1
    return code


def write() -> int:
    """Write all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: python docs/generate.py [--check]")
    sys.exit(check() if sys.argv[1:] else write())
