"""The one place where an experiment is put together: settings and a run directory in, a trained policy out."""

import math
from contextlib import ExitStack
from typing import Any, Callable

from cartrl import agents, evaluation, policies, quiet, run_directory, seeding
from cartrl.checkpoints import PolicyExporter, TrainingCheckpoints
from cartrl.collectors.compiled import CompiledCollector
from cartrl.collectors.vectorized import VectorizedCollector
from cartrl.environments import compiled, gym_environment, specs
from cartrl.environments.rollout import VectorEnvironment
from cartrl.episodes import Evaluation
from cartrl.event_log import EventLog
from cartrl.journal import Journal, Listener, Progress
from cartrl.metrics import MetricsFile
from cartrl.replay import EpisodeReplay, signature
from cartrl.run_directory import RunDirectory
from cartrl.settings import ExperimentSettings
from cartrl.training import Collector, Pipeline, train


class Experiment:
    """The parts of one run, built from its settings; `run` trains, and saves what was reached."""

    def __init__(self, settings: ExperimentSettings, run: RunDirectory, display: Listener):
        self.progress = Progress(settings.train.num_iterations)
        self._settings = settings
        self._run = run
        self._display = display
        self._open = ExitStack()
        self._pipeline = self._build()

    def run(self, should_stop: Callable[[], bool], solved_from: float = math.inf) -> Progress:
        """Train to the end, to a mean return of ``solved_from``, or until told to stop; save the policy reached."""
        with self._open:
            metrics = self._open.enter_context(MetricsFile(self._run.metrics))
            events = EventLog(self._run.tensorboard)
            self._open.callback(events.close)
            listeners: list[Listener] = [metrics, events, self._display]
            journal = Journal(self.progress, listeners, self._save_progress)
            train(self._settings, self._pipeline, journal, should_stop, solved_from)
            with journal.phase("save"):
                self._save_policy(self._run.final_policy, self.progress.last, self.progress.iteration)
        return self.progress

    def _build(self) -> Pipeline:
        settings, seed = self._settings, self._settings.train.seed
        env_name, limit = settings.environment.env_name, settings.environment.max_episode_steps
        episodes = settings.collect.collect_episodes_per_iteration
        environment = VectorEnvironment(env_name, min(settings.eval.num_eval_episodes, evaluation.WIDEST), limit)
        time_step_spec = specs.time_step_spec(environment.observation_space)
        action_spec = specs.action_spec(environment.action_space)
        agent = agents.BUILDERS[type(settings.agent)](settings.agent, time_step_spec, action_spec, seed)
        distribution = policies.of_observations(agent.collect_policy, type(time_step_spec))
        policy = policies.BatchPolicy(distribution, time_step_spec.observation.shape)
        replay = EpisodeReplay(
            settings.replay_buffer.replay_buffer_capacity // episodes,
            signature(episodes, environment.time_limit, time_step_spec, action_spec),
        )
        for close in (environment.close, replay.close):
            self._open.callback(close)
        self._exporter = PolicyExporter(agent.collect_policy, agent.train_step)
        self._checkpoints = TrainingCheckpoints(agent.state, self._run.checkpoints)
        self._time_limit = environment.time_limit

        def evaluate(iteration: int) -> Evaluation:
            resets = seeding.draw(settings.eval.num_eval_episodes, seed, seeding.Stream.TRAIN_EVAL_RESETS, iteration)
            return evaluation.evaluate(policy, environment, resets)

        return Pipeline(self._collector(policy, distribution), replay, agent, evaluate)

    def _collector(self, policy: policies.BatchPolicy, distribution: policies.Distribution) -> Collector:
        """Return the collector of the engine that the settings ask for."""
        collect, seed = self._settings.collect, self._settings.train.seed
        env_name, episodes = self._settings.environment.env_name, collect.collect_episodes_per_iteration
        env = gym_environment.make(env_name)
        if collect.engine == "compiled" or (collect.engine == "auto" and compiled.has_twin(env)):
            return CompiledCollector(compiled.twin_of(env), self._time_limit, distribution, episodes, seed)
        environment = VectorEnvironment(env_name, min(collect.num_environments or episodes, episodes), self._time_limit)
        self._open.callback(environment.close)
        return VectorizedCollector(environment, policy, episodes, seed)

    def _save_progress(self, improved: bool) -> None:
        if improved:
            self._save_policy(self._run.best_policy, self.progress.best, self.progress.iteration)
        self._checkpoints.save(self.progress.iteration)

    def _save_policy(self, directory: Any, reached: Any, iteration: int) -> None:
        settings, progress = self._settings, self.progress
        facts: dict[str, Any] = {
            "environment": {"env_name": settings.environment.env_name, "max_episode_steps": self._time_limit},
            "agent": settings.agent.kind,
            "seed": settings.train.seed,
            "step": iteration,
            "episodes": progress.episodes,
            "environment_steps": progress.environment_steps,
            "greedy_return": {"mean": reached.mean, "std": reached.std, "episodes": len(reached.returns)},
            "saved": run_directory.timestamp(),
            "versions": run_directory.versions(),
        }
        with quiet.held_back():
            self._exporter.save(directory, facts)
