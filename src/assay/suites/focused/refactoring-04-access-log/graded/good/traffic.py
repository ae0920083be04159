"""Figures from the access log of one day.

A line has six words: time, method, path, status, size in bytes (or ``-``) and milliseconds, as in
``09:15:02 GET /shop/cart?item=7 200 512 31``. Blank lines and lines that begin with ``#`` are left out.
"""

from dataclasses import dataclass


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


class Group:
    """The requests that are counted in one row."""

    def __init__(self, name):
        self.name = name
        self.errors = 0
        self.size = 0
        self.times = []

    def add(self, status, size, time):
        """Count one request."""
        if status >= 500:
            self.errors += 1
        self.size += size
        self.times.append(time)

    def merge(self, other):
        """Count all requests of another group."""
        self.errors += other.errors
        self.size += other.size
        self.times.extend(other.times)

    def row(self, all_hits):
        """Return the figures."""
        times = sorted(self.times)
        hits = len(times)
        middle = hits // 2
        if hits % 2 == 1:
            median = times[middle]
        else:
            median = (times[middle - 1] + times[middle]) // 2
        share = round(100 * hits / all_hits, 1)
        return Row(self.name, hits, self.errors, self.size, times[-1], median, share)


def is_time(text):
    """Tell whether text is a time of day."""
    parts = text.split(":")
    if len(parts) != 3:
        return False
    for part in parts:
        if len(part) != 2 or not part.isdecimal():
            return False
    hour, minute, second = parts
    return int(hour) <= 23 and int(minute) <= 59 and int(second) <= 59


def is_method(text):
    """Tell whether text is a method."""
    return text.isalpha() and text.isupper()


def is_status(text):
    """Tell whether text is a status."""
    return len(text) == 3 and text.isdecimal() and 100 <= int(text) <= 599


def parse_line(line):
    """Return time, method, path, status, size and duration of a line, or None if it is bad."""
    words = line.split()
    if len(words) != 6 or not line.isascii():
        return None
    time, method, path, status, size, duration = words
    if not is_time(time) or not is_method(method) or not path.startswith("/") or not is_status(status):
        return None
    if size == "-":
        size = "0"
    if not size.isdecimal() or not duration.isdecimal():
        return None
    return time, method, clean_path(path), int(status), int(size), int(duration)


def clean_path(path):
    """Return a path without query, slashes at its end, and numbers."""
    path = path.split("?")[0]
    while len(path) > 1 and path.endswith("/"):
        path = path[:-1]
    segments = []
    for segment in path.split("/"):
        if segment.isdecimal():
            segments.append(":id")
        else:
            segments.append(segment)
    return "/".join(segments)


def parse_lines(lines):
    """Return the parsed lines, and the numbers of the bad ones."""
    parsed = []
    bad = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text == "" or text.startswith("#"):
            continue
        result = parse_line(line)
        if result is None:
            bad.append(number)
        else:
            parsed.append(result)
    return parsed, bad


def cut_groups(groups, top):
    """Put all groups but the first ones together."""
    if top == 0 or len(groups) <= top:
        return groups
    other = Group("(other)")
    for group in groups[top:]:
        other.merge(group)
    return [*groups[:top], other]


def summarise(lines, per_method=False, errors_only=False, top=0):
    """Return figures by path: most requests first, then in order of appearance.

    Query strings and slashes at the end do not count, and numbers in a path are shown as ``:id``. ``per_method``
    keeps methods apart. ``errors_only`` counts requests with a status of 400 or above only. With ``top``, all rows
    but the first that many are put together in a last one, ``(other)``.
    """
    if top < 0:
        raise ValueError("top must not be negative")
    parsed, bad = parse_lines(lines)
    groups = {}
    all_hits = 0
    for _, method, path, status, size, duration in parsed:
        if errors_only and status < 400:
            continue
        name = f"{method} {path}" if per_method else path
        if name not in groups:
            groups[name] = Group(name)
        groups[name].add(status, size, duration)
        all_hits += 1
    ordered = sorted(groups.values(), key=lambda group: -len(group.times))
    rows = [group.row(all_hits) for group in cut_groups(ordered, top)]
    return Summary(len(parsed), bad, rows)


def hourly(lines, errors_only=False):
    """Return (hour, requests) for each hour of the log, from the first to the last in which anything was read."""
    parsed, _ = parse_lines(lines)
    if not parsed:
        return []
    counts = {}
    for time, _, _, status, _, _ in parsed:
        hour = int(time[:2])
        counts.setdefault(hour, 0)
        if not errors_only or status >= 400:
            counts[hour] += 1
    return [(hour, counts.get(hour, 0)) for hour in range(min(counts), max(counts) + 1)]
