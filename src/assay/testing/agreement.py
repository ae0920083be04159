"""What an attempt's own sources say against what the gateway saw, for contract tests of agents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from assay.evidence.lock import read_lock
from assay.evidence.normalise import Normalised, normalise
from assay.evidence.reconcile import AGREE
from assay.evidence.sources.base import AttemptFiles, Source, SourceCall, SourceReport
from assay.evidence.sources.readers import reader
from assay.records import Arm, Call, Tokens
from assay.testing.driving import Driven

Counts = tuple[int | None, int, int | None]
"""Prompt, what of it was read from a cache, and output: the split that every source has."""


def counted(tokens: Tokens | None) -> Counts:
    """Return counts that can be compared with those of any other source."""
    assert tokens is not None, "nothing was counted"
    return (tokens.prompt, tokens.cache_read or 0, tokens.output)


def total(calls: Iterable[Call]) -> Tokens:
    """Add up requests of the gateway's log."""
    return sum((call.tokens for call in calls), Tokens())


def by_model(rows: Sequence[SourceCall] | Sequence[Call]) -> dict[str | None, Counts]:
    """Add up by the model that was asked."""
    found: dict[str | None, Tokens] = {}
    for row in rows:
        model = row.model_requested if isinstance(row, Call) else row.model
        found[model] = found.get(model, Tokens()) + row.tokens
    return {model: counted(tokens) for model, tokens in found.items() if tokens.total is not None}


def answered(driven: Driven) -> list[Call]:
    """Return the requests that had an end with usage: all that an agent can know of."""
    return [call for call in driven.calls if call.tokens.total is not None]


def arm_of(driven: Driven) -> Arm:
    """Return the arm of a trial, as it was locked."""
    return next(arm for arm in read_lock(driven.run.lock).arms if arm.id == driven.outcome.trial.arm)


def reports(driven: Driven) -> dict[Source, SourceReport]:
    """Return what each of the agent's own sources says."""
    found = reader(arm_of(driven).agent)
    assert found is not None, "the agent has no reader"
    return {report.source: report for report in found.read(AttemptFiles(driven.folder))}


def facts(driven: Driven) -> Normalised:
    """Return what is made of all sources."""
    return normalise(driven.folder, arm_of(driven), driven.calls)


def lookups(driven: Driven) -> list[str] | None:
    """Return the names that the first step asked a name server for; None where the sandbox cannot tell."""
    found: list[str] | None = json.loads((driven.folder / "steps/0/status.json").read_text())["exit"]["lookups"]
    return found


def assert_agreed(driven: Driven, sources: Iterable[Source]) -> Normalised:
    """Assert gateway = each of ``sources``, over all and by model, with nothing unread, unknown or leaked."""
    found, told = facts(driven), reports(driven)
    assert {one.source: one.sentence for one in found.sources} == dict.fromkeys(sources, AGREE)
    wanted = by_model(driven.calls)
    for report in told.values():
        if report.calls and all(call.tokens.output is not None for call in report.calls):
            assert by_model(report.calls) == wanted, f"{report.source} differs by model"
        if report.totals is not None and "" not in report.totals:
            assert {model: counted(tokens) for model, tokens in report.totals.items()} == wanted
        assert not report.problems, f"{report.source}: {report.problems}"
        assert not report.unknown, f"{report.source}: {report.unknown}"
    assert found.leaked == (), found.leaked
    return found
