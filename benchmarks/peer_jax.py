"""PPO in the manner of PureJaxRL on CartPole-v1 until it is solved, in an environment of its own: see peers.py.

    python benchmarks/peer_jax.py SEED [--chunks N]

As there, gymnax's environments and the whole update run in programs that XLA compiles, with the hyperparameters of its
purejaxrl/ppo.py. PureJaxRL runs all its updates in one program, which nothing can end early; here a program has ten of
them, and after each the greedy policy plays 20 episodes of gymnasium's CartPole-v1, side by side; a mean return of 475
ends the run. Prints one JSON object.
"""

import argparse
import functools
import json
import time

import gymnasium
import gymnax
import jax
import jax.numpy as jnp
import numpy as np
import optax

UPDATES, CHUNK = 976, 10  # 500,000 steps at most
ENVIRONMENTS, STEPS = 4, 128
EPOCHS, MINIBATCHES = 4, 4
GAMMA, LAMBDA, CLIP = 0.99, 0.95, 0.2
ENTROPY_WEIGHT, VALUE_WEIGHT = 0.01, 0.5
EVAL_EPISODES, SOLVED_FROM = 20, 475

environment, parameters = gymnax.make("CartPole-v1")
schedule = optax.linear_schedule(2.5e-4, 0.0, UPDATES * EPOCHS * MINIBATCHES)
optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(schedule, eps=1e-5))


def new_network(key, outputs, scale):
    """Two hidden layers of 64, orthogonal: kernels and biases."""
    shapes = ((4, 64, 2**0.5), (64, 64, 2**0.5), (64, outputs, scale))
    return [
        (jax.nn.initializers.orthogonal(gain)(key, (fan_in, fan_out)), jnp.zeros(fan_out))
        for key, (fan_in, fan_out, gain) in zip(jax.random.split(key, 3), shapes)
    ]


def call(network, values):
    """Return the outputs of a network."""
    *hidden, (kernel, bias) = network
    for hidden_kernel, hidden_bias in hidden:
        values = jnp.tanh(values @ hidden_kernel + hidden_bias)
    return values @ kernel + bias


def judged(networks, observations, actions):
    """Return log-probabilities of the actions, entropies and values."""
    log_probabilities = jax.nn.log_softmax(call(networks["actor"], observations))
    chosen = jnp.take_along_axis(log_probabilities, actions[..., None], axis=-1)[..., 0]
    entropies = -jnp.sum(jnp.exp(log_probabilities) * log_probabilities, axis=-1)
    return chosen, entropies, call(networks["critic"], observations)[..., 0]


def collect(networks, states, observations, key):
    """Step all environments STEPS times."""

    def step(carry, key):
        states, observations = carry
        act_key, *step_keys = jax.random.split(key, 1 + ENVIRONMENTS)
        actions = jax.random.categorical(act_key, call(networks["actor"], observations))
        following, states, rewards, *ends, _ = jax.vmap(environment.step, in_axes=(0, 0, 0, None))(
            jnp.stack(step_keys), states, actions, parameters
        )
        log_probabilities, _, values = judged(networks, observations, actions)
        ended = functools.reduce(jnp.logical_or, ends)  # done, or terminated and truncated in a newer gymnax
        return (states, following), (observations, actions, rewards, ended, log_probabilities, values)

    return jax.lax.scan(step, (states, observations), jax.random.split(key, STEPS))


def advantages_of(rewards, ended, values, last_values):
    """Generalised advantage estimation (Schulman et al., 2016)."""

    def back(carry, cell):
        advantages, following = carry
        reward, end, value = cell
        delta = reward + GAMMA * following * (1 - end) - value
        advantages = delta + GAMMA * LAMBDA * (1 - end) * advantages
        return (advantages, value), advantages

    cells = (rewards, ended.astype(jnp.float32), values)
    return jax.lax.scan(back, (jnp.zeros_like(last_values), last_values), cells, reverse=True)[1]


def loss(networks, batch):
    """PPO's clipped objective, with a clipped value loss and an entropy bonus (Schulman et al., 2017)."""
    observations, actions, before, old_values, advantages = batch
    targets = advantages + old_values
    log_probabilities, entropies, values = judged(networks, observations, actions)
    near = old_values + jnp.clip(values - old_values, -CLIP, CLIP)
    value_loss = 0.5 * jnp.maximum(jnp.square(values - targets), jnp.square(near - targets)).mean()
    ratios = jnp.exp(log_probabilities - before)
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    gains = jnp.minimum(ratios * advantages, jnp.clip(ratios, 1 - CLIP, 1 + CLIP) * advantages)
    return -gains.mean() + VALUE_WEIGHT * value_loss - ENTROPY_WEIGHT * entropies.mean()


def learn(carry, minibatch):
    """Take one step of the optimizer."""
    networks, slots = carry
    steps, slots = optimizer.update(jax.grad(loss)(networks, minibatch), slots)
    return (optax.apply_updates(networks, steps), slots), None


def update(carry, key):
    """Collect once, and learn from it EPOCHS times, in MINIBATCHES parts each."""
    networks, slots, states, observations = carry
    collect_key, *epoch_keys = jax.random.split(key, 1 + EPOCHS)
    (states, observations), collected = collect(networks, states, observations, collect_key)
    seen, actions, rewards, ended, before, values = collected
    advantages = advantages_of(rewards, ended, values, call(networks["critic"], observations)[..., 0])
    flat = [part.reshape(-1, *part.shape[2:]) for part in (seen, actions, before, values, advantages)]

    def epoch(carry, key):
        order = jax.random.permutation(key, ENVIRONMENTS * STEPS)
        parts = [part[order].reshape(MINIBATCHES, -1, *part.shape[1:]) for part in flat]
        return jax.lax.scan(learn, carry, parts)

    (networks, slots), _ = jax.lax.scan(epoch, (networks, slots), jnp.stack(epoch_keys))
    return (networks, slots, states, observations), None


@jax.jit
def chunk(carry, key):
    """Update CHUNK times."""
    return jax.lax.scan(update, carry, jax.random.split(key, CHUNK))[0]


@jax.jit
def greedy(actor, observations):
    """Return the likelier actions."""
    return call(actor, observations).argmax(axis=-1)


def evaluate(actor, seed):
    """Return the mean return of EVAL_EPISODES greedy episodes."""
    copies = [gymnasium.make("CartPole-v1") for _ in range(EVAL_EPISODES)]
    observations = np.array([copy.reset(seed=seed + row)[0] for row, copy in enumerate(copies)])
    total, running = 0.0, set(range(EVAL_EPISODES))
    while running:
        actions = np.asarray(greedy(actor, observations))
        for row in list(running):
            observations[row], reward, terminated, truncated, _ = copies[row].step(actions[row])
            total += float(reward)
            if terminated or truncated:
                running.remove(row)
    return total / EVAL_EPISODES


def main(seed, chunks):
    """Train until it is solved, or so many ``chunks`` if that is a number, and report."""
    actor_key, critic_key, reset_key, key = jax.random.split(jax.random.PRNGKey(seed), 4)
    networks = {"actor": new_network(actor_key, 2, 0.01), "critic": new_network(critic_key, 1, 1.0)}
    reset_keys = jax.random.split(reset_key, ENVIRONMENTS)
    observations, states = jax.vmap(environment.reset, in_axes=(0, None))(reset_keys, parameters)
    carry, seconds, mean = (networks, optimizer.init(networks), states, observations), [], 0.0
    while mean < SOLVED_FROM and len(seconds) < (chunks or UPDATES // CHUNK):
        began = time.perf_counter()
        carry = jax.block_until_ready(chunk(carry, jax.random.fold_in(key, len(seconds))))
        seconds.append(time.perf_counter() - began)
        mean = 0.0 if chunks else evaluate(carry[0]["actor"], 1_000 * (seed + 1))
    chunk_steps = CHUNK * STEPS * ENVIRONMENTS
    report = {
        "mean": mean,
        "steps": chunk_steps * len(seconds),
        "loop": sum(seconds[1:]) * len(seconds) / max(len(seconds) - 1, 1),  # the first compiles
    }
    print(json.dumps(report))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument(
        "--chunks", type=int, help="take so many, and evaluate nothing, in the place of ending when solved"
    )
    options = parser.parse_args()
    main(options.seed, options.chunks)
