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


def summarise(lines, per_method=False, errors_only=False, top=0):
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    names = []
    hits = []
    errors = []
    sizes = []
    times = []
    bad = []
    total = 0
    number = 0
    for line in lines:
        number += 1
        if line.strip() != "" and line.strip()[0] != "#":
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
                bad.append(number)
            else:
                total += 1
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
                if per_method == True:
                    if errors_only == False or int(w[3]) >= 400:
                        if w[1] + " " + path in names:
                            i = names.index(w[1] + " " + path)
                            hits[i] += 1
                            if int(w[3]) >= 500:
                                errors[i] += 1
                            sizes[i] += size
                            times[i].append(int(w[5]))
                        else:
                            names.append(w[1] + " " + path)
                            hits.append(1)
                            if int(w[3]) >= 500:
                                errors.append(1)
                            else:
                                errors.append(0)
                            sizes.append(size)
                            times.append([int(w[5])])
                else:
                    if errors_only == False or int(w[3]) >= 400:
                        if path in names:
                            i = names.index(path)
                            hits[i] += 1
                            if int(w[3]) >= 500:
                                errors[i] += 1
                            sizes[i] += size
                            times[i].append(int(w[5]))
                        else:
                            names.append(path)
                            hits.append(1)
                            if int(w[3]) >= 500:
                                errors.append(1)
                            else:
                                errors.append(0)
                            sizes.append(size)
                            times.append([int(w[5])])
    all_hits = sum(hits)
    rows = []
    while len(names) > 0 and (top == 0 or len(rows) < top):
        best = 0
        for i in range(len(names)):
            if hits[i] > hits[best]:
                best = i
        s = sorted(times[best])
        if len(s) % 2 == 1:
            m = s[len(s) // 2]
        else:
            m = (s[len(s) // 2 - 1] + s[len(s) // 2]) // 2
        share = round(100 * hits[best] / all_hits, 1)
        rows.append(Row(names[best], hits[best], errors[best], sizes[best], s[-1], m, share))
        del names[best], hits[best], errors[best], sizes[best], times[best]
    if len(names) > 0:
        s = []
        for l in times:
            for x in l:
                s.append(x)
        s.sort()
        if len(s) % 2 == 1:
            m = s[len(s) // 2]
        else:
            m = (s[len(s) // 2 - 1] + s[len(s) // 2]) // 2
        share = round(100 * sum(hits) / all_hits, 1)
        rows.append(Row("(other)", sum(hits), sum(errors), sum(sizes), s[-1], m, share))
    return Summary(total, bad, rows)


def hourly(lines, errors_only=False):
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    count = [0] * 24
    seen = []
    for line in lines:
        if line.strip() != "" and line.strip()[0] != "#":
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
            if ok == True:
                seen.append(int(t[0]))
                if errors_only == False or int(w[3]) >= 400:
                    count[int(t[0])] += 1
    result = []
    if len(seen) > 0:
        for hour in range(min(seen), max(seen) + 1):
            result.append((hour, count[hour]))
    return result
