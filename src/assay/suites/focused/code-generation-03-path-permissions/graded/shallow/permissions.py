"""Permission rules by path: parse them, and decide a request."""

from __future__ import annotations

import re
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
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) not in (4, 6) or words[0] not in ("allow", "deny") or words[2] != "on":
            raise RuleError(number, "cannot read the rule")
        if not words[3].startswith("/"):
            raise RuleError(number, "a pattern begins with /")
        roles = frozenset(words[5].split(",")) if len(words) == 6 else frozenset()
        rules.append(Rule(number, words[0] == "allow", frozenset(words[1].split(",")), words[3], roles))
    return rules


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    path = "/" + "/".join(part for part in request.path.split("/") if part)
    if "/../" in path + "/":
        return Decision(False, None)
    applying = [rule for rule in rules if _applies(rule, request, path)]
    if not applying:
        return Decision(False, None)
    best = max(applying, key=lambda rule: (_literals(rule.pattern), not rule.allow, rule.line))
    return Decision(best.allow, best.line)


def _literals(pattern: str) -> int:
    return sum(3 - "***".count(part) if "*" in part else 4 for part in pattern.split("/")[1:])


def _applies(rule: Rule, request: Request, path: str) -> bool:
    if "*" not in rule.actions and request.action not in rule.actions:
        return False
    if rule.roles and not rule.roles & request.roles:
        return False
    return re.fullmatch(_expression(rule.pattern, request.user), path) is not None


def _expression(pattern: str, user: str) -> str:
    expression = ""
    for part in pattern.split("/")[1:]:
        if part == "**":
            expression += "(/.*)?"
        elif part == "*":
            expression += "/[^/]+"
        elif part == "{user}":
            expression += "/" + re.escape(user)
        else:
            expression += "/" + re.escape(part)
    return expression
