"""Writes the reference pages in docs/, and the schema in configs/; ``--check`` only says which is out of date."""

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
from cartrl.columns import Column
from cartrl.runs import metrics
from cartrl.settings import agents, experiment, wrappers, writing
from cartrl.settings.describing import allowed, shown

ROOT = Path(__file__).resolve().parent.parent
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

The defaults are the hyperparameters of TF-Agents' REINFORCE tutorial, and for other agents those that their
authors or the libraries around them made usual. Which settings `agent` and `collect` have depends on
`agent.kind`. A setting that allows a change, `{{from: 0.001, to: 0, over: 100000}}`, goes from one value to
the other while the environments take so many steps, and then stays. `cartrl config FILE` checks a config
and prints every setting with the origin of its value: a line of the file, an option, or the default. For a
single run, `--set SECTION.KEY=VALUE` overrides the file; if a setting is given twice, the later `--set`
holds. `--seed` overrides both.

Wherever a command takes a config, a name of `cartrl config --list`, such as `ppo/cartpole-v1`, stands for the
config of that name that cartrl ships, unless there is a file so called. A run's own config then names it as the
origin of its settings: `ppo/cartpole-v1:12` is line 12. `cartrl config ppo/cartpole-v1 > mine.yaml` copies it.

Editors that know the YAML language server complete the settings, explain them and mark mistakes, if the first
line of a config says where the schema is. In a copy it does. For a file that you begin yourself,
`cartrl config --schema > schema.json` writes the schema, with the agents and suites of other installed packages
too, and this line leads to it:

```yaml
# yaml-language-server: $schema=schema.json
```

Values are read strictly. An unknown section or setting is an error, and so is a value of another type: `2.5`,
`"2"` and `true` are no whole numbers. Where a number is allowed, a whole number is allowed too. As in YAML
1.2, `1e-3` is a number and `on` is a text. A key given twice is refused, and so are tags, anchors and aliases.
"""

WRAPPERS = """
## Wrappers

The kinds in the list `environment.wrappers`; [environments.md](environments.md#wrappers) says how they are used.

"""

COMMANDS = """\
# Commands

<!-- Written by docs/generate.py. Edit the options in cartrl/cli/, or the text in docs/generate.py. -->

{overview}
`--debug` stands before the command, as in `cartrl --debug eval`: it shows the traceback of an error, and what the
libraries write on stderr. `--import-module MODULE` may stand there too, or after the command: it imports a Python
module, whose code runs, so that its environments can be named `MODULE:NAME`: see
[security.md](security.md#environments-of-your-own).

The help below is what `cartrl COMMAND --help` prints at {width} columns. The settings of a config are in
[settings.md](settings.md).
"""

METRICS = """\
# Metrics

<!-- Written by docs/generate.py. Edit cartrl/runs/metrics.py or cartrl/settings/agents/, or the text there. -->

`metrics.csv` in a run directory has a row for each iteration, and a row 0 for the evaluation before the first update. A
cell is empty where a column has no value in that iteration. Floats are written with all their digits. Two runs of one
config with one seed on one machine write the same file to the last bit, except the last column.

The columns of the agent are between those that every run has. If an iteration has several updates, they hold means over
these updates. Runs of older versions have a column `step` instead of `iteration`, and no `updates`; cartrl reads those
too.
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
    "sweep": (
        "Trains a study of the same seeds for every combination of the values of `--grid`, or for settings that "
        "Optuna suggests within the ranges of `--search`, and ranks them by the interquartile mean of the final "
        "greedy return. All combinations are checked before the first is trained. Commas inside of brackets belong to "
        "a value, as in `[64,64],[100]`. See [studies.md](studies.md#many-settings).",
        (
            "cartrl sweep --config configs/reinforce.yaml --grid agent.learning_rate=1e-3,3e-3 \\\n"
            "  --grid collect.collect_episodes_per_iteration=2,8 --seeds 0-7",
            "cartrl sweep --config configs/reinforce.yaml --search agent.learning_rate=1e-4..1e-2:log \\\n"
            "  --trials 20 --seeds 0-7 --confirm 16",
            "cartrl sweep --resume latest",
        ),
    ),
    "collect": (
        "Joins a run that listens (`cartrl train --listen HOST:PORT`) and steps its environment in as many processes "
        "as `--jobs` says, until the run ends. It may join and leave at any time, and the run's numbers are the same "
        "whoever plays. It needs the same versions of cartrl, TensorFlow and Python, but no config: the run sends its "
        "settings. Join only runs that you trust; see [clusters](clusters.md#collectors-on-other-machines).",
        ("cartrl collect 192.168.1.5:7000 --jobs 8 --token-file token",),
    ),
    "eval": (
        "Plays whole episodes with a saved policy and reports their mean return with a 95 % interval. The "
        "verdict is `solved` or `not solved` when that interval lies wholly on one side of gym's reward "
        "threshold, and `undecided` when the threshold is inside it or one episode has no interval: then more "
        "episodes may tell. Of equal returns it says how many may differ, see [studies](studies.md). With `--vary` and "
        "`--noise` it maps the return over physical constants and noise: see [robustness](robustness.md).",
        (
            "cartrl eval",
            "cartrl eval --checkpoint runs/fast --episodes 1000 --stochastic --json",
            "cartrl eval runs/fast --vary length=0.25..2,force_mag=5..20 -o map.png",
        ),
    ),
    "record": (
        "Plays episodes with a saved policy and films every frame. A strip above the picture names the environment, "
        "the policy's iteration, the episode, the step and the return so far; the last frame of an episode is shown "
        "for a second. No display is needed, and no window opens. With `--stochastic` the film has a name of its own, "
        "such as `videos/best-stochastic.mp4`. `--progress` films how a run learned: its first policy, up to two of "
        "those in `policies/kept`, chosen by their returns, and its best, side by side. All "
        "begin each episode in the same state and step together; a panel whose episode is over keeps its last frame, "
        "paler. "
        "A GIF has at most 50 frames a second, as players slow faster ones down.",
        (
            "cartrl record --episodes 3",
            "cartrl record --checkpoint runs/fast/policies/final --output final.gif",
            "cartrl record --progress runs/fast --episodes 2",
        ),
    ),
    "export": (
        "Writes a policy for other programs: see [exporting](exporting.md). Before anything is written, the exported "
        "policy answers 10,000 observations, and must act as the original does.",
        ("cartrl export latest", "cartrl export runs/fast --format onnx --output fast-onnx"),
    ),
    "watch": (
        "Writes a page that plays a policy in a browser: see [watching](watching.md).",
        ("cartrl watch latest", "cartrl watch runs/fast --output pole.html"),
    ),
    "env": (
        "Shows what to know before writing a config: the observations, the actions, after how many steps an "
        "episode is cut off, which return counts as solved, and the physical constants. Without NAME it lists the "
        "names of a suite: see [environments.md](environments.md).",
        (
            "cartrl env CartPole-v0",
            "cartrl env MountainCar-v0 --picture mountain.png",
            "cartrl env --suite gymnasium",
            "cartrl env cartpole-swingup --suite dm_control",
        ),
    ),
    "report": (
        "One file that opens in any browser, on a phone too, in light or dark, and that loads nothing: what was "
        "run, the learning curve with its values under the pointer or the arrow keys, an evaluation over 100 "
        "fresh episodes with its interval, a film, every setting, and how to run it again. Of a study also each "
        "seed. Of a sweep, its ranking as a table that can be sorted, and the curves of its best settings. See "
        "[report.md](report.md).",
        (
            "cartrl report runs/fast",
            "cartrl report runs/study --output study.html",
            "cartrl report runs/sweep --output sweep.html",
        ),
    ),
    "runs": (
        "Lists the runs, studies and sweeps directly below a directory by environment and agent, the latest first. A "
        "run whose manifest says that it is running, but whose lock no process holds, is stopped; on a file system "
        "without locks it may be unknown whether it runs. A damaged run is listed "
        "with what is wrong. The best return is that of the best evaluation in training, and for a study the mean "
        "over its seeds.",
        ("cartrl runs", "cartrl runs --env CartPole-v0 --state running --state stopped", "cartrl runs old --json"),
    ),
    "claim": (
        "Bundles the configs, the seeds, the metrics, the versions, the SHA-256 of the policies, the numbers and the "
        "sentence that `cartrl compare` ends with, so that anybody can train the runs again: see "
        "[claims.md](claims.md).",
        ("cartrl claim runs/fast", "cartrl claim runs/study-a runs/study-b -o claim.zip"),
    ),
    "reproduce": (
        "Trains again with the config and the seed that the run directory holds, in a process of its own, and "
        "compares `metrics.csv` cell by cell, but for the wall-clock time. A run that was stopped is compared as "
        "far as it went. It says which versions changed since. The exit code is 0 for identical and 1 for different. "
        "Of a claim it trains all runs or some drawn at random: see [claims.md](claims.md).",
        (
            "cartrl reproduce runs/fast",
            "cartrl reproduce runs/fast --run-dir runs/fast-again",
            "cartrl reproduce claim.zip --sample 4",
        ),
    ),
    "config": (
        "Of a file, and of anything with `--set` or `--seed`, it prints a config of all settings, with the origin of "
        "each value in a comment. Of a shipped config alone it prints the file with its comments, for a config of your "
        "own; the first line then leads editors to the installed schema. `--list` says what each shipped config "
        "reaches, as [results.md](results.md) has it. Nothing is trained, and TensorFlow is not loaded, so it answers "
        "at once.",
        (
            "cartrl config --list",
            "cartrl config ppo/cartpole-v1 > mine.yaml",
            "cartrl config mine.yaml --set train.log_interval=5",
            "cartrl config --schema > schema.json",
        ),
    ),
    "plot": (
        "Draws the greedy returns of runs and studies, the seeds of a study together, with a band of 95 % "
        "intervals; each curve has a colour, a line and a marker of its own. What it shows, and what is left "
        "out: [studies.md](studies.md).",
        (
            "cartrl plot runs/NAME",
            "cartrl plot runs/fast runs/slow --x steps --output curves.png",
            "cartrl plot runs/sweep --output sweep.png",
        ),
    ),
    "compare": (
        "Prints the numbers of each study and of each pair of studies, and a sentence: which study is better, or how "
        "many more seeds may show it. What the numbers mean, and how far they can be "
        "trusted: [studies.md](studies.md).",
        (
            "cartrl compare runs/fast runs/slow",
            "cartrl compare runs/a runs/b runs/c --plot profiles.png --json",
            "cartrl compare runs/sweep --json",
        ),
    ),
}

CLOSING = """
## Exit codes

| Code | Meaning                                                                                        |
| ---- | ---------------------------------------------------------------------------------------------- |
| 0    | Done.                                                                                          |
| 1    | Something failed while running, such as a loss that is not finite. `reproduce`: different.     |
| 2    | An option, a config, an environment, a path or a policy cannot be used.                        |
| 130  | Ended by Ctrl-C; `train` and `sweep` end after the iteration, and save a checkpoint. 143 for SIGTERM. |

Errors go to stderr, each in one line that begins with `error:`. An unforeseen error says `error: unexpected …` and has
exit code 1; `cartrl --debug COMMAND …` shows its traceback. How a run ended is also in its `manifest.json`: its
`outcome` is `running`, `finished`, `solved`, `interrupted` or `failed`.

## What `--json` prints

[json.md](json.md) describes it for each command, with examples.

## Shell completion

```sh
cartrl --install-completion
```

From the next shell on, the Tab key completes commands, options, settings, shipped configs, runs, states and
environments. `cartrl --show-completion` prints the script instead of installing it.
"""


def settings_page() -> str:
    """Return docs/settings.md: a table for each section, and where the kinds of agents differ for each of its forms."""
    kinds: dict[tuple[str, type], list[str]] = {}  # (section, its class) -> the kinds of agents that have it
    for kind in agents.OWN:
        for section, field in experiment.of_kind(kind).__fields__.items():
            kinds.setdefault((section, field.type_), []).append(kind)
    order = list(dict.fromkeys(section for section, _ in kinds))
    tables = [
        f"\n## {title(section, of)}\n\n{model.__doc__.strip()}\n\n{settings_table(model)}"
        for (section, model), of in sorted(kinds.items(), key=lambda item: order.index(item[0][0]))
    ]
    return SETTINGS.format(count=len(order)) + "".join(tables) + WRAPPERS + wrappers_table()


def wrappers_table() -> str:
    """Return the kinds of wrappers with their settings, and what each does."""
    rows = []
    for kind, model in wrappers.KINDS.items():
        own = [
            f"`{field.name}`: {allowed(field, model)}, by default {shown(field.default)}"
            for field in model.__fields__.values()
            if field.name != "kind"
        ]
        rows.append((f"`{kind}`", "; ".join(own), " ".join(model.__doc__.replace("``", "`").split())))
    return table(("Kind", "Its settings", "What it does"), rows)


def title(section: str, kinds: Sequence[str]) -> str:
    """Return the heading of a section that only agents of ``kinds`` have in that form."""
    return f"`{section}`" + (
        "" if len(kinds) == len(agents.OWN) else f" of {' and '.join(f'`{kind}`' for kind in kinds)}"
    )


def settings_table(model: type) -> str:
    """Return the settings of one section."""
    rows = []
    for field in model.__fields__.values():
        default = "required" if field.required else f"`{shown(field.default)}`"
        rows.append((f"`{field.alias}`", allowed(field, model), default, field.field_info.description))
    return table(("Setting", "Allowed", "Default", "What it is"), rows)


def metrics_page() -> str:
    """Return docs/metrics.md: the columns of metrics.csv, and their tags in TensorBoard."""
    tables = (
        ("Every run", metrics.COUNTERS),
        *((f"A run with the agent `{name}`", kind.columns) for name, kind in agents.OWN.items()),
        ("Every run, after these", metrics.OUTCOMES),
    )
    return METRICS + "".join(f"\n## {title}\n\n{columns_table(columns)}" for title, columns in tables)


def columns_table(columns: Sequence[Column]) -> str:
    """Return columns with their tags in TensorBoard and their meanings."""
    rows = [(f"`{column.name}`", f"`{column.tag}`" if column.tag else "", column.meaning) for column in columns]
    return table(("Column", "In TensorBoard", "What it holds"), rows)


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
    printed = subprocess.check_output(call, env=plain, cwd=ROOT, encoding="utf-8")
    return "\n".join(map(str.rstrip, printed.splitlines())).strip("\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown, its columns aligned but for the last."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    widths[-1] = len(header[-1])
    rule = ["-" * width for width in widths]
    return "".join(f"| {' | '.join(map(str.ljust, row, widths))} |\n" for row in (header, rule, *rows))


PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    "docs/commands.md": commands_page,
    "docs/metrics.md": metrics_page,
    "configs/schema.json": writing.shipped_schema,
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
        path = ROOT / name
        if not path.exists() or comparable(path.read_text(encoding="utf-8")) != comparable(page()):
            print(f"{name} is out of date; `python docs/generate.py` writes it anew", file=sys.stderr)
            code = 1
    return code


def write() -> int:
    """Write all pages."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: python docs/generate.py [--check]")
    sys.exit(check() if sys.argv[1:] else write())
