"""Lint and complexity: from what ruff and lizard say to numbers between 0 and 100.

Lint: with ``v`` violations per 100 non-blank lines the score is ``100 * 2**(-v / 5)``: no violation gives 100, five per
100 lines give 50, ten give 25.

Complexity: with mean ``m`` and maximum ``x`` of the functions' cyclomatic complexity (McCabe 1976, as lizard counts)
the score is ``50 * 2**(-(m - 1) / 12) + 50 * 2**(-(x - 1) / 24)``: straight-line code gives 100, a mean of 13 with a
maximum of 25 gives 50. Both fall for ever and never reach 0, so that two bad answers still differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.records import Record

LINT_HALF = 5.0
MEAN_HALF = 12.0
MAX_HALF = 24.0
LANGUAGES = frozenset({"python"})
MAX_SOURCE = 4 << 20

# Fixed, and part of the scorer's hash: neither the task nor the answer can change it.
RULES = ("E", "W", "F", "A", "B", "C4", "N", "PERF", "PIE", "RET", "SIM", "UP")
LINE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Part(Record):
    """One quality part: ``score`` 0..100 with raw numbers, or None with a ``reason``."""

    score: float | None
    reason: str | None = None
    raw: float | None = None
    details: Mapping[str, Any] | None = None


def lint_arguments(files: Sequence[str]) -> list[str]:
    """Return the command that lints ``files`` by our rules only: the answer's settings and ``noqa`` are ignored."""
    options = ("--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--quiet", "--output-format=json")
    rules = ("--select", ",".join(RULES), "--line-length", str(LINE_LENGTH), "--target-version", "py311")
    return ["ruff", "check", *options, *rules, "--", *files]


def lint(language: str, files: Sequence[str], lines: int, answer: Mapping[str, Any] | None) -> Part:
    """Read ruff's answer (``{"json": [...]}`` or ``{"error": text}``) for ``files`` of ``lines`` non-blank lines."""
    reason = _absent(language, files, answer)
    if reason is None and lines == 0:
        reason = "no line to measure"
    if reason is not None or answer is None:
        return Part(None, reason)
    found = Counter(str(one.get("code") or "invalid-syntax") for one in answer["json"])
    per_100 = 100.0 * found.total() / lines
    details = {"violations": found.total(), "lines": lines, "by_rule": dict(sorted(found.items()))}
    return Part(100.0 * 2 ** (-per_100 / LINT_HALF), None, per_100, details)


def complexity(language: str, files: Sequence[str], answer: Mapping[str, Any] | None) -> Part:
    """Read lizard's answer (``{"json": {file: {"functions": [...]}}}`` or ``{"error": text}``)."""
    reason = _absent(language, files, answer)
    if reason is not None or answer is None:
        return Part(None, reason)
    broken = [f"{name}: {one['error']}" for name, one in answer["json"].items() if "error" in one]
    if broken:
        return Part(None, f"cannot be measured: {broken[0]}")
    values = [one["complexity"] for file in answer["json"].values() for one in file["functions"]]
    if not values:
        return Part(None, "no function to measure")
    mean, most = sum(values) / len(values), max(values)
    score = 50.0 * 2 ** (-(mean - 1) / MEAN_HALF) + 50.0 * 2 ** (-(most - 1) / MAX_HALF)
    return Part(score, None, mean, {"mean": mean, "max": most, "functions": len(values)})


def _absent(language: str, files: Sequence[str], answer: Mapping[str, Any] | None) -> str | None:
    if language not in LANGUAGES:
        return f"not measured for {language}"
    if not files:
        return "no file to measure"
    if answer is None:
        return "not measured: the verifier gave no report"
    return f"not measured: {answer['error']}" if "error" in answer else None


def source_lines(workspace: Path, files: Sequence[str]) -> int:
    """Count the non-blank lines of regular files in a workspace that was rebuilt for grading."""
    return sum(
        sum(1 for line in path.read_bytes().splitlines() if line.strip())
        for name in files
        if (path := workspace / name).is_file() and not path.is_symlink() and path.stat().st_size <= MAX_SOURCE
    )
