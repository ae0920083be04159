"""Permission rules by path: parse them, and decide a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RuleError(ValueError):
    """A rule that cannot be read; ``line`` is its number."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True)
class Rule:
    """One line: what it allows or denies; empty ``roles`` = everybody."""

    line: int
    allow: bool
    actions: frozenset[str]
    pattern: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Request:
    """Who wants to do what, and where."""

    user: str
    roles: frozenset[str]
    action: str
    path: str


@dataclass(frozen=True)
class Decision:
    """The verdict, and the line of the rule that made it."""

    allowed: bool
    line: int | None


def parse_rules(text: str) -> list[Rule]:
    """Return the rules of ``text`` in order; raise ``RuleError`` at the first that is wrong."""
    ...


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    ...
