"""Permission rules by path: parse them, and decide a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch


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
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        try:
            verb, actions, _, pattern, *rest = line.split()
        except ValueError as error:
            raise RuleError(number, "too few words") from error
        roles = frozenset(rest[1].split(",")) if rest else frozenset()
        rules.append(Rule(number, verb == "allow", frozenset(actions.split(",")), pattern, roles))
    return rules


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    path = request.path.rstrip("/") or "/"
    decision = Decision(False, None)
    for rule in rules:
        pattern = rule.pattern.replace("{user}", request.user)
        if pattern.endswith("/**") and path == pattern[:-3]:
            matched = True
        else:
            matched = fnmatch(path, pattern)
        allowed_action = request.action in rule.actions or "*" in rule.actions
        if matched and allowed_action and (not rule.roles or rule.roles & request.roles):
            decision = Decision(rule.allow, rule.line)
    return decision
