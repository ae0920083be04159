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


_RANK_OF = {"**": 0, "*": 2, "{user}": 3}
_RANK_ENDED = 1
_RANK_LITERAL = 4
_SPECIAL_CHARACTERS = ("*", "{", "}")


def parse_rules(text: str) -> list[Rule]:
    """Return the rules of ``text`` in order; raise ``RuleError`` at the first that is wrong."""
    rules: list[Rule] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        words = line.split()
        if len(words) != 4 and len(words) != 6:
            raise RuleError(number, "wrong number of words")
        if words[0] not in ("allow", "deny"):
            raise RuleError(number, f"expected allow or deny, not {words[0]!r}")
        if words[2] != "on":
            raise RuleError(number, f"expected 'on', not {words[2]!r}")
        roles: frozenset[str] = frozenset()
        if len(words) == 6:
            if words[4] != "for":
                raise RuleError(number, f"expected 'for', not {words[4]!r}")
            roles = _split_list(words[5], number)
        _validate_pattern(words[3], number)
        rules.append(
            Rule(
                line=number,
                allow=words[0] == "allow",
                actions=_split_list(words[1], number),
                pattern=words[3],
                roles=roles,
            )
        )
    return rules


def _split_list(text: str, number: int) -> frozenset[str]:
    items = text.split(",")
    for item in items:
        if not item:
            raise RuleError(number, "empty item in list")
    return frozenset(items)


def _validate_pattern(pattern: str, number: int) -> None:
    if not pattern.startswith("/"):
        raise RuleError(number, "a pattern begins with /")
    if pattern == "/":
        return
    for segment in pattern[1:].split("/"):
        if segment == "":
            raise RuleError(number, "empty segment in pattern")
        if segment in _RANK_OF:
            continue
        for character in _SPECIAL_CHARACTERS:
            if character in segment:
                raise RuleError(number, f"{character!r} inside the segment {segment!r}")


def _clean_path(path: str) -> list[str] | None:
    """Return the segments of a requested path, or None if it is not acceptable."""
    if not path.startswith("/"):
        return None
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        if segment in (".", ".."):
            return None
    return segments


def _pattern_segments(pattern: str) -> list[str]:
    return pattern[1:].split("/") if pattern != "/" else []


def _pattern_matches(pattern: list[str], path: list[str], user: str) -> bool:
    if not pattern:
        return not path
    segment = pattern[0]
    if segment == "**":
        for skipped in range(len(path) + 1):
            if _pattern_matches(pattern[1:], path[skipped:], user):
                return True
        return False
    if not path:
        return False
    if segment == "*":
        fits = True
    elif segment == "{user}":
        fits = path[0] == user
    else:
        fits = path[0] == segment
    return fits and _pattern_matches(pattern[1:], path[1:], user)


def _specificity(pattern: str) -> tuple[int, ...]:
    ranks = [_RANK_OF.get(segment, _RANK_LITERAL) for segment in _pattern_segments(pattern)]
    ranks.append(_RANK_ENDED)
    return tuple(ranks)


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    path = _clean_path(request.path)
    if path is None:
        return Decision(False, None)

    best: Rule | None = None
    best_key: tuple[tuple[int, ...], bool, int] | None = None
    for rule in rules:
        if "*" not in rule.actions and request.action not in rule.actions:
            continue
        if rule.roles and not (rule.roles & request.roles):
            continue
        if not _pattern_matches(_pattern_segments(rule.pattern), path, request.user):
            continue
        key = (_specificity(rule.pattern), not rule.allow, rule.line)
        if best_key is None or key > best_key:
            best = rule
            best_key = key

    if best is None:
        return Decision(False, None)
    return Decision(best.allow, best.line)
