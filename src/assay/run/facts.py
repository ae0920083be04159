"""Deriving the facts of a run from its books and evidence, and reading them back for a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assay.evidence import kept
from assay.evidence.attempt_tables import AttemptFacts
from assay.evidence.calls import read_calls
from assay.evidence.cells import cells
from assay.evidence.efforts import efforts, sentinel_runs
from assay.evidence.facts import Anchor, Facts, Health
from assay.evidence.measures import in_cells
from assay.evidence.normalise import Normalised, normalise
from assay.evidence.outcomes import ANCHOR, TrialOutcome, latest_scores, trial_outcomes
from assay.evidence.tables import write_tables
from assay.evidence.work_sums import works
from assay.plan import is_sentinel
from assay.records import NANO, Arm, Attempt, Call, OwnerKind, Score
from assay.run.amendment import Amendment
from assay.run.opening import AMENDMENT, Run
from assay.run.sealing import differing, differs_sentence, missing, missing_sentence, name

BARE = "api"
"""The agent that is none: one request with the task, one answer."""


async def build_facts(run: Run, *, write: bool = True, verify: bool = False, rebuild: bool = False) -> Facts:
    """Derive all tables and return what a report reads. Idempotent.

    ``write`` stores them under ``facts/``, unless the folder cannot be written; ``verify`` compares all evidence with
    what was sealed and notes what differs. Sealed evidence that was normalised before is not read again (``kept``),
    unless ``rebuild`` or ``verify`` asks for it.
    """
    write = write and not run.ledger.read_only
    calls: dict[str, Sequence[Call]] = {}
    outcomes = await outcomes_of(run, calls)
    attempts = await run.ledger.attempts()
    normalised = _Normalising(run, await run.ledger.evidence(), write=write, fresh=rebuild or verify)
    made = tuple(_all_normalised(normalised, outcomes, attempts, calls))
    measured = {one.attempt: in_cells(one.facts.measures) for one in made}
    outcomes = tuple(_with_measures(outcome, measured) for outcome in outcomes)
    compared = [outcome for outcome in outcomes if not is_sentinel(outcome.trial)]
    by_attempt = {one.attempt: one.facts for one in made}
    with_agents = any(has_agent(arm) for arm in run.lock.arms)
    facts = Facts(
        cells=cells(compared),
        health=await _health(run, compared, attempts, verify=verify),
        anchors=_anchors(await run.ledger.scores()),
        prices=tuple(await run.ledger.prices()),
        works=works(compared, by_attempt) if with_agents else (),
        efforts=efforts(compared, {task.id: task.difficulty for task in run.lock.tasks}) if with_agents else (),
        sentinels=sentinel_runs(outcome for outcome in outcomes if is_sentinel(outcome.trial)),
    )
    if write:
        requests = [fact for one in made for fact in one.facts.calls]
        write_tables(run.folder.facts, run.lock, outcomes, requests, facts, made)
    return facts


def has_agent(arm: Arm) -> bool:
    """Tell whether an arm runs a program of its own, which has tools and telemetry to report."""
    return bool(arm.model) and arm.agent != BARE


async def outcomes_of(run: Run, calls: dict[str, Sequence[Call]] | None = None) -> tuple[TrialOutcome, ...]:
    """Join books and evidence: one outcome per trial, in plan order; ``calls`` takes those of each attempt, by id."""
    seen = {} if calls is None else calls

    def calls_of(attempt: Attempt) -> Sequence[Call]:
        seen[attempt.id] = read_calls(run.folder.attempt(attempt.owner, attempt.number))
        return seen[attempt.id]

    with_model = frozenset(arm.id for arm in run.lock.arms if arm.model)
    trials, attempts = await run.ledger.trials(), await run.ledger.attempts()
    return trial_outcomes(trials, attempts, await run.ledger.scores(), calls_of, with_model)


@dataclass(frozen=True, slots=True)
class _Normalising:
    """How attempts become facts: from what is kept of sealed evidence (``sealed``: by attempt), else anew."""

    run: Run
    sealed: Mapping[str, str]
    write: bool
    fresh: bool

    def one(self, arm: Arm, attempt: Attempt, calls: Sequence[Call]) -> Normalised:
        folder = self.run.folder.attempt(attempt.owner, attempt.number)
        sealed = self.sealed.get(attempt.id)
        made_of = kept.key(sealed, arm) if sealed is not None and folder.is_dir() else None
        known = None
        if made_of is not None and not self.fresh:
            known = kept.load(self.run.folder.facts, attempt.id, made_of, calls)
        if known is not None:
            return known
        facts = normalise(folder, arm, calls)
        if made_of is not None and self.write:
            kept.store(self.run.folder.facts, attempt.id, made_of, facts)
        return facts


def _all_normalised(
    normalising: _Normalising,
    outcomes: Sequence[TrialOutcome],
    attempts: Sequence[Attempt],
    calls: Mapping[str, Sequence[Call]],
) -> Iterator[AttemptFacts]:
    """Normalise every attempt whose calls were read, in the trials' order, oldest attempt first."""
    arms = {arm.id: arm for arm in normalising.run.lock.arms}
    by_owner: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.id in calls:
            by_owner[attempt.owner].append(attempt)
    for outcome in outcomes:
        trial = outcome.trial
        for attempt in by_owner.get(trial.id, ()):
            facts = normalising.one(arms[trial.arm], attempt, calls[attempt.id])
            yield AttemptFacts(trial.run_id, trial.id, attempt.id, attempt.number, facts)


def _with_measures(outcome: TrialOutcome, measured: Mapping[str, Mapping[str, float | None]]) -> TrialOutcome:
    found = measured.get(outcome.attempt.id) if outcome.attempt else None
    return replace(outcome, metrics={**outcome.metrics, **found}) if found else outcome


async def _health(run: Run, outcomes: Sequence[TrialOutcome], attempts: Sequence[Attempt], *, verify: bool) -> Health:
    owners = {outcome.trial.id for outcome in outcomes}
    mine = [attempt for attempt in attempts if attempt.owner_kind is OwnerKind.TRIAL and attempt.owner in owners]
    lost = [attempt for attempt in mine if attempt.lost]
    settled = [outcome for outcome in outcomes if outcome.settled]
    amendments = [_amendment(note) for note in await run.ledger.notes(AMENDMENT)]
    return Health(
        planned=len(outcomes),
        attempted=sum(outcome.attempts > 0 for outcome in outcomes),
        settled=len(settled),
        unsettled=len(outcomes) - len(settled),
        attempts=len(mine),
        lost_attempts=len(lost),
        lost_usd=_usd(lost),
        lost_unknown=sum(attempt.spent is None for attempt in lost),
        lost_is_lower_bound=any(attempt.spent is None or attempt.spent_is_lower_bound for attempt in lost),
        retried=sum(outcome.attempts > 1 for outcome in outcomes),
        excluded=len(run.lock.arms) * len(run.lock.tasks) * run.lock.repetitions - len(outcomes),
        ours=sum(o.attempt is not None and o.attempt.ended is not None and o.attempt.ended.is_ours for o in settled),
        spent_usd=_usd(attempts),
        spent_is_lower_bound=any(attempt.spent_is_lower_bound or attempt.spent is None for attempt in attempts),
        unpriced_calls=sum(outcome.unpriced_calls for outcome in outcomes),
        amendments=tuple(amendments),
        notes=(*await _notes(run), *await _evidence_notes(run, verify=verify)),
    )


def _amendment(note: Mapping[str, object]) -> dict[str, object]:
    arms, tasks = note["arms"], note["tasks"]
    assert isinstance(arms, list)
    assert isinstance(tasks, list)
    fields = {name: note[name] for name in ("number", "repetitions", "experiment_id", "seen", "became_exploratory")}
    sentence = Amendment(arms=tuple(arms), tasks=tuple(tasks), **fields).sentence  # type: ignore[arg-type]  # as noted
    return {"at": note["at"], "sentence": sentence, "became_exploratory": note["became_exploratory"]}


async def _notes(run: Run) -> list[str]:
    notes = []
    for note in await run.ledger.notes():
        if note["kind"] == "max_cost":
            notes.append(f"the run stopped at its cost limit of ${note['limit']:g}")
        elif note["kind"] == "drain":
            notes.append("the run was interrupted and drained")
        elif note["kind"] == "pause":
            notes.append(f"the usage window of a subscription was used up: the run waited until {note['until']}")
        elif note["kind"] == "recovered":
            notes.append(f"{note['lost']} attempts were lost with an earlier driver and run again")
    return notes


async def _evidence_notes(run: Run, *, verify: bool) -> list[str]:
    """What is not as it was sealed; a missing folder is cheap to see and always looked for."""
    gone = await missing(run)
    changed = [attempt for attempt in await differing(run) if attempt not in gone] if verify else []
    said = ((missing_sentence, gone), (differs_sentence, changed))
    return [sentence([name(attempt) for attempt in attempts]) for sentence, attempts in said if attempts]


def _anchors(scores: Sequence[Score]) -> tuple[Anchor, ...]:
    anchors = []
    for attempt, by_metric in sorted(latest_scores(scores).items()):
        if attempt.startswith(ANCHOR):
            _, anchor, task = attempt.split("/", 2)
            solved = by_metric.get("solved")
            value = solved.value if solved else None
            metrics = {name: score.value for name, score in sorted(by_metric.items()) if name != "solved"}
            anchors.append(Anchor(task, anchor, None if value is None else value >= 1.0, metrics))
    return tuple(anchors)


def _usd(attempts: Sequence[Attempt]) -> float | None:
    """Sum of what is known; None when there are attempts and nothing is known of any."""
    known = [attempt.spent for attempt in attempts if attempt.spent is not None]
    return sum(known) / NANO if known or not attempts else None
