"""Assay: which coding model or agent is best for your tasks, what it costs, and whether the difference is real."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.errors import AssayError
    from assay.records import Arm, Attempt, Call, Ended, Price, Score, Tokens, Trial

__version__ = "0.1.0"

_HOMES = {
    "Arm": "assay.records",
    "AssayError": "assay.errors",
    "Attempt": "assay.records",
    "Call": "assay.records",
    "Ended": "assay.records",
    "Price": "assay.records",
    "Score": "assay.records",
    "Tokens": "assay.records",
    "Trial": "assay.records",
}

__all__ = ["Arm", "AssayError", "Attempt", "Call", "Ended", "Price", "Score", "Tokens", "Trial", "__version__"]


def __getattr__(name: str) -> object:
    """Load a public name from its home on first use, so that ``import assay`` costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
