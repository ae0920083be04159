from dataclasses import replace

import pytest

from assay.evidence.efforts import efforts, sentinel_runs
from assay.evidence.normalise import CallFact, Normalised
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.reconcile import Reconciliation
from assay.evidence.sources.base import Delegation, ErrorEvent, Source, ToolCall
from assay.evidence.work import ArmWork
from assay.evidence.work_sums import works
from assay.records import NANO, Attempt, Call, Dialect, Ended, OwnerKind, Role, Tokens, Trial


def outcome(number: int, *, solved: bool | None = True, cost: float | None = 0.5) -> TrialOutcome:
    trial = Trial(f"t{number}", "run", "arm", "task", "hash", number, number)
    attempt = Attempt(f"a{number}", "run", OwnerKind.TRIAL, trial.id, 1, 1, "w", 1000 * number, 5000, Ended.COMPLETED)
    return TrialOutcome(
        trial, attempt, 1, 0, solved, cost, False, 4.0, None, Tokens(), True, 1, 0, {"measure:requests": 3.0}
    )


def asked(seq: int, cost: int | None = NANO) -> CallFact:
    call = Call(
        OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.CHAT, "lab", "deep", None, Tokens(output=7), 200, 0, cost=cost
    )
    return CallFact(call, Role.MAIN)


def tool(failed: bool | None, length: float | None = 100.0) -> ToolCall:
    return ToolCall("i", "bash", Source.STREAM, failed=failed, error_class="other" if failed else None,
                    duration_ms=length)  # fmt: skip


FACTS = Normalised(
    calls=(asked(0), asked(1)),
    tool_calls=(tool(True), tool(False, None), tool(None)),
    delegations=(Delegation("coder", Source.STREAM), Delegation("", Source.STREAM, failed=True)),
    registered=("coder", "idle"),
    errors=(
        ErrorEvent("api", "x", Source.GATEWAY, status=529),
        ErrorEvent("api", "x", Source.STREAM, status=529),
        ErrorEvent("api", "cut", Source.GATEWAY, status=200),
        ErrorEvent("agent", "x", Source.STREAM),
        ErrorEvent("agent", "x", Source.SESSION),
        ErrorEvent("tool", "x", Source.STREAM),
    ),
    sources=(
        Reconciliation(Source.STREAM, "disagree", differences={"output": 9}),
        Reconciliation(Source.OTLP, "agree", left_out=("last_request",), lower_bound=True),
        Reconciliation(Source.SESSION, "disagree", documented=True),
    ),
    leaked=("leaked: plugin p",),
    cost_differs=True,
    lookups=("example.org",),
    measures={"delegations_invoked": 2},
)
OTHER = Normalised(measures={"delegations_invoked": None})


@pytest.fixture
def work() -> ArmWork:
    (found,) = works([outcome(0), outcome(1), outcome(2)], {"a0": FACTS, "a1": OTHER})
    return found


def test_trials_are_counted_by_what_is_known_of_them(work: ArmWork) -> None:
    assert (work.trials, work.registering, work.delegating, work.delegations_unknown) == (2, 1, 1, 1)
    assert (work.costs_compared, work.costs_apart, work.audited) == (1, 1, 1)
    assert work.leaked == {"leaked: plugin p": 1}
    assert work.lookups == {"example.org": 1}
    assert work.without_sources == 1


def test_a_tool_call_without_an_end_is_neither_failed_nor_not(work: ArmWork) -> None:
    (row,) = work.tools
    assert (row.uses, row.ended, row.failed, row.timed, row.seconds) == (3, 2, 1, 2, 0.2)
    (failure,) = work.failures
    assert (failure.error_class, failure.times, failure.trials, failure.longest) == ("other", 1, 1, 0.1)


def test_sub_agents_are_those_registered_and_those_used(work: ArmWork) -> None:
    rows = {row.name: (row.registered, row.invoked, row.failed) for row in work.sub_agents}
    assert rows == {"coder": (1, 1, 0), "idle": (1, 0, 0), "(not named)": (0, 1, 1)}


def test_one_fault_told_by_several_sources_counts_once(work: ArmWork) -> None:
    assert {row.word: row.times for row in work.errors} == {"API: HTTP 529": 1, "API: cut": 1, "agent": 1}


def test_sources_are_told_apart_by_verdict(work: ArmWork) -> None:
    rows = {row.source: (row.agree, row.agree_with_gaps, row.documented, row.disagree) for row in work.sources}
    assert rows == {"stream": (0, 0, 0, 1), "otlp": (0, 1, 0, 0), "session": (0, 0, 1, 0)}
    assert work.sources[0].sentences == {"disagree by output +9": 1}


def test_cost_of_a_model_is_unknown_when_a_request_is_unpriced() -> None:
    facts = replace(FACTS, calls=(asked(0), asked(1, None)))
    (work,) = works([outcome(0)], {"a0": facts})
    assert [(row.requests, row.tokens.output, row.cost_usd) for row in work.models] == [(2, 14, None)]
    assert work.unpriced == 1


def test_survives_json(work: ArmWork) -> None:
    assert ArmWork.from_json(work.to_json()) == work


def test_effort_is_by_difficulty_and_outcome_and_unknown_is_not_zero() -> None:
    rows = efforts([outcome(0), outcome(1, solved=False, cost=None), outcome(2, solved=None)], {"task": "hard"})
    assert [(row.difficulty, row.outcome, row.trials) for row in rows] == [
        ("hard", "failed", 1),
        ("hard", "no verdict", 1),
        ("hard", "solved", 1),
    ]
    assert (rows[0].sums["cost_usd"].n, rows[0].sums["cost_usd"].unknown) == (0, 1)
    assert rows[2].sums["requests"].mean == 3.0
    assert rows[2].sums["tool_calls"].mean is None


def test_sentinels_stand_in_order_of_time() -> None:
    assert [run.at_ms for run in sentinel_runs([outcome(2), outcome(1)])] == [1000, 2000]
