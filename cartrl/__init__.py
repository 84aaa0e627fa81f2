"""cartrl: REINFORCE on gym environments, from one YAML file to a film."""

__version__ = "0.1.0"
