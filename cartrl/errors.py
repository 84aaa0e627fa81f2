"""The errors that a user of cartrl sees: one sentence and an exit code."""

from typing import Optional


class CartrlError(Exception):
    """Something failed while running; the message is a whole sentence for the user."""

    exit_code = 1


class UsageError(CartrlError):
    """What the user gave cannot be used: a config, an option, a path."""

    exit_code = 2


def closest(word: str, candidates: "list[str]") -> Optional[str]:
    """Return the candidate closest to ``word``, if one is close."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def nearest(word: str, candidates: "list[str]") -> str:
    """Return ``", did you mean 'x'?"`` for the candidate closest to ``word``, or nothing."""
    found = closest(word, candidates)
    return "" if found is None else f", did you mean {found!r}?"


def cut(text: str, limit: int = 100) -> str:
    """Return ``text``, or its first ``limit`` characters: what is quoted in a sentence must not fill a screen."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def of_system(error: OSError) -> str:
    """Return the sentence for an error of the operating system: the path, and what is wrong there."""
    return f"{error.filename}: {error.strerror}" if error.filename else f"unexpected {type(error).__name__}: {error}"
