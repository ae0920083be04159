"""Put a report together: one ``Document`` from analysis, lock and facts. Every text format starts here."""

from __future__ import annotations

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Target
from assay.report.agents import agents_section
from assay.report.arms import arms_section
from assay.report.comparisons import comparisons_section
from assay.report.delegation import delegation_section
from assay.report.document import Bullets, Document, Section
from assay.report.drift import drift_section
from assay.report.failures import efforts_section, failures_section
from assay.report.grounds import (
    controls_section,
    disclosures_section,
    limitations_section,
    predictions_section,
    provenance_section,
)
from assay.report.harness import harness_section
from assay.report.material import Material, shown
from assay.report.money import money_section
from assay.report.numbers import at_least, count, moment, usd
from assay.report.outcomes import health_section, outcomes_section
from assay.report.tasks import tasks_section, types_section
from assay.report.trust import telemetry_stamps, trust_section

SIMULATED = "Simulated results: the models are simulated, and nothing here says anything about a real model."
UNSAFE = "Run without a sandbox that isolates ({kind}): what an agent could see or reach was not limited."
NONE_ESTABLISHED = "Nothing, at this number of tasks."
NONE_OPEN = "Nothing was left open."
NOT_COMPARED = "Nothing was compared."
CLAIMS_FIRST = 4
SUBSCRIBED = "Paid by subscription ({names}; experimental): costs are API-equivalent, not billed"

# Those of agents, delegation, harness, efforts, failures, telemetry and drift are left out of runs that have none.
SECTIONS = (
    arms_section,
    comparisons_section,
    harness_section,
    money_section,
    agents_section,
    delegation_section,
    types_section,
    tasks_section,
    efforts_section,
    outcomes_section,
    failures_section,
    trust_section,
    drift_section,
    health_section,
    predictions_section,
    controls_section,
    limitations_section,
    disclosures_section,
    provenance_section,
)


def compose(analysis: Analysis, lock: Lock, facts: Facts) -> Document:
    """Return the whole report as data."""
    made = shown(analysis, lock, facts)
    parts: tuple[Section | None, ...] = tuple(section(made) for section in SECTIONS)
    sections = tuple(part for part in parts if part is not None)
    return Document(
        title=made.lock.name,
        question=str(made.lock.experiment.get("question") or ""),
        stamps=stamps(made),
        summary=_summary(made),
        verdict=made.analysis.verdict,
        established=Bullets(made.analysis.established, empty=empty_lists(made)[0], first=CLAIMS_FIRST),
        not_established=Bullets(made.analysis.not_established, empty=empty_lists(made)[1], first=CLAIMS_FIRST),
        sections=sections,
        colophon=f"Run {made.lock.run_id}, started {moment(made.lock.created)}. Lock {made.lock_id}. Made by Assay.",
        simulated=made.analysis.simulated,
    )


def stamps(made: Material) -> tuple[str, ...]:
    """Warnings that stand on top of everything."""
    kind = made.lock.without_isolation
    simulated = (SIMULATED,) if made.analysis.simulated else ()
    isolation = () if kind is None else (UNSAFE.format(kind=kind),)
    subscribed = made.lock.subscriptions
    billing = (SUBSCRIBED.format(names=", ".join(subscribed)),) if subscribed else ()
    return (*simulated, *isolation, *billing, *_past_the_gateway(made), *telemetry_stamps(made))


def _past_the_gateway(made: Material) -> tuple[str, ...]:
    """Arms whose agents reach their vendor directly: nobody here knows what that took."""
    arms = [arm.label for arm in made.lock.arms if arm.settings.get("egress")]
    past = "reach hosts past the gateway, unmetered: their tokens and cost are unknown"
    return (f"{', '.join(arms)} {past}.",) if arms else ()


def empty_lists(made: Material) -> tuple[str, str]:
    """What is said where nothing is established, and where nothing is open."""
    measure, target = made.analysis.primary, Target.TASKS_LIKE_THESE
    compared = any(
        finding.measure == measure and finding.target is target and finding.difference is not None
        for finding in made.analysis.findings
        if not finding.family.startswith("control")
    )
    return (NONE_ESTABLISHED, NONE_OPEN) if compared else (NOT_COMPARED, NOT_COMPARED)


def _summary(made: Material) -> dict[str, str]:
    """The numbers beside the title."""
    health = made.facts.health
    scored = sum(cell.solved.n for cell in made.facts.cells)
    spent = at_least(usd(health.spent_usd), health.spent_is_lower_bound or health.unpriced_calls > 0)
    return {
        "Arms": count(len(made.analysis.arms)),
        "Tasks": count(len(made.lock.tasks)),
        "Repetitions": count(made.lock.repetitions),
        "Trials with a verdict": f"{count(scored)} of {count(health.planned)}",
        "Spent": f"{spent} simulated" if made.analysis.simulated else spent,
        "Mode": str(made.lock.experiment.get("mode") or "exploratory"),
        "Started": moment(made.lock.created),
    }
