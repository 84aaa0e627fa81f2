"""The one place where an experiment is put together: settings in, and from them runs of any seed."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Optional

from cartrl import agents, randomness
from cartrl.environments import spaces, specs
from cartrl.environments.episodes import Evaluation
from cartrl.environments.vector import VectorEnvironment
from cartrl.experience import supply
from cartrl.experience.remote.address import Listening
from cartrl.policies import acting, evaluation
from cartrl.policies.exporter import PolicyExporter
from cartrl.runs import metrics
from cartrl.runs.tensorboard import EventLog
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents import kind
from cartrl.system import quiet
from cartrl.system.closing import closed_at_end
from cartrl.training import best_policies
from cartrl.training.journal import Journal, Progress, Supervisor
from cartrl.training.loop import Pipeline, Schedule, train
from cartrl.training.parts import Parts
from cartrl.training.resuming import Past
from cartrl.training.saving import RunSaver, Savable

if TYPE_CHECKING:
    from cartrl.training.tasks import Task


class Experiment:
    """The parts of an experiment, built, traced and compiled once; `run` takes one seed after another through them.

    What a run does depends on its settings and its seed alone, never on the runs before it. ``pipeline`` has the parts,
    and ``told`` what the user is told of choices that were made. Collectors of other machines may join where it is
    ``listening``.
    """

    def __init__(self, settings: ExperimentSettings, listening: Optional[Listening] = None):
        with ExitStack() as opened:
            self._build(settings, listening, opened)
            self._opened = opened.pop_all()

    def _build(self, settings: ExperimentSettings, listening: Optional[Listening], opened: ExitStack) -> None:
        """Build all parts; ``opened`` closes those that are open, also when a later one cannot be built."""
        evaluated_at_once = min(settings.eval.num_eval_episodes, evaluation.WIDEST)
        environment = VectorEnvironment(settings.environment.judged(), evaluated_at_once)
        opened.callback(environment.close)
        self._time_limit = environment.time_limit
        time_step_spec = specs.time_step_spec(environment.observation_space)
        action_spec = specs.action_spec(environment.action_space)
        agent = agents.build(settings, time_step_spec, action_spec)
        policy = acting.BatchPolicy(agent.policies, time_step_spec.observation)
        form = kind(settings.agent.kind).experience
        blueprint = supply.Blueprint(
            settings, environment.time_limit, time_step_spec, action_spec, agent.policies, policy, opened, listening
        )
        supplied = supply.build(form.builder, blueprint)
        self.told = blueprint.told
        self._continuing, self._remembering = supplied.continuing, supplied.remembering

        def evaluate(seed: int, iteration: int) -> Evaluation:
            resets = randomness.draw(
                settings.eval.num_eval_episodes, seed, randomness.Stream.TRAIN_EVAL_RESETS, iteration
            )
            return evaluation.evaluate(policy, environment, resets)

        self._agent = agent
        self.pipeline = Pipeline(supplied.collector, supplied.replay, agent, evaluate)
        with quiet.held_back(), ThreadPoolExecutor(2) as other_cores:
            # XLA's compilers take most of the time here, and let other threads run meanwhile.
            compilations: list[Future[Any]] = [
                other_cores.submit(agent.prepare, supplied.blank),
                other_cores.submit(supplied.collector.prepare),
            ]
            self._exporter = PolicyExporter(
                agent.collect_policy, agent.train_step, spaces.first_action(environment.action_space)
            )
            for compilation in compilations:
                compilation.result()

    def run(self, task: "Task", progress: Progress, supervisor: Supervisor) -> None:
        """Train to the end, until the task is solved, or until told to stop; save what was reached.

        Args:
            task: what is to be trained, with the settings that the experiment was built from, but for the seed.
            progress: that of the task's past; kept up to date.
            supervisor: sees it, and may stop it.
        """
        settings, run, past = task.config.settings, task.directory, task.past
        display, should_stop, warn = supervisor
        parts = Parts(self._agent, self._continuing, self._remembering)
        if past.checkpoint:
            self._forget()
            past.checkpoint.restore(parts)
        else:
            self.begin(settings.train.seed)
        best_policies.rewind(run, progress.iteration)
        is_late = self._evaluate_late(settings, past, progress)
        with closed_at_end(warn) as opened:
            columns = metrics.columns(kind(settings.agent.kind))
            names = [column.name for column in columns]
            file = opened.enter_context(metrics.MetricsFile(run.metrics, names, past.rows))
            events = opened.enter_context(EventLog(run.tensorboard, columns, past.rows, settings))
            saver = RunSaver(settings, run, progress, Savable(parts, self._exporter, self._time_limit, file))
            seconds = metrics.seconds_after(past.rows)
            journal = Journal(progress, [file, events, display], saver.after_row, seconds, warn)
            if is_late:
                display.append(past.rows[-1])
                saver.after_row()
            train(Schedule(settings), self.pipeline, journal, should_stop, task.solved_from)
            with journal.phase("save"):
                saver.finish()

    def begin(self, seed: int) -> None:
        """Draw the weights from ``seed``, forget all steps, and begin an episode in each environment."""
        self._forget()
        self._agent.initialise(seed)
        if self._continuing is not None:
            self._continuing.initialise(seed)

    def _forget(self) -> None:
        """Forget the steps of the run before."""
        if self._remembering is not None:
            self._remembering.initialise()

    def _evaluate_late(self, settings: ExperimentSettings, past: Past, progress: Progress) -> bool:
        """Evaluate the last iteration if the past has not, as it was to go on then; return whether that was so."""
        if progress.iteration != settings.train.num_iterations or progress.is_evaluated:
            return False
        found = self.pipeline.evaluate(settings.train.seed, progress.iteration)
        row = past.rows[-1]
        row["greedy_return_mean"], row["greedy_return_std"] = found.mean, found.std
        progress.evaluated(found.mean, found.std)
        return True

    def close(self) -> None:
        """Stop Reverb's server, and close the environments."""
        self._opened.close()
