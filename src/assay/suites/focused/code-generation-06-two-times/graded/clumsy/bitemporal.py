"""Values along two axes of time: when something is the case, and when it was known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, List, Optional, Tuple
import sys


class Missing(Enum):
    """The mark for no value."""

    MISSING = "missing"


MISSING = Missing.MISSING


@dataclass(frozen=True)
class Span:
    """A value during ``[start, end)``; end None = for ever."""

    start: int
    end: int | None
    value: Any


@dataclass(frozen=True)
class Belief:
    """A value, or ``MISSING``, that was believed from ``known`` on."""

    known: int
    value: Any


@dataclass(frozen=True)
class Change:
    """Another belief about ``[start, end)``; end None = for ever."""

    start: int
    end: int | None
    old: Any
    new: Any


class History:
    def __init__(self):
        self.w = []

    def chk(self, start, end, known):
        if end != None:
            if end <= start:
                raise ValueError("period")
        if len(self.w) > 0:
            if known < self.w[-1]["known"]:
                raise ValueError("known")

    def put(self, key: str, value: Any, start: int, end: Optional[int] = None, *, known: int) -> int:
        self.chk(start, end, known)
        self.w.append({"n": len(self.w) + 1, "type": "put", "key": key, "value": value, "start": start, "end": end, "known": known})
        return len(self.w)

    def erase(self, key: str, start: int, end: Optional[int] = None, *, known: int) -> int:
        self.chk(start, end, known)
        self.w.append({"n": len(self.w) + 1, "type": "erase", "key": key, "value": MISSING, "start": start, "end": end, "known": known})
        return len(self.w)

    def dead(self, known):
        d = []
        i = len(self.w) - 1
        while i >= 0:
            x = self.w[i]
            if known == None or x["known"] <= known:
                if x["type"] == "retract":
                    if x["n"] in d:
                        pass
                    else:
                        d.append(x["target"])
            i = i - 1
        return d

    def retract(self, number: int, *, known: int) -> int:
        found = False
        for x in self.w:
            if x["n"] == number:
                found = True
        if found == False:
            raise LookupError("no such write")
        self.chk(0, None, known)
        if number in self.dead(None):
            raise ValueError("retracted")
        self.w.append({"n": len(self.w) + 1, "type": "retract", "target": number, "known": known, "key": None})
        return len(self.w)

    def value(self, key: str, at: int, known: Optional[int] = None, default: Any = None) -> Any:
        d = self.dead(known)
        result = MISSING
        for x in self.w:
            if known == None or x["known"] <= known:
                if x["type"] != "retract" and x["key"] == key:
                    if not x["n"] in d:
                        if x["start"] <= at:
                            if x["end"] == None or at < x["end"]:
                                result = x["value"]
        if result is MISSING:
            return default
        else:
            return result

    def points(self, key):
        p = []
        for x in self.w:
            if x["type"] != "retract" and x["key"] == key:
                if not x["start"] in p:
                    p.append(x["start"])
                if x["end"] != None and not x["end"] in p:
                    p.append(x["end"])
        p = sorted(list(p))
        return p

    def timeline(self, key: str, known: Optional[int] = None) -> List[Span]:
        p = self.points(key)
        out = []
        for i in range(0, len(p)):
            s = p[i]
            if i + 1 < len(p):
                e = p[i + 1]
            else:
                e = None
            v = self.value(key, s, known, MISSING)
            if v is MISSING:
                continue
            else:
                if len(out) > 0:
                    if out[-1].end == s and out[-1].value == v:
                        l = out[-1]
                        out[-1] = Span(l.start, e, v)
                    else:
                        out.append(Span(s, e, v))
                else:
                    out.append(Span(s, e, v))
        return out

    def keys(self, known: Optional[int] = None) -> List[str]:
        r = []
        for x in self.w:
            if x["type"] != "retract":
                if not x["key"] in r:
                    if len(self.timeline(x["key"], known)) > 0:
                        r.append(x["key"])
        return sorted(list(r))

    def beliefs(self, key: str, at: int) -> List[Belief]:
        times = []
        for x in self.w:
            if not x["known"] in times:
                times.append(x["known"])
        r = []
        for t in times:
            v = self.value(key, at, t, MISSING)
            if len(r) == 0:
                if v is not MISSING:
                    r.append(Belief(t, v))
            else:
                if r[-1].value != v:
                    r.append(Belief(t, v))
                else:
                    pass
        return r

    def changes(self, key: str, since: int, until: int) -> List[Change]:
        p = self.points(key)
        r = []
        for i in range(0, len(p)):
            s = p[i]
            if i + 1 < len(p):
                e = p[i + 1]
            else:
                e = None
            a = self.value(key, s, since, MISSING)
            b = self.value(key, s, until, MISSING)
            if a != b:
                if len(r) > 0:
                    l = r[-1]
                    if l.end == s and l.old == a and l.new == b:
                        r[-1] = Change(l.start, e, a, b)
                    else:
                        r.append(Change(s, e, a, b))
                else:
                    r.append(Change(s, e, a, b))
        return r
