"""Trials without a verdict, in words: how many, why, and what they could change."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assay.analysis import words
from assay.analysis.base import ArmSummary

# Outcomes that are no verdict on an arm, and what they are called.
FAILURES = {
    "provider_error": "provider failure",
    "infrastructure": "machine failure",
    "harness_error": "harness failure",
}
# More brackets than this are left to their table.
BRACKETS_IN_PROSE = 4


def without_verdict(arms: Sequence[ArmSummary], compared: Collection[str], primary: str) -> str:
    """Name the arms that have no value of the primary measure, and why; "" when every arm has one."""
    said = [f"{arm.label} ({_why(arm, primary)})" for arm in arms if arm.id not in compared]
    return f"Without a verdict: {words.first(said)}." if said else ""


def _why(arm: ArmSummary, primary: str) -> str:
    if not arm.n_trials:
        return "no trial has settled"
    if arm.n_scored:
        return f"no trial has a value of {primary}"
    return causes([arm])


def causes(arms: Sequence[ArmSummary]) -> str:
    """Why trials have no verdict, with counts: failures of machines apart from verdicts that were not reached."""
    missing = sum(arm.n_trials - arm.n_scored for arm in arms)
    found = {key: sum(arm.by_outcome.get(key, 0) for arm in arms) for key in FAILURES}
    parts = [words.plural(found[key], noun) for key, noun in FAILURES.items() if found[key]]
    rest = missing - sum(found.values())
    if rest > 0:
        parts.append(f"{rest:,} not verified")
    return words.listed(parts)


def left_out(arms: Sequence[ArmSummary]) -> str:
    """Say how many trials have no verdict and why, and what the worst and the best case would make of it."""
    hit = [arm for arm in arms if arm.bracket is not None]
    if not hit:
        return ""
    count = sum(arm.n_trials - arm.n_scored for arm in hit)
    has, is_ = ("has", "is") if count == 1 else ("have", "are")
    ranges = [f"{arm.label} {arm.bracket[0]:.0%} to {arm.bracket[1]:.0%}" for arm in hit if arm.bracket]
    said = f"{words.plural(count, 'trial')} {has} no verdict ({causes(hit)}) and {is_} left out"
    if len(ranges) > BRACKETS_IN_PROSE:
        return f"{said}; what they could change stands under run health."
    return f"{said}; counted as failed or as solved they would give {words.listed(ranges)}."
