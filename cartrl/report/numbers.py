"""Numbers as a report writes them: those of `cartrl.analysis.numbers`, with the minus sign of typography."""

from typing import Optional

from cartrl.analysis import numbers


def number(value: Optional[float], spread: Optional[float] = None) -> str:
    """Return a number as `cartrl.analysis.numbers.number` writes it, with a minus sign."""
    return with_minus(numbers.number(value, spread))


def given(value: float) -> str:
    """Return a number that somebody set, such as a threshold, with all of its digits and a minus sign."""
    return with_minus(numbers.exact(value))


def with_minus(text: str) -> str:
    """Return ``text``, which consists of numbers, with a minus sign for each hyphen."""
    return text.replace("-", "−")
