"""Numbers as people read them: money, points, counts, intervals. Plain English, no symbols to decode."""

from __future__ import annotations

from collections.abc import Sequence

from assay.analysis.base import Estimate, Finding
from assay.analysis.table import SOLVED
from assay.records import Verdict

_LEAST = 1e-6
_CENTS = 0.1
_DOLLARS = 100.0
_NAMED = 4
_HOUR_S = 3600
_MINUTE_S = 60


def money(usd: float | None) -> str:
    """``$0.08``, ``$0.0042``, ``$120``; a missing price is a word, never $0; what is tiny is not $0 either."""
    if usd is None:
        return "an unknown amount"
    if usd == 0:
        return "$0"
    if usd < _LEAST:
        return f"below ${_LEAST:f}"
    if usd >= _DOLLARS:
        return f"${usd:,.0f}"
    rounded = float(f"{usd:.2g}")
    return f"${usd:.2f}" if rounded >= _CENTS else f"${rounded:f}".rstrip("0")


def duration(seconds: float) -> str:
    """``40 seconds``, ``35 minutes``, ``3.5 hours``."""
    if seconds < 2 * _MINUTE_S:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 2 * _HOUR_S:
        return f"{round(seconds / _MINUTE_S)} minutes"
    return f"{seconds / _HOUR_S:.1f} hours"


def points(value: float, measure: str) -> str:
    """``+6`` or ``-4``: percentage points of a rate, points of a score."""
    scaled = value * 100 if measure == SOLVED else value
    digits = 0 if abs(scaled) >= 1 or scaled == 0 else 1
    text = f"{scaled:+.{digits}f}"
    return "0" if float(text) == 0 else text


def plural(count: int, noun: str) -> str:
    """``1 task``, ``24 tasks``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(parts: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def first(parts: Sequence[str]) -> str:
    """``a, b, c, d and 3 more``: the first few of many, and how many are left; a table has them all."""
    if len(parts) <= _NAMED + 1:
        return listed(parts)
    return listed([*parts[:_NAMED], f"{len(parts) - _NAMED} more"])


def probability(p: float | None) -> str:
    """``p 0.03``, ``p below 0.0001``."""
    if p is None:
        return "p unknown"
    return "p below 0.0001" if p < 1e-4 else f"p {p:.2g}"  # noqa: PLR2004  # what a reader can use


def difference(finding: Finding) -> str:
    """``difference -4 points, 95% -14 to +6``, or why there is no interval."""
    if finding.difference is None:
        return "no difference can be computed"
    unit = "point" if points(finding.difference, finding.measure) in {"+1", "-1"} else "points"
    head = f"difference {points(finding.difference, finding.measure)} {unit}"
    if finding.low is None or finding.high is None:
        return f"{head}, no interval"
    return f"{head}, 95% {points(finding.low, finding.measure)} to {points(finding.high, finding.measure)}"


def rate(estimate: Estimate, measure: str) -> str:
    """``69%`` or ``81.2``, with its interval when there is one."""
    if estimate.mean is None:
        return "unknown"
    scale, suffix, digits = (100.0, "%", 0) if measure == SOLVED else (1.0, "", 1)
    text = f"{estimate.mean * scale:.{digits}f}{suffix}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text}, 95% {estimate.low * scale:.{digits}f} to {estimate.high * scale:.{digits}f}{suffix}"


def claim(finding: Finding, a: str, b: str) -> str:
    """The finding as half a sentence, in the five words."""
    margin = "" if finding.margin is None else f" {points(finding.margin, finding.measure).lstrip('+')}-point"
    said = {
        Verdict.BETTER: f"{a} is better than {b}",
        Verdict.WORSE: f"{b} is better than {a}",
        Verdict.NOT_WORSE: f"{a} is not worse than {b} within the{margin} margin",
        Verdict.EQUAL: f"{a} and {b} are equal within the{margin} margin",
        Verdict.NOT_ESTABLISHED: f"{a} against {b}",
    }
    return said[finding.verdict]
