"""What a user is told on stderr: errors and warnings, each in one line."""

from rich.text import Text

from cartrl.system.lasting import LastingConsole


def error(text: str) -> None:
    """Print an error."""
    _print("error:", "bold red", text)


def warn(text: str) -> None:
    """Print a warning."""
    _print("warning:", "bold yellow", text)


def note(text: str) -> None:
    """Print what a user may want to know of a choice that was made."""
    _print("note:", "bold", text)


def printable(text: str) -> str:
    """Return ``text`` in one line; what could drive a terminal is written as an escape sequence."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in " ".join(text.splitlines())
    )


def _print(kind: str, style: str, text: str) -> None:
    LastingConsole(stderr=True).print(Text.assemble((kind, style), " ", printable(text)), soft_wrap=True)
