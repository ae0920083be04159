"""Progress on a terminal as a live line, elsewhere as plain lines now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from assay.cli.output import duration, progress, usd
from assay.run.progress import Observer, Snapshot

PLAIN_EVERY_S = 10.0
BAR = 30


def line(snapshot: Snapshot) -> str:
    """Return the state of a run in one line."""
    share = snapshot.settled / snapshot.planned if snapshot.planned else 1.0
    filled = int(share * BAR)
    spent = usd(snapshot.spent_usd) + (" simulated" if snapshot.simulated else "")
    if snapshot.max_cost is not None and not snapshot.simulated:
        spent += f" of {usd(snapshot.max_cost)}"
    left = "" if snapshot.left_s is None else f"  about {duration(snapshot.left_s / 60)} left"
    odd = "  ".join(f"{word}: {count}" for word, count in sorted(snapshot.ended.items()) if word != "completed")
    bar = f"[{'#' * filled}{'.' * (BAR - filled)}]"
    counts = f"{snapshot.settled}/{snapshot.planned} trials, {snapshot.running} running, {snapshot.scored} scored"
    return f"{bar} {counts}  {spent}{left}{'  ' + odd if odd else ''}"


class _LiveObserver:
    def __init__(self, live: Live, console: Console) -> None:
        self._live, self._console = live, console

    def update(self, snapshot: Snapshot) -> None:
        self._live.update(Text(line(snapshot), overflow="ellipsis", no_wrap=True))

    def message(self, text: str) -> None:
        self._console.print(text)


class _PlainObserver:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = 0.0
        self._shown = ""

    def update(self, snapshot: Snapshot) -> None:
        now = time.monotonic()
        text = line(snapshot)
        finished = snapshot.settled == snapshot.planned and snapshot.scored >= snapshot.to_score
        if text != self._shown and (now - self._last >= PLAIN_EVERY_S or finished):
            self._last, self._shown = now, text
            self._console.print(text)

    def message(self, text: str) -> None:
        self._console.print(text)


@contextmanager
def observer() -> Iterator[Observer]:
    """Yield the observer that fits stderr."""
    console = progress()
    if not console.is_terminal:
        yield _PlainObserver(console)
        return
    with Live(Text(""), console=console, refresh_per_second=5, transient=True) as live:
        yield _LiveObserver(live, console)
