"""Environments whose physics are Box2D's, repeated to the last bit."""

from typing import Any, Callable

from cartrl.environments.foreign import unwrapped


def repeatable(make: Callable[[], Any]) -> Any:
    """Return the environment that ``make`` makes; one that keeps a world of Box2D is `Renewed` for each episode."""
    env = make()
    world = getattr(unwrapped(env), "world", None)
    return Renewed(env, make) if type(world).__module__.partition(".")[0] == "Box2D" else env


class Renewed:
    """An environment that is made anew for each episode.

    gym and gymnasium reset BipedalWalker, and gym LunarLander too, by destroying the bodies in their world of Box2D
    and making others. The world gives the new bodies the places in its tree of shapes that the destroyed ones had, in
    another order, and so it finds contacts in another order. Such an episode differs from the same episode in a new
    world, first in its last bits and soon in all. To make an environment takes half a millisecond, to reset one ten
    times that.

    Args:
        env: the environment of the first episode.
        make: makes another like it.
    """

    def __init__(self, env: Any, make: Callable[[], Any]):
        self.env = env  # where its spaces and other attributes are looked up
        self._make = make
        self._is_new = True

    def reset(self, **options: Any) -> Any:
        """Begin an episode in an environment in which there was none before."""
        if not self._is_new:
            self.env = self._make()
        self._is_new = False
        return self.env.reset(**options)

    def step(self, action: Any) -> Any:
        """Take a step."""
        return self.env.step(action)

    def render(self, **options: Any) -> Any:
        """Return a picture."""
        return self.env.render(**options)

    def close(self) -> None:
        """Close the environment of the last episode; those before hold nothing that has to be given back."""
        self.env.close()
