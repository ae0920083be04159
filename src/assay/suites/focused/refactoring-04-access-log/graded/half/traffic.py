"""Figures from the access log of one day.

A line has six words: time, method, path, status, size in bytes (or ``-``) and milliseconds, as in
``09:15:02 GET /shop/cart?item=7 200 512 31``. Blank lines and lines that begin with ``#`` are left out.
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from dataclasses import dataclass

LINE = re.compile(r"(\d\d):(\d\d):(\d\d) ([A-Z]+) (/\S*) (\d{3}) (\d+|-) (\d+)")


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
    bad: list[int]
    rows: list[Row]


@dataclass(frozen=True)
class Request:
    """What one line says."""

    hour: int
    method: str
    path: str
    status: int
    size: int
    time: int


def read(lines, errors_only):
    """Return the requests that count, and the numbers of bad lines."""
    requests = []
    bad = []
    useful = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    for number, line in enumerate(useful, start=1):
        match = LINE.fullmatch(line)
        if not match:
            bad.append(number)
            continue
        hour, _, _, method, path, status, size, time = match.groups()
        path = re.sub(r"/\d+", "/:id", path.partition("?")[0].rstrip("/")) or "/"
        request = Request(int(hour), method, path, int(status), 0 if size == "-" else int(size), int(time))
        if request.status >= 400 or not errors_only:
            requests.append(request)
    return requests, bad


def to_row(name, requests, total):
    """Return the figures of one row."""
    times = [request.time for request in requests]
    return Row(
        name,
        len(requests),
        sum(request.status >= 500 for request in requests),
        sum(request.size for request in requests),
        max(times),
        int(statistics.median(times)),
        round(100 * len(requests) / total, 1),
    )


def summarise(lines, per_method=False, errors_only=False, top=0):
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    requests, bad = read(lines, errors_only)
    groups = defaultdict(list)
    for request in requests:
        groups[f"{request.method} {request.path}" if per_method else request.path].append(request)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    if top and len(ordered) > top:
        ordered[top:] = [("(other)", [request for _, group in ordered[top:] for request in group])]
    return Summary(len(requests), bad, [to_row(name, group, len(requests)) for name, group in ordered])


def hourly(lines, errors_only=False):
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    requests, _ = read(lines, errors_only)
    hours = [request.hour for request in requests]
    return [(hour, hours.count(hour)) for hour in range(min(hours), max(hours) + 1)] if hours else []
