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
    result = []
    lines = text.split("\n")
    n = 0
    for i in range(0, len(lines)):
        l = lines[i].strip()
        n = n + 1
        if l == "":
            continue
        elif l[0] == "#":
            continue
        else:
            w = l.split()
            if len(w) == 4 or len(w) == 6:
                if w[0] == "allow":
                    allow = True
                elif w[0] == "deny":
                    allow = False
                else:
                    raise RuleError(n, "bad")
                if w[2] != "on":
                    raise RuleError(n, "bad")
                acts = []
                for a in w[1].split(","):
                    if len(a) == 0:
                        raise RuleError(n, "bad")
                    acts.append(a)
                roles = []
                if len(w) == 6:
                    if not w[4] == "for":
                        raise RuleError(n, "bad")
                    for r in w[5].split(","):
                        if len(r) == 0:
                            raise RuleError(n, "bad")
                        roles.append(r)
                p = w[3]
                if p[0] != "/":
                    raise RuleError(n, "bad")
                if p != "/":
                    parts = p.split("/")
                    for j in range(1, len(parts)):
                        s = parts[j]
                        if s == "":
                            raise RuleError(n, "bad")
                        elif s == "*" or s == "**" or s == "{user}":
                            pass
                        else:
                            if "*" in s or "{" in s or "}" in s:
                                raise RuleError(n, "bad")
                result.append(Rule(n, allow, frozenset(acts), p, frozenset(roles)))
            else:
                raise RuleError(n, "bad")
    return result


def m(p, s, u):
    if len(p) == 0:
        if len(s) == 0:
            return True
        else:
            return False
    if p[0] == "**":
        i = 0
        while i <= len(s):
            if m(p[1:], s[i:], u) == True:
                return True
            i = i + 1
        return False
    else:
        if len(s) == 0:
            return False
        if p[0] == "*":
            return m(p[1:], s[1:], u)
        elif p[0] == "{user}":
            if s[0] == u:
                return m(p[1:], s[1:], u)
            else:
                return False
        elif p[0] == s[0]:
            return m(p[1:], s[1:], u)
        else:
            return False


def more_specific(a, b):
    x = [s for s in a.split("/") if s != ""]
    y = [s for s in b.split("/") if s != ""]
    i = 0
    while True:
        if i >= len(x):
            k1 = 1
        elif x[i] == "**":
            k1 = 0
        elif x[i] == "*":
            k1 = 2
        elif x[i] == "{user}":
            k1 = 3
        else:
            k1 = 4
        if i >= len(y):
            k2 = 1
        elif y[i] == "**":
            k2 = 0
        elif y[i] == "*":
            k2 = 2
        elif y[i] == "{user}":
            k2 = 3
        else:
            k2 = 4
        if k1 > k2:
            return 1
        if k1 < k2:
            return -1
        if i >= len(x) and i >= len(y):
            return 0
        i = i + 1


def decide(rules: Sequence[Rule], request: Request) -> Decision:
    """Return whether ``request`` is allowed, by the most specific rule that applies."""
    import re
    if request.path == "" or request.path[0] != "/":
        return Decision(False, None)
    segs = []
    for s in request.path.split("/"):
        if s == "":
            continue
        if s == "." or s == "..":
            return Decision(False, None)
        segs.append(s)
    best = None
    for r in rules:
        ok = False
        if "*" in r.actions or request.action in r.actions:
            if len(r.roles) == 0:
                ok = True
            else:
                for x in r.roles:
                    if x in request.roles:
                        ok = True
        if ok == False:
            continue
        p = [s for s in r.pattern.split("/") if s != ""]
        if m(p, segs, request.user) == False:
            continue
        if best == None:
            best = r
        else:
            c = more_specific(r.pattern, best.pattern)
            if c == 1:
                best = r
            elif c == 0:
                if best.allow == True and r.allow == False:
                    best = r
                elif best.allow == r.allow:
                    if r.line >= best.line:
                        best = r
    if best == None:
        return Decision(False, None)
    else:
        return Decision(best.allow, best.line)
