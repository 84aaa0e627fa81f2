"""The command line. Each command imports the one heavy function that it calls, and nothing else is heavy."""

from cartrl.cli.app import app, main

__all__ = ["app", "main"]
