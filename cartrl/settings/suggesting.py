"""Finds the setting that a misspelt name stands for."""

import difflib
from collections.abc import Iterable
from typing import Optional

SYNONYMS = {"gamma": "discount"}  # words of the field that are the name of no setting


def meant(word: str, among: Iterable[tuple[str, str]]) -> Optional[str]:
    """Return the ``section.key`` of ``among`` that ``word`` may stand for: its key, initials, a synonym, or nearly."""
    keys = {key: f"{section}.{key}" for section, key in among}
    wanted = SYNONYMS.get(word.lower(), word.lower().replace("-", "_"))
    initials = {"".join(part[0] for part in key.split("_")): name for key, name in keys.items() if "_" in key}
    if wanted in keys or wanted in initials:
        return keys.get(wanted) or initials[wanted]
    close = difflib.get_close_matches(wanted, keys, n=1, cutoff=0.6)
    return keys[close[0]] if close else None
