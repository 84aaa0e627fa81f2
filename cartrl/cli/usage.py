"""The classes of commands, whose usage errors know their command: the message can name the right ``--help``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cartrl.cli.examples import epilog

USAGE_ERROR: Any = typer.BadParameter.__base__  # click's; newer versions of typer keep click inside themselves


@contextmanager
def _errors_of(context: Any) -> Iterator[None]:
    """Give ``context``, which names the command, to usage errors that the parser raises without one."""
    try:
        yield
    except USAGE_ERROR as error:
        error.ctx = error.ctx or context
        raise


class Command(TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options and positions of this command."""
        with _errors_of(ctx):
            return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, whose last lines look for what other packages have registered."""
        self.epilog = epilog(str(self.name))
        super().format_help(ctx, formatter)


class Group(TyperGroup):
    """The program: the options before the command, and the command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the command."""
        with _errors_of(ctx):
            return super().parse_args(ctx, args)
