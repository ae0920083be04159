"""Figures from the access log of one day.

A line has six words: time, method, path, status, size in bytes (or ``-``) and milliseconds, as in
``09:15:02 GET /shop/cart?item=7 200 512 31``. Blank lines and lines that begin with ``#`` are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        r"[A-Z]+",
        r"/[^\s]*",
        r"[1-5][0-9][0-9]",
        r"[0-9]+|-",
        r"[0-9]+",
    )
]


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


class Request(NamedTuple):
    """What is counted of one line."""

    hour: int
    method: str
    path: str
    status: int
    size: int
    time: int


@dataclass
class Log:
    """The requests of a log, and the numbers of the lines that could not be read."""

    requests: list[Request] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)

    def counted(self, errors_only: bool) -> list[Request]:
        """Return all requests, or those that failed."""
        return [request for request in self.requests if not errors_only or request.status >= 400]


def summarise(lines: Iterable[str], per_method: bool = False, errors_only: bool = False, top: int = 0) -> Summary:
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    log = _read(lines)
    counted = log.counted(errors_only)
    groups = _group(counted, _method_and_path if per_method else _path)
    if top:
        groups = _with_other(groups, top)
    rows = [_row(name, requests, len(counted)) for name, requests in groups]
    return Summary(len(log.requests), log.bad, rows)


def hourly(lines: Iterable[str], errors_only: bool = False) -> list[tuple[int, int]]:
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    log = _read(lines)
    hours = [request.hour for request in log.requests]
    counts = Counter(request.hour for request in log.counted(errors_only))
    return [(hour, counts[hour]) for hour in range(min(hours, default=0), max(hours, default=-1) + 1)]


def _read(lines: Iterable[str]) -> Log:
    log = Log()
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if line.isascii() and _is_request(words):
            log.requests.append(_request(*words))
        else:
            log.bad.append(number)
    return log


def _is_request(words: list[str]) -> bool:
    pairs = zip(PATTERNS, words, strict=False)
    return len(words) == len(PATTERNS) and all(pattern.fullmatch(word) for pattern, word in pairs)


def _request(at: str, method: str, target: str, status: str, size: str, time: str) -> Request:
    size_in_bytes = 0 if size == "-" else int(size)
    return Request(int(at[:2]), method, _normal_path(target), int(status), size_in_bytes, int(time))


def _normal_path(target: str) -> str:
    path = target.split("?")[0].rstrip("/") or "/"
    return "/".join(":id" if segment.isdecimal() else segment for segment in path.split("/"))


def _path(request: Request) -> str:
    return request.path


def _method_and_path(request: Request) -> str:
    return f"{request.method} {request.path}"


def _group(requests: list[Request], name_of: Callable[[Request], str]) -> list[tuple[str, list[Request]]]:
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(name_of(request), []).append(request)
    return sorted(groups.items(), key=lambda group: len(group[1]), reverse=True)


def _with_other(groups: list[tuple[str, list[Request]]], top: int) -> list[tuple[str, list[Request]]]:
    rest = [request for _, requests in groups[top:] for request in requests]
    return groups[:top] + ([("(other)", rest)] if rest else [])


def _row(name: str, requests: list[Request], all_hits: int) -> Row:
    times = sorted(request.time for request in requests)
    hits = len(requests)
    errors = sum(request.status >= 500 for request in requests)
    size = sum(request.size for request in requests)
    share = round(100 * hits / all_hits, 1)
    return Row(name, hits, errors, size, times[-1], _median(times), share)


def _median(times: list[int]) -> int:
    middle = len(times) // 2
    return (times[middle] + times[~middle]) // 2
