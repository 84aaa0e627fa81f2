"""The command line. Each command imports the one heavy function that it calls, and nothing else is heavy."""

from cartrl.cli.app import app, main
from cartrl.cli.ending import message

__all__ = ["app", "main", "message"]
