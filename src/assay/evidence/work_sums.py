"""Facts of attempts summed to what each arm's agent did. Pure; independent of the order of attempts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from assay.evidence.calls import FIRST_ERROR_STATUS
from assay.evidence.gaps import Counted
from assay.evidence.normalise import CallFact, Normalised
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.reconcile import AGREE, DISAGREE, MISSING, Reconciliation, cost_of
from assay.evidence.sources.base import ErrorEvent, Source, ToolCall
from assay.evidence.work import ArmWork, ErrorWork, ModelWork, SourceWork, SubAgentWork, ToolFailure, ToolWork
from assay.records import Tokens

UNNAMED = "(not named)"


def works(outcomes: Iterable[TrialOutcome], facts: Mapping[str, Normalised]) -> tuple[ArmWork, ...]:
    """Sum the counting attempts of settled trials by arm, sorted by arm; ``facts`` are by attempt id."""
    by_arm: dict[str, list[Normalised]] = defaultdict(list)
    for outcome in outcomes:
        found = facts.get(outcome.attempt.id) if outcome.attempt else None
        if found is not None:
            by_arm[outcome.trial.arm].append(found)
    return tuple(_arm(arm, group) for arm, group in sorted(by_arm.items()))


def _arm(arm: str, group: Sequence[Normalised]) -> ArmWork:
    invoked = [one.measures.get("delegations_invoked") for one in group]
    return ArmWork(
        arm=arm,
        trials=len(group),
        registering=sum(bool(one.registered) for one in group),
        delegating=sum(bool(number) for number in invoked),
        delegations_unknown=sum(number is None for number in invoked),
        invoked=sum(len(one.delegations) for one in group),
        costs_compared=sum(one.cost_differs is not None for one in group),
        costs_apart=sum(bool(one.cost_differs) for one in group),
        audited=sum(one.lookups is not None for one in group),
        lower_bound=sum(one.lower_bound for one in group),
        unpriced=sum(f.call.cost is None and f.call.tokens.total is not None for one in group for f in one.calls),
        without_sources=sum(not one.sources for one in group),
        tools=_tools([tool for one in group for tool in one.tool_calls]),
        failures=_failures(group),
        models=_models([fact for one in group for fact in one.calls]),
        sub_agents=_sub_agents(group),
        sources=_sources([source for one in group for source in one.sources]),
        errors=_errors(group),
        leaked=_trials(one.leaked for one in group),
        lookups=_trials(one.lookups or () for one in group),
        problems=_trials(one.problems for one in group),
    )


def _trials(found: Iterable[Iterable[str]]) -> dict[str, int]:
    """Count in how many trials each sentence was said."""
    counted = Counter(sentence for sentences in found for sentence in set(sentences))
    return dict(sorted(counted.items()))


def _seconds(lengths: Iterable[float | None]) -> tuple[int, float | None]:
    known = [length for length in lengths if length is not None]
    return len(known), math.fsum(known) / 1000 if known else None


def _tools(calls: Sequence[ToolCall]) -> tuple[ToolWork, ...]:
    by_tool: dict[str, list[ToolCall]] = defaultdict(list)
    for call in calls:
        by_tool[call.tool].append(call)
    rows = []
    for tool, uses in by_tool.items():
        timed, seconds = _seconds(call.duration_ms for call in uses)
        ended = sum(call.failed is not None for call in uses)
        rows.append(ToolWork(tool, len(uses), ended, sum(bool(call.failed) for call in uses), timed, seconds))
    return tuple(sorted(rows, key=lambda row: (-row.uses, row.tool)))


def _failures(group: Sequence[Normalised]) -> tuple[ToolFailure, ...]:
    found: dict[tuple[str, str], list[tuple[int, ToolCall]]] = defaultdict(list)
    for number, one in enumerate(group):
        for call in one.tool_calls:
            if call.failed:
                found[call.tool, call.error_class or "other"].append((number, call))
    rows = []
    for (tool, kind), uses in found.items():
        timed, seconds = _seconds(call.duration_ms for _, call in uses)
        longest = max((call.duration_ms / 1000 for _, call in uses if call.duration_ms is not None), default=None)
        rows.append(ToolFailure(tool, kind, len(uses), len({number for number, _ in uses}), timed, seconds, longest))
    return tuple(sorted(rows, key=lambda row: (-row.times, row.tool, row.error_class)))


def _models(facts: Sequence[CallFact]) -> tuple[ModelWork, ...]:
    groups: dict[tuple[str, str, str], list[CallFact]] = defaultdict(list)
    for fact in facts:
        model = fact.call.model_served or fact.call.model_requested
        groups[fact.role.value if fact.role else "", fact.agent_name or "", model].append(fact)
    return tuple(_model(key, group) for key, group in sorted(groups.items()))


def _model(key: tuple[str, str, str], group: Sequence[CallFact]) -> ModelWork:
    role, agent, model = key
    calls = [fact.call for fact in group]
    first = [call.ttft_ms for call in calls if call.ttft_ms is not None]
    return ModelWork(
        role=role or None,
        agent_name=agent or None,
        model=model,
        requests=len(calls),
        failed=sum(call.status >= FIRST_ERROR_STATUS or call.error is not None for call in calls),
        tokens=sum((call.tokens for call in calls), Tokens()),
        cost_usd=cost_of([Counted(fact.call, fact.role) for fact in group]),
        api_s=_seconds(call.duration_ms for call in calls)[1],
        ttft_ms=math.fsum(first) / len(first) if first else None,
        ttft_n=len(first),
    )


def _sub_agents(group: Sequence[Normalised]) -> tuple[SubAgentWork, ...]:
    names = {name for one in group for name in one.registered}
    names |= {delegation.agent_name or UNNAMED for one in group for delegation in one.delegations}
    return tuple(_sub_agent(name, group) for name in sorted(names))


def _sub_agent(name: str, group: Sequence[Normalised]) -> SubAgentWork:
    uses = [
        (number, d) for number, one in enumerate(group) for d in one.delegations if (d.agent_name or UNNAMED) == name
    ]
    served = Counter(
        fact.call.model_served or fact.call.model_requested
        for one in group
        for fact in one.calls
        if fact.role == "sub-agent" and (fact.agent_name or UNNAMED) == name
    )
    return SubAgentWork(
        name=name,
        registered=sum(name in one.registered for one in group),
        trials=len({number for number, _ in uses}),
        invoked=len(uses),
        failed=sum(bool(use.failed) for _, use in uses),
        models=dict(sorted(served.items())),
    )


def _sources(found: Sequence[Reconciliation]) -> tuple[SourceWork, ...]:
    by_source: dict[Source, list[Reconciliation]] = defaultdict(list)
    for one in found:
        by_source[one.source].append(one)
    return tuple(_source(source, by_source[source]) for source in Source if source in by_source)


def _source(source: Source, found: Sequence[Reconciliation]) -> SourceWork:
    bad = [one for one in found if one.verdict == DISAGREE and not one.documented]
    return SourceWork(
        source=source.value,
        agree=sum(one.verdict == AGREE and not one.left_out for one in found),
        agree_with_gaps=sum(one.verdict == AGREE and bool(one.left_out) for one in found),
        documented=sum(one.verdict == DISAGREE and one.documented for one in found),
        disagree=len(bad),
        missing=sum(one.verdict == MISSING for one in found),
        lower_bound=sum(one.lower_bound for one in found),
        unread=sum(len(one.problems) for one in found),
        unknown_events=sum(one.unknown_events for one in found),
        gaps=tuple(sorted({gap for one in found for gap in one.gaps})),
        sentences=dict(sorted(Counter(one.sentence for one in bad).items())),
    )


def _errors(group: Sequence[Normalised]) -> tuple[ErrorWork, ...]:
    """Failed requests as the gateway saw them; other faults as the source that tells most of a trial has them."""
    times: Counter[str] = Counter()
    trials: Counter[str] = Counter()
    for one in group:
        told = Counter((_word(error), error.source) for error in one.errors if _word(error))
        most: dict[str, int] = {}
        for (word, _), number in told.items():
            most[word] = max(most.get(word, 0), number)
        times.update(most)
        trials.update(most.keys())
    return tuple(ErrorWork(word, times[word], trials[word]) for word in sorted(times))


def _word(error: ErrorEvent) -> str:
    """Name the kind of an error; empty for what is counted elsewhere: tools, leaks, API errors as agents tell them."""
    if error.kind == "api":
        refused = error.status is not None and error.status >= FIRST_ERROR_STATUS
        return "" if error.source is not Source.GATEWAY else f"API: HTTP {error.status}" if refused else "API: cut"
    return "" if error.kind in {"tool", "inventory"} else error.kind
