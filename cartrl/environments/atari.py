"""The games of the Atari 2600, by name, in the Arcade Learning Environment (Bellemare et al., 2013).

Imports ale_py, not TensorFlow.
"""

import contextlib
import io
from collections.abc import Collection
from typing import Any, Optional

import ale_py
import numpy as np
from ale_py import roms
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments import arguments
from cartrl.environments.arguments import Arguments, ArgumentsError
from cartrl.environments.suite import Description
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, suites
from cartrl.settings.describing import shown

FRAMES_PER_SECOND = 60
MOST_FRAMES = 108_000  # of an episode, half an hour: Machado et al. (2018)
FOR_TWO = ("combat", "joust", "maze_craze", "warlords")  # players; the emulator would end the process
USUAL = "; it has Pong, Breakout, SpaceInvaders and others"

ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


class Atari:
    """A game, of which each step is a frame.

    Nothing in it is random: all its episodes begin alike. It has no end of time: whoever steps it keeps the time limit.

    Args:
        name: of the game.
        obs_type: what is observed: the screen as ``rgb`` or ``grayscale``, or the 128 bytes of the memory, ``ram``.
        mode: of the game, as its cartridge numbers them; None for the usual one.
        difficulty: likewise.
        full_action_space: whether all 18 moves of the joystick are actions, or only those that the game tells apart.

    Raises:
        ArgumentsError: for an argument that the game cannot have.
        UsageError: when there is no such game, or its ROM is missing.
    """

    def __init__(
        self,
        name: str,
        obs_type: str = "rgb",
        mode: Optional[int] = None,
        difficulty: Optional[int] = None,
        full_action_space: bool = False,
    ):
        self.ale = ale_py.ALEInterface()  # where wrappers find `lives`
        self.ale.setInt("random_seed", 0)
        self.ale.setFloat("repeat_action_probability", 0.0)
        self.ale.loadROM(_path(name))
        if mode is not None:
            _require(name, "mode", mode, self.ale.getAvailableModes())
            self.ale.setMode(mode)
        if difficulty is not None:
            _require(name, "difficulty", difficulty, self.ale.getAvailableDifficulties())
            self.ale.setDifficulty(difficulty)
        _require(name, "full_action_space", full_action_space, (False, True))
        self._moves = self.ale.getLegalActionSet() if full_action_space else self.ale.getMinimalActionSet()
        self.action_space = spaces.Discrete(len(self._moves))
        size = self.ale.getScreenDims()
        kinds = {
            "rgb": (self.ale.getScreenRGB, (*size, 3)),
            "grayscale": (self.ale.getScreenGrayscale, size),
            "ram": (self.ale.getRAM, (self.ale.getRAMSize(),)),
        }
        _require(name, "obs_type", obs_type, list(kinds))
        self._observe, shape = kinds[obs_type]
        self.observation_space = spaces.Box(0, 255, shape, np.uint8)
        self.metadata = {"render_fps": FRAMES_PER_SECOND}
        self._keep_start()

    def _keep_start(self) -> None:
        """Save the state of the emulator at the start of the game, and the observation and the picture there."""
        self.ale.reset_game()
        self._start = self.ale.cloneState()
        self._first, self._picture = self._observe(), self.ale.getScreenRGB()
        self._is_at_start = True

    def reset(self, seed: int) -> NDArray[np.uint8]:
        """Begin an episode, the same one with any seed.

        The state that was kept holds all but the screen, of which some games leave parts as they are. Therefore the
        game is reset first, which clears the screen, and the picture of the start is kept beside the state.
        """
        self.ale.reset_game()
        self.ale.restoreState(self._start)
        self._is_at_start = True
        return self._first.copy()

    def step(self, action: int) -> tuple[NDArray[np.uint8], float, bool, bool]:
        """Play a frame."""
        self._is_at_start = False
        reward = float(self.ale.act(self._moves[int(action)]))
        return self._observe(), reward, self.ale.game_over(with_truncation=False), False

    def render(self) -> NDArray[np.uint8]:
        """Return the screen: uint8 [210, 160, 3], in some games higher."""
        return self._picture.copy() if self._is_at_start else self.ale.getScreenRGB()

    def get_action_meanings(self) -> list[str]:
        """Return the moves of the joystick that the actions are."""
        return [move.name for move in self._moves]

    def close(self) -> None:
        """Do nothing: the emulator's memory is freed with it."""


def _require(env_name: str, what: str, value: Any, allowed: Collection[Any]) -> None:
    """Refuse an argument that is none of those ``allowed``.

    Raises:
        ArgumentsError: naming all that are.
    """
    if value not in allowed:
        known = ", ".join(shown(each) for each in allowed)
        raise ArgumentsError(f"{env_name}: {what} is {shown(value)}, but may be {known}")


def _roms() -> dict[str, str]:
    """Return the names of ale_py's ROMs by the names of the games, which gymnasium has, too."""
    return {rom.title().replace("_", ""): rom for rom in roms.get_all_rom_ids() if rom not in FOR_TWO}


def _rom(env_name: str) -> str:
    """Return the name of a game's ROM.

    Raises:
        UsageError: for a game that ale_py does not have.
    """
    known = _roms()
    if env_name not in known:
        bare = env_name.rpartition("/")[2].partition("-")[0]  # of gymnasium's ALE/Pong-v5
        hint = suites.hint(bare if bare in known else env_name, "atari", list(known)) or USUAL
        raise UsageError(f"atari has no environment {env_name!r}{hint}")
    return known[env_name]


def _path(env_name: str) -> str:
    """Return the path of a game's ROM.

    Raises:
        UsageError: when there is no such game, or its ROM is missing or another one.
    """
    rom = _rom(env_name)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints where it looks
            return str(roms.get_rom_path(rom))
    except OSError as error:
        raise UsageError(
            f"{env_name} needs its ROM, {rom}.bin, which comes with ale-py, or is in ALE_ROMS_DIR where that is set: "
            f"{' '.join(str(error).split())}"
        ) from error


class AtariSuite:
    """Atari's games, by the names that gymnasium gives them, without ALE/ and the version."""

    def names(self) -> list[str]:
        """Return all games for one player."""
        return sorted(_roms())

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return the time limit, in frames; no game has a reward threshold."""
        _rom(settings.env_name)
        return Description(MOST_FRAMES)

    def arguments(self, settings: EnvironmentSettings) -> Arguments:
        """Return the arguments of a game but its name."""
        _rom(settings.env_name)
        return arguments.of(Atari, {}, but=("name",))

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> Atari:
        """Make a game.

        Raises:
            UsageError: for one that ale_py does not have, or arguments that it cannot have.
        """
        return Atari(settings.env_name, **settings.kwargs)


SUITE = AtariSuite()
