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


_WILDCARDS = ("**", "*", "{user}")
_RANKS = {"**": 0, "": 1, "*": 2, "{user}": 3}  # "" = the pattern has ended; a literal is above all
_LITERAL_RANK = 4


def parse_rules(text: str) -> list[Rule]:
    """Return the rules of ``text`` in order; raise ``RuleError`` at the first that is wrong."""
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            rules.append(_parse_rule(number, words))
    return rules


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    path = _split(request.path)
    if not request.path.startswith("/") or "." in path or ".." in path:
        return Decision(False, None)
    applying = [rule for rule in rules if _applies(rule, request, path)]
    if not applying:
        return Decision(False, None)
    best = max(applying, key=_precedence)
    return Decision(best.allow, best.line)


def _parse_rule(number: int, words: list[str]) -> Rule:
    match words:
        case ["allow" | "deny" as verb, actions, "on", pattern]:
            roles: frozenset[str] = frozenset()
        case ["allow" | "deny" as verb, actions, "on", pattern, "for", names]:
            roles = _parse_list(number, names)
        case _:
            raise RuleError(number, "expected: allow|deny ACTIONS on PATTERN [for ROLES]")
    _check_pattern(number, pattern)
    return Rule(number, verb == "allow", _parse_list(number, actions), pattern, roles)


def _parse_list(number: int, text: str) -> frozenset[str]:
    items = text.split(",")
    if "" in items:
        raise RuleError(number, f"empty item in list {text!r}")
    return frozenset(items)


def _check_pattern(number: int, pattern: str) -> None:
    if not pattern.startswith("/"):
        raise RuleError(number, f"pattern {pattern!r} does not begin with /")
    segments = pattern[1:].split("/") if pattern != "/" else []
    for segment in segments:
        literal = segment not in _WILDCARDS
        if not segment or (literal and not set("*{}").isdisjoint(segment)):
            raise RuleError(number, f"wrong segment {segment!r} in pattern {pattern!r}")


def _split(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _applies(rule: Rule, request: Request, path: list[str]) -> bool:
    if rule.actions.isdisjoint({request.action, "*"}):
        return False
    if rule.roles and rule.roles.isdisjoint(request.roles):
        return False
    return _matches(_split(rule.pattern), path, request.user)


def _matches(pattern: list[str], path: list[str], user: str) -> bool:
    if not pattern:
        return not path
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_matches(rest, path[start:], user) for start in range(len(path) + 1))
    return bool(path) and _fits(first, path[0], user) and _matches(rest, path[1:], user)


def _fits(wanted: str, segment: str, user: str) -> bool:
    if wanted == "{user}":
        return segment == user
    return wanted in ("*", segment)


def _precedence(rule: Rule) -> tuple[list[int], bool, int]:
    ranks = [_RANKS.get(segment, _LITERAL_RANK) for segment in [*_split(rule.pattern), ""]]
    return ranks, not rule.allow, rule.line
