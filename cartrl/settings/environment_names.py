"""The names of the environments of cartrl's own suites: what is known of a suite whose package is not even installed.

They are for hints alone; which environments a suite has is asked of the suite. The older versions of an environment,
which gym and gymnasium register only to say that they are gone, are left out.
"""

GYM = (
    "Acrobot-v1", "CartPole-v0", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1",
    "BipedalWalker-v3", "BipedalWalkerHardcore-v3", "CarRacing-v1", "LunarLander-v2", "LunarLanderContinuous-v2",
    "Blackjack-v1", "CliffWalking-v0", "FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v3",
)  # fmt: skip
GYMNASIUM = (
    "Acrobot-v1", "CartPole-v0", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1",
    "BipedalWalker-v3", "BipedalWalkerHardcore-v3", "CarRacing-v3", "LunarLander-v3", "LunarLanderContinuous-v3",
    "Blackjack-v1", "FrozenLake-v1", "FrozenLake8x8-v1",
    "Ant-v5", "HalfCheetah-v5", "Hopper-v5", "Humanoid-v5", "HumanoidStandup-v5", "InvertedDoublePendulum-v5",
    "InvertedPendulum-v5", "Pusher-v5", "Reacher-v5", "Swimmer-v5", "Walker2d-v5",
)  # fmt: skip
DM_CONTROL = (
    "acrobot-swingup", "acrobot-swingup_sparse", "ball_in_cup-catch", "cartpole-balance", "cartpole-balance_sparse",
    "cartpole-swingup", "cartpole-swingup_sparse", "cartpole-two_poles", "cartpole-three_poles", "cheetah-run",
    "dog-stand", "dog-walk", "dog-trot", "dog-run", "dog-fetch", "finger-spin", "finger-turn_easy",
    "finger-turn_hard", "fish-upright", "fish-swim", "hopper-stand", "hopper-hop", "humanoid-stand", "humanoid-walk",
    "humanoid-run", "humanoid-run_pure_state", "humanoid_CMU-stand", "humanoid_CMU-walk", "humanoid_CMU-run",
    "lqr-lqr_2_1", "lqr-lqr_6_2", "manipulator-bring_ball", "manipulator-bring_peg", "manipulator-insert_ball",
    "manipulator-insert_peg", "pendulum-swingup", "point_mass-easy", "point_mass-hard", "quadruped-walk",
    "quadruped-run", "quadruped-escape", "quadruped-fetch", "reacher-easy", "reacher-hard", "stacker-stack_2",
    "stacker-stack_4", "swimmer-swimmer6", "swimmer-swimmer15", "walker-stand", "walker-walk", "walker-run",
)  # fmt: skip
ATARI = (
    "Adventure", "AirRaid", "Alien", "Amidar", "Assault", "Asterix", "Asteroids", "Atlantis", "Atlantis2", "Backgammon",
    "BankHeist", "BasicMath", "BattleZone", "BeamRider", "Berzerk", "Blackjack", "Bowling", "Boxing", "Breakout",
    "Carnival", "Casino", "Centipede", "ChopperCommand", "CrazyClimber", "Crossbow", "Darkchambers", "Defender",
    "DemonAttack", "DonkeyKong", "DoubleDunk", "Earthworld", "ElevatorAction", "Enduro", "Entombed", "Et",
    "FishingDerby", "FlagCapture", "Freeway", "Frogger", "Frostbite", "Galaxian", "Gopher", "Gravitar", "Hangman",
    "HauntedHouse", "Hero", "HumanCannonball", "IceHockey", "Jamesbond", "JourneyEscape", "Kaboom", "Kangaroo",
    "KeystoneKapers", "KingKong", "Klax", "Koolaid", "Krull", "KungFuMaster", "LaserGates", "LostLuggage", "MarioBros",
    "MiniatureGolf", "MontezumaRevenge", "MrDo", "MsPacman", "NameThisGame", "Othello", "Pacman", "Phoenix", "Pitfall",
    "Pitfall2", "Pong", "Pooyan", "PrivateEye", "Qbert", "Riverraid", "RoadRunner", "Robotank", "Seaquest",
    "SirLancelot", "Skiing", "Solaris", "SpaceInvaders", "SpaceWar", "StarGunner", "Superman", "Surround", "Tennis",
    "Tetris", "TicTacToe3D", "TimePilot", "Trondead", "Turmoil", "Tutankham", "UpNDown", "Venture", "VideoCheckers",
    "VideoChess", "VideoCube", "VideoPinball", "WizardOfWor", "WordZapper", "YarsRevenge", "Zaxxon",
)  # fmt: skip
NAMES = {"gym": GYM, "gymnasium": GYMNASIUM, "atari": ATARI, "dm_control": DM_CONTROL, "cartrl": ("Catch",)}
