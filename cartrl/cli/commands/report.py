"""``cartrl report``."""

import tempfile
from pathlib import Path
from typing import Optional

from cartrl.cli.commands.watch import arrays_of
from cartrl.errors import CartrlError, UsageError
from cartrl.policies import sidecar
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.report import page, parts, sweep, watch
from cartrl.report.content import Evaluated, Film, Subject
from cartrl.report.foreign import page_of as of_another_tool
from cartrl.report.numbers import number
from cartrl.runs import foreign
from cartrl.runs.directory import RunDirectory
from cartrl.runs.foreign import Layout
from cartrl.runs.results import Study, is_own, load_study
from cartrl.runs.sweep import SweepDirectory, find_sweep
from cartrl.system import quiet, reading
from cartrl.system.console import Console, say
from cartrl.system.files import whole_file
from cartrl.system.paths import require_writable
from cartrl.terminal import tables

EVALUATED = Rollouts(count=100, seed=0, is_greedy=True)  # those of `cartrl eval`, so that both tell the same
FILMED = Rollouts(count=1, seed=0, is_greedy=True)  # the first of `cartrl record`
MOST_NAMED = 3  # studies in one sentence
LARGEST_FILM, LARGEST_PAGE = 4 << 20, 1 << 20  # bytes; a page that is mailed has to stay small


def run(path: Path, output: Optional[Path], layout: Layout) -> None:
    """Write the page of the run, the study or the sweep in ``path``; files of other tools have this ``layout``."""
    target = output or (path if path.is_dir() else path.parent) / "report.html"
    if SweepDirectory(path).manifest.is_file():
        content = sweep.page_of(find_sweep(path))
        require_writable(target, "report", (".html",))
        _write(Console(), target, page.render(content, "sweep.html"))
    elif not is_own(path) and (studies := foreign.load_studies(path, layout)):
        if len(studies) > 1:
            named = ", ".join(str(study.path) for study in studies[:MOST_NAMED])
            raise UsageError(f"{path}: holds {len(studies)} studies; name one of them, such as {named}")
        require_writable(target, "report", (".html",))
        _write(Console(), target, page.render(of_another_tool(studies[0]), "foreign.html"))
    else:
        _report_runs(path, target)


def _report_runs(path: Path, target: Path) -> None:
    """Evaluate and film what is in ``path``, a run or a study, and write its page."""
    study = load_study(path)
    require_writable(target, "report", (".html",))
    quiet.prepare()
    console = Console()
    missing: list[str] = []
    evaluations = _evaluate(console, study, missing)
    film, played = _shown(console, study, evaluations, missing) if evaluations else (None, None)
    subject = Subject(study, study.threshold, evaluations, film, played, missing)
    text = page.render(parts.page_of(subject), parts=() if played is None else ("watch",))
    for sentence in missing:
        say(console, sentence, style="yellow")
    _write(console, target, text)


def _write(console: Console, target: Path, text: str) -> None:
    with whole_file(target) as draft:
        draft.write_text(text, encoding="utf-8", errors="replace")
    tables.facts(console, [("size", f"{target.stat().st_size / 1024:,.0f} KiB")])
    tables.lines(console, "report", [str(target)])


def _evaluate(console: Console, study: Study, missing: list[str]) -> dict[int, Evaluated]:
    """Evaluate the best policy of each run, as ``cartrl eval`` does; say in ``missing`` where it cannot be."""
    with quiet.loading():
        from cartrl.policies.evaluation import evaluate_saved, facts
    found = {}
    for position, run in enumerate(study.runs, start=1):
        with console.status(f"evaluating policy {position} of {len(study.runs)}"), quiet.held_back():
            try:
                saved = sidecar.read(RunDirectory(run.directory).best_policy)
                evaluation = evaluate_saved(saved, EVALUATED)
                found[run.seed] = Evaluated(facts(saved, evaluation, EVALUATED), evaluation.returns.tolist())
            except CartrlError as error:
                missing.append(f"Seed {run.seed} is not evaluated: {error}")
    return found


def _shown(
    console: Console, study: Study, evaluations: dict[int, Evaluated], missing: list[str]
) -> tuple[Optional[Film], Optional[str]]:
    """Return a film of the best policy of the seed with the best evaluation, and a page that plays it."""
    seed = max(evaluations, key=lambda seed: evaluations[seed].facts["mean"])
    run = RunDirectory(next(run.directory for run in study.runs if run.seed == seed))
    rank = f", the best of {len(evaluations)} seeds" if len(study.runs) > 1 else ""
    saved, film = sidecar.read(run.best_policy), None
    try:
        film = _film(console, run, saved, f"The best policy of seed {seed}{rank}")
    except CartrlError as error:
        missing.append(f"There is no film: {error}")
    return film, _page(saved)


def _film(console: Console, run: RunDirectory, saved: SavedPolicy, note: str) -> Film:
    """Return the film of a policy of ``run`` that is in its videos/, or a new one."""
    stored = _stored(run.videos / f"{run.best_policy.name}.mp4", saved)
    if stored is not None:
        return Film(stored, f"{note}.")
    with console.status("filming an episode"):
        content, total = _record(saved)
    return Film(content, f"{note}: one episode of return {number(total)}.")


def _page(saved: SavedPolicy) -> Optional[str]:
    """Return a page that plays a policy; None for an environment or an agent that it does not know, or a large one."""
    try:
        watch.require_known(saved.environment)
        content = watch.html(arrays_of(saved), saved.environment, saved.agent, saved.directory.name, is_part=True)
    except UsageError:
        return None
    return content if len(content) <= LARGEST_PAGE else None


def _stored(film: Path, saved: SavedPolicy) -> Optional[bytes]:
    """Return the mp4 if it is small enough for a page, and shows the most probable actions of this very policy."""
    from cartrl.pictures import recording

    try:
        content = reading.read_bytes(film, LARGEST_FILM)
    except OSError:
        return None
    return content if recording.comment(saved, is_greedy=True).encode() in content else None


def _record(saved: SavedPolicy) -> tuple[bytes, float]:
    """Film one episode of a policy, as ``cartrl record`` does; return the mp4 and the episode's return."""
    with quiet.held_back(), tempfile.TemporaryDirectory(prefix="cartrl-") as scratch:
        from cartrl.pictures import recording

        target = Path(scratch) / "film.mp4"
        film = recording.record(saved, FILMED, recording.FilmFile(target), lambda *_: None)
        return target.read_bytes(), film.returns[0][0]
