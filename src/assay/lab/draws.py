"""Randomness without state: a number is a pure function of what it is drawn for."""

from __future__ import annotations

import hashlib
from statistics import NormalDist

_STANDARD = NormalDist()


def uniform(*purpose: str | int) -> float:
    """Return a number in (0, 1) that depends on ``purpose`` alone, the same on every machine."""
    digest = hashlib.sha256("\0".join(map(str, purpose)).encode()).digest()
    return (int.from_bytes(digest[:7], "big") + 0.5) / (1 << 56)


def normal(*purpose: str | int) -> float:
    """Return a standard normal number that depends on ``purpose`` alone."""
    return _STANDARD.inv_cdf(uniform(*purpose))
