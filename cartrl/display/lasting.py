"""A console that outlives its reader."""

from rich.console import Console

from cartrl.stopping import silence_output


class LastingConsole(Console):
    """Falls silent when nobody reads its output any more, as in ``cartrl train … | head``: training goes on."""

    def on_broken_pipe(self) -> None:
        """Rich would end the process here."""
        silence_output()
