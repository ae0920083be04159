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


_KINDS = {"**": 0, "*": 2, "{user}": 3}
_ENDED = 1
_LITERAL = 4


def parse_rules(text: str) -> list[Rule]:
    """Return the rules of ``text`` in order; raise ``RuleError`` at the first that is wrong."""
    numbered = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1)]
    return [_parse_rule(number, words) for number, words in numbered if words and not words[0].startswith("#")]


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    path = _segments(request.path)
    if not request.path.startswith("/") or not {".", ".."}.isdisjoint(path):
        return Decision(False, None)
    applying = [rule for rule in rules if _applies(rule, request, path)]
    if not applying:
        return Decision(False, None)
    deciding = max(applying, key=lambda rule: (_specificity(rule.pattern), not rule.allow, rule.line))
    return Decision(deciding.allow, deciding.line)


def _parse_rule(number: int, words: list[str]) -> Rule:
    match words:
        case ["allow" | "deny" as verb, actions, "on", pattern]:
            roles: frozenset[str] = frozenset()
        case ["allow" | "deny" as verb, actions, "on", pattern, "for", names]:
            roles = _items(number, names)
        case _:
            raise RuleError(number, "expected: allow|deny ACTIONS on PATTERN [for ROLES]")
    if not _is_pattern(pattern):
        raise RuleError(number, f"not a pattern: {pattern}")
    return Rule(number, verb == "allow", _items(number, actions), pattern, roles)


def _items(number: int, text: str) -> frozenset[str]:
    items = frozenset(text.split(","))
    if "" in items:
        raise RuleError(number, f"empty item in {text}")
    return items


def _is_pattern(pattern: str) -> bool:
    if pattern == "/":
        return True
    first, *segments = pattern.split("/")
    return first == "" and all(segment and (segment in _KINDS or not set(segment) & set("*{}")) for segment in segments)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _applies(rule: Rule, request: Request, path: list[str]) -> bool:
    return (
        not rule.actions.isdisjoint({request.action, "*"})
        and (not rule.roles or not rule.roles.isdisjoint(request.roles))
        and _matches(_segments(rule.pattern), path, request.user)
    )


def _matches(pattern: list[str], path: list[str], user: str) -> bool:
    if not pattern:
        return not path
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_matches(rest, path[skipped:], user) for skipped in range(len(path) + 1))
    expected = {"*": path[:1], "{user}": [user]}.get(first, [first])
    return bool(path) and path[:1] == expected and _matches(rest, path[1:], user)


def _specificity(pattern: str) -> list[int]:
    return [_KINDS.get(segment, _LITERAL) for segment in _segments(pattern)] + [_ENDED]
