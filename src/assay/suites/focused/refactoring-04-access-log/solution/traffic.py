"""Figures from the access log of one day.

A line has six words: time, method, path, status, size in bytes (or ``-``) and milliseconds, as in
``09:15:02 GET /shop/cart?item=7 200 512 31``. Blank lines and lines that begin with ``#`` are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

OTHER = "(other)"
ERROR = 400
SERVER_ERROR = 500

LINE = re.compile(
    r"\s*(?P<hour>[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\s+(?P<method>[A-Z]+)\s+(?P<path>/\S*)"
    r"\s+(?P<status>[1-5][0-9][0-9])\s+(?P<size>[0-9]+|-)\s+(?P<time>[0-9]+)\s*",
)


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


def summarise(lines: Iterable[str], per_method: bool = False, errors_only: bool = False, top: int = 0) -> Summary:
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    numbered = list(_read(lines))
    requests = [request for _, request in numbered if request]
    groups: dict[str, list[Request]] = {}
    for request in _counted(requests, errors_only):
        name = f"{request.method} {request.path}" if per_method else request.path
        groups.setdefault(name, []).append(request)
    bad = [number for number, request in numbered if not request]
    return Summary(len(requests), bad, _rows(groups, top))


def hourly(lines: Iterable[str], errors_only: bool = False) -> list[tuple[int, int]]:
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    requests = [request for _, request in _read(lines) if request]
    if not requests:
        return []
    hours = [request.hour for request in requests]
    counted = [request.hour for request in _counted(requests, errors_only)]
    return [(hour, counted.count(hour)) for hour in range(min(hours), max(hours) + 1)]


def _read(lines: Iterable[str]) -> Iterator[tuple[int, Request | None]]:
    """Yield the number of each line and its request, None where it cannot be read."""
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, _request(line)


def _request(line: str) -> Request | None:
    found = LINE.fullmatch(line)
    if not found or not line.isascii():
        return None
    size = 0 if found["size"] == "-" else int(found["size"])
    status, time = int(found["status"]), int(found["time"])
    return Request(int(found["hour"]), found["method"], _path(found["path"]), status, size, time)


def _path(target: str) -> str:
    path = target.partition("?")[0].rstrip("/") or "/"
    return "/".join(":id" if segment.isdecimal() else segment for segment in path.split("/"))


def _counted(requests: list[Request], errors_only: bool) -> list[Request]:
    return [request for request in requests if request.status >= ERROR] if errors_only else requests


def _rows(groups: dict[str, list[Request]], top: int) -> list[Row]:
    everything = sum(map(len, groups.values()))
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    shown = ordered[: top or None]
    rest = [request for _, requests in ordered[len(shown) :] for request in requests]
    if rest:
        shown.append((OTHER, rest))
    return [_row(name, requests, everything) for name, requests in shown]


def _row(name: str, requests: list[Request], everything: int) -> Row:
    times = sorted(request.time for request in requests)
    hits = len(requests)
    return Row(
        name=name,
        hits=hits,
        errors=sum(request.status >= SERVER_ERROR for request in requests),
        size=sum(request.size for request in requests),
        slowest=times[-1],
        median=(times[(hits - 1) // 2] + times[hits // 2]) // 2,
        share=round(100 * hits / everything, 1),
    )
