"""Numbers as people read them. One place, so that a page, a table and a terminal show the same digits.

Missing is never 0: every function takes ``None`` and answers with a word or a dash.
"""

from __future__ import annotations

from datetime import UTC, datetime

MISSING = "\N{EN DASH}"
UNKNOWN = "unknown"
AT_LEAST = "≥"

# Parts of a score that are a share, 0 to 1; the others go to 100.
SHARES = frozenset({"tests"})
LEAST_SHOWN = 1e-9  # USD
MOST_PLACES = 9
LEAST_P = 0.001
MINUTE = 60
MINUS = "\N{MINUS SIGN}"


def signed(text: str) -> str:
    """Swap the ASCII hyphen of a number for the minus sign of its width."""
    return text.replace("-", MINUS)


def count(value: int | None, missing: str = UNKNOWN) -> str:
    """``12,345``."""
    return missing if value is None else signed(f"{value:,}")


def decimal(value: float | None, places: int = 1, missing: str = MISSING) -> str:
    """A fixed number of places; what rounds to zero has no sign."""
    if value is None:
        return missing
    return signed(f"{round(value, places) + 0.0:,.{places}f}")


def places_of(metric: str) -> int:
    """How many decimal places a part of the score is shown with."""
    return 2 if metric in SHARES else 1


def scale_of(measure: str) -> float:
    """How a measure is multiplied to be shown: a rate as per cent, everything else as it is."""
    return 100.0 if measure == "solved" else 1.0


def amount(measure: str, value: float | None, missing: str = MISSING) -> str:
    """A value of ``measure``: ``66.7%`` for a rate, ``71.3`` for a score."""
    if value is None:
        return missing
    return decimal(value * scale_of(measure)) + ("%" if measure == "solved" else "")


def bare(measure: str, value: float | None, missing: str = MISSING) -> str:
    """The same without its unit, for the inside of intervals and for spreads."""
    return missing if value is None else decimal(value * scale_of(measure))


def interval(measure: str, low: float | None, high: float | None) -> str:
    """``51.2 to 79.0``, or nothing when a bound is missing."""
    return "" if low is None or high is None else f"{bare(measure, low)} to {bare(measure, high)}"


def difference(measure: str, value: float | None) -> str:
    """A signed difference in points: ``+12.5``."""
    if value is None:
        return MISSING
    text = decimal(value * scale_of(measure))
    return text if text.startswith(MINUS) or float(text.replace(",", "")) == 0 else f"+{text}"


def difference_interval(measure: str, low: float | None, high: float | None) -> str:
    """``+2.0 to +6.0``, or nothing when a bound is missing."""
    return "" if low is None or high is None else f"{difference(measure, low)} to {difference(measure, high)}"


def usd(value: float | None, missing: str = UNKNOWN) -> str:
    """Dollars: two places from 1 up, three significant digits below, so that $0.00042 is not $0.00."""
    if value is None:
        return missing
    size = abs(value)
    if size >= 1 or size == 0:
        return signed(f"${value:,.2f}")
    if size < LEAST_SHOWN:
        return f"<${LEAST_SHOWN:.9f}"
    places = 3
    while places < MOST_PLACES and round(size, places) < 10 ** (2 - places):
        places += 1
    return signed(f"${value:.{places}f}")


def usd_interval(low: float | None, high: float | None) -> str:
    """``$0.061 to $0.104``; an open upper end is said."""
    if low is None and high is None:
        return ""
    return f"{usd(low)} to {'no upper bound' if high is None else usd(high)}"


def at_least(text: str, lower_bound: bool) -> str:
    """Mark a lower bound."""
    return f"{AT_LEAST} {text}" if lower_bound and text not in {UNKNOWN, MISSING} else text


def p_value(value: float | None, missing: str = MISSING) -> str:
    """Three places; what is smaller is said to be smaller."""
    if value is None:
        return missing
    return "<0.001" if value < LEAST_P else f"{value:.3f}"


def seconds(value: float | None) -> str:
    """Seconds with a unit; minutes above two of them."""
    if value is None:
        return UNKNOWN
    if value >= 2 * MINUTE:
        return f"{value / MINUTE:,.1f} min"
    return f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def moment(milliseconds: int) -> str:
    """UTC milliseconds as ``2026-01-31 09:15 UTC``."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def plural(number: int, noun: str) -> str:
    """``1 task``, ``24 tasks``."""
    return f"{count(number)} {noun if number == 1 else noun + 's'}"
