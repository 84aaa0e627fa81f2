"""The command line. A command imports what it runs when it is called, so that ``--help`` loads nothing heavy."""

from cartrl.cli.app import app, main

__all__ = ["app", "main"]
