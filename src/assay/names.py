"""Names that people write: the nearest valid one, and singular/plural slips."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LIKENESS = 0.55
LISTED = 40  # a remedy is one line, however large a suite is


def nearest(word: str, choices: Iterable[str], likeness: float = LIKENESS) -> str | None:
    """Return the choice most like ``word`` (case does not count), or None when none is close (1 = equal).

    Letters in another order are the commonest slip: ``modle`` is ``model``, though ``mode`` has more in common with it.
    """
    folded = {choice.casefold(): choice for choice in sorted(choices)}
    for choice, as_written in folded.items():
        if len(choice) > 1 and sorted(choice) == sorted(word.casefold()):
            return as_written
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=likeness)
    return folded[close[0]] if close else None


def suggestion(word: str, choices: Iterable[str], otherwise: str | None = None) -> str:
    """Return a remedy: the nearest choice, else ``otherwise`` (None = all choices); empty when there is no choice."""
    known = sorted(set(choices))
    close = nearest(word, known)
    if close is not None:
        return f"Did you mean '{close}'?"
    if otherwise is not None:
        return otherwise
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return f"Valid: {', '.join(known[:LISTED])}{more}" if known else ""


def singular(word: str) -> str:
    """Return ``word`` without a plural ending, for telling a slip from another word."""
    return word.removesuffix("s") if len(word) > 1 else word


def same_but_for_number(one: str, other: str) -> bool:
    """True for ``model`` and ``models``."""
    return singular(one) == singular(other)
