"""Durations as short text: ``1h30m`` and back."""

from __future__ import annotations
import re, sys
from typing import Optional


def parse_duration(text: str) -> int:
    """Return the whole seconds that ``text`` stands for; raise ``ValueError`` when it is not a duration."""
    t = text.strip()
    if t == "0":
        return 0
    if t == None or len(t) == 0:
        raise ValueError("empty")
    d = None
    h = None
    m = None
    s = None
    num = ""
    for i in range(0, len(t)):
        c = t[i]
        if c in "0123456789":
            num = num + c
        else:
            if num == "":
                raise ValueError("bad")
            if c == "d":
                if d is not None or h is not None or m is not None or s is not None:
                    raise ValueError("bad")
                else:
                    d = int(num)
            elif c == "h":
                if h is not None or m is not None or s is not None:
                    raise ValueError("bad")
                else:
                    h = int(num)
            elif c == "m":
                if m is not None or s is not None:
                    raise ValueError("bad")
                else:
                    m = int(num)
            elif c == "s":
                if s is not None:
                    raise ValueError("bad")
                else:
                    s = int(num)
            else:
                raise ValueError("bad")
            num = ""
    if num != "":
        raise ValueError("bad")
    result = 0
    if d is not None:
        result = result + d * 86400
    if h is not None:
        result = result + h * 3600
    if m is not None:
        result = result + m * 60
    if s is not None:
        result = result + s
    return result


def format_duration(seconds: int) -> str:
    """Return ``seconds`` as the shortest normal text; raise ``ValueError`` when negative."""
    if seconds < 0:
        raise ValueError("negative")
    if seconds == 0:
        return "0"
    d = seconds // 86400
    h = (seconds % 86400) // 3600
    m = ((seconds % 86400) % 3600) // 60
    s = ((seconds % 86400) % 3600) % 60
    out = ""
    if d != 0:
        out = out + str(d) + "d"
    if h != 0:
        out = out + str(h) + "h"
    if m != 0:
        out = out + str(m) + "m"
    if s != 0:
        out = out + str(s) + "s"
    return out
