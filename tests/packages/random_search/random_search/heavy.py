"""Random search: keep the weights that earned most, and try others around them."""

import tensorflow as tf

from cartrl.agents.policy import DeterministicPolicy
from cartrl.errors import CartrlError
from cartrl.policies.acting import Policies


class RandomSearch(tf.Module):
    """Weights [observation, actions] of a linear policy: the best so far, and those that are tried now."""

    def __init__(self, settings, time_step_spec, action_spec):
        super().__init__()
        self._noise = settings.agent.noise
        shape = (time_step_spec.observation.shape[0], int(action_spec.maximum) + 1)
        self.best, self.tried = tf.Variable(tf.zeros(shape)), tf.Variable(tf.zeros(shape))
        self.best_return = tf.Variable(-1e9)
        self.seed, self.train_step = tf.Variable(0), tf.Variable(0, dtype=tf.int64)
        self.policies = Policies(
            explore=lambda observations, seed: tf.argmax(observations @ self.tried, axis=-1),
            exploit=lambda observations, seed: tf.argmax(observations @ self.best, axis=-1),
        )
        self.collect_policy = DeterministicPolicy(self.policies.exploit, self, time_step_spec, action_spec)
        self._report = {}

    def prepare(self, batch):
        """Nothing is compiled."""

    def initialise(self, seed):
        self.restore({**{name: 0 * value for name, value in self.state().items()}, "best_return": -1e9, "seed": seed})
        self._try_another()

    def learn(self, batch, turn):
        tried = tf.reduce_mean(tf.reduce_sum(batch["rewards"], axis=1))
        if tried >= self.best_return:
            self.best.assign(self.tried)
            self.best_return.assign(tried)
        self._report = {"tried_return": float(tried), "best_return": float(self.best_return)}
        self.train_step.assign_add(1)
        self._try_another()

    def report(self):
        return self._report

    def state(self):
        names = ("best", "tried", "best_return", "seed", "train_step")
        return {name: getattr(self, name).numpy() for name in names}

    def restore(self, state):
        if state.keys() != self.state().keys():
            raise CartrlError("the checkpoint is of another agent")
        for name, value in state.items():
            getattr(self, name).assign(value)

    def _try_another(self):
        seed = tf.stack([self.seed, tf.cast(self.train_step, tf.int32)])
        self.tried.assign(self.best + self._noise * tf.random.stateless_normal(self.best.shape, seed))


build = RandomSearch
