"""The command line. A command imports heavy libraries when it is called, so that ``--help`` loads none of them."""

from cartrl.cli.app import app, main

__all__ = ["app", "main"]
