"""Figures from the access log of one day.

A line has six words: time, method, path, status, size in bytes (or ``-``) and milliseconds, as in
``09:15:02 GET /shop/cart?item=7 200 512 31``. Blank lines and lines that begin with ``#`` are left out.
"""

from dataclasses import dataclass
from typing import List


@dataclass(frozen=True)
class Row:
    """Requests for one path. ``errors`` are those with a status of 500 or above; times are in milliseconds.

    ``share`` is the part of all requests that were counted, in per cent, rounded to one decimal.
    """

    name: str
    hits: int
    errors: int
    size: int
    slowest: int
    median: int
    share: float


@dataclass(frozen=True)
class Summary:
    """``total`` lines that could be read, the numbers (from 1) of those that could not, and the rows."""

    total: int
    bad: List[int]
    rows: List[Row]


def parse(line):
    w = line.split()
    ok = True
    if len(w) != 6 or not line.isascii():
        ok = False
    else:
        t = w[0].split(":")
        if len(t) != 3:
            ok = False
        else:
            for x in t:
                if len(x) != 2 or not x.isdecimal():
                    ok = False
            if ok == True and (int(t[0]) > 23 or int(t[1]) > 59 or int(t[2]) > 59):
                ok = False
        if not (w[1].isalpha() and w[1].isupper()) or w[2][0] != "/":
            ok = False
        if not w[3].isdecimal() or len(w[3]) != 3 or int(w[3]) < 100 or int(w[3]) > 599:
            ok = False
        if (w[4] != "-" and not w[4].isdecimal()) or not w[5].isdecimal():
            ok = False
    if ok == False:
        return None
    path = w[2].split("?")[0]
    while len(path) > 1 and path[-1] == "/":
        path = path[:-1]
    segments = path.split("/")
    for i in range(len(segments)):
        if segments[i].isdecimal():
            segments[i] = ":id"
    path = "/".join(segments)
    if w[4] == "-":
        size = 0
    else:
        size = int(w[4])
    return [int(t[0]), w[1], path, int(w[3]), size, int(w[5])]


def median(s):
    if len(s) % 2 == 1:
        return s[len(s) // 2]
    else:
        return (s[len(s) // 2 - 1] + s[len(s) // 2]) // 2


def summarise(lines, per_method=False, errors_only=False, top=0):
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    groups = dict()
    bad = []
    total = 0
    all_hits = 0
    number = 0
    for line in lines:
        number += 1
        if line.strip() != "" and line.strip()[0] != "#":
            p = parse(line)
            if p == None:
                bad.append(number)
            else:
                total += 1
                if errors_only == False or p[3] >= 400:
                    if per_method == True:
                        name = p[1] + " " + p[2]
                    else:
                        name = p[2]
                    if not name in groups.keys():
                        groups[name] = [0, 0, 0, []]
                    all_hits += 1
                    groups[name][0] += 1
                    if p[3] >= 500:
                        groups[name][1] += 1
                    groups[name][2] += p[4]
                    groups[name][3].append(p[5])
    rows = []
    other = [0, 0, 0, []]
    for name in sorted(groups.keys(), key=lambda n: -groups[n][0]):
        g = groups[name]
        if top == 0 or len(rows) < top:
            s = sorted(g[3])
            rows.append(Row(name, g[0], g[1], g[2], s[-1], median(s), round(100 * g[0] / all_hits, 1)))
        else:
            for i in range(4):
                other[i] = other[i] + g[i]
    if other[0] > 0:
        s = sorted(other[3])
        rows.append(Row("(other)", other[0], other[1], other[2], s[-1], median(s), round(100 * other[0] / all_hits, 1)))
    return Summary(total, bad, rows)


def hourly(lines, errors_only=False):
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    count = [0] * 24
    seen = []
    for line in lines:
        if line.strip() != "" and line.strip()[0] != "#":
            p = parse(line)
            if p != None:
                seen.append(p[0])
                if errors_only == False or p[3] >= 400:
                    count[p[0]] += 1
    result = []
    if len(seen) > 0:
        for hour in range(min(seen), max(seen) + 1):
            result.append((hour, count[hour]))
    return result
