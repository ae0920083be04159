"""The gateway against a source: what agrees, what does not, and what may be left out to make it agree."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evidence.gaps import Counted
from assay.evidence.reconcile import (
    cost_of,
    costs_differ,
    differences,
    reconcile,
    tokens_by_role,
    total,
)
from assay.evidence.sources.base import Scope, Source, SourceCall, SourceReport
from assay.records import Call, Dialect, OwnerKind, Role, Tokens

TEN = Tokens(input_uncached=10, cache_read=0, cache_write_unknown=0, output=5)


def counted(seq: int, role: Role | None = Role.MAIN, tokens: Tokens = TEN, **changes: object) -> Counted:
    call = Call(OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.CHAT, "lab", "m", "m", tokens, 200, seq)
    return Counted(replace(call, **changes), role)  # type: ignore[arg-type]  # names of fields


def said(times: int, **changes: object) -> SourceReport:
    report = SourceReport(Source.STREAM, calls=tuple(SourceCall(tokens=TEN) for _ in range(times)), finished=True)
    return replace(report, **changes)  # type: ignore[arg-type]


def test_equal_totals_agree_and_unequal_ones_say_by_how_much() -> None:
    both = [counted(1), counted(2)]
    (same,) = reconcile(both, [said(2)])
    assert (same.verdict, same.sentence, same.differences) == ("agree", "agree", {})
    (less,) = reconcile(both, [said(1)])
    assert (less.verdict, less.differences) == ("disagree", {"input_uncached": -10, "output": -5})
    assert (less.documented, less.sentence) == (False, "disagree by input uncached -10, output -5")


def test_a_source_that_counts_nothing_is_missing_not_zero() -> None:
    (found,) = reconcile([counted(1)], [SourceReport(Source.OTLP)])
    assert (found.verdict, found.sentence, found.tokens.total, found.calls) == ("missing", "missing", None, None)
    (no_tokens,) = reconcile([counted(1)], [SourceReport(Source.SESSION, calls=(SourceCall(),))])
    assert no_tokens.verdict == "missing"


@pytest.mark.parametrize(
    ("gap", "extra", "verdict"),
    [
        ("title_request", Role.AUXILIARY, "agree"),
        ("auxiliary", Role.AUXILIARY, "agree"),
        ("sub_agents", Role.SUB_AGENT, "agree"),
        ("last_request", Role.MAIN, "agree"),
        ("running_step", Role.MAIN, "agree"),
        ("something_else", Role.MAIN, "disagree"),
        ("title_request", Role.SUB_AGENT, "disagree"),
    ],
)
def test_a_documented_gap_is_left_out_by_name_and_only_that(gap: str, extra: Role, verdict: str) -> None:
    (found,) = reconcile([counted(1), counted(2, extra)], [said(1, gaps=(gap,))])
    assert found.verdict == verdict
    assert found.left_out == ((gap,) if verdict == "agree" else ())
    assert found.documented == (verdict == "disagree"), "short, with a gap of its own: a lower bound"
    words = gap.replace("_", " ")
    assert found.sentence.endswith(f"without {words}" if verdict == "agree" else f"(documented: {words})")


def test_two_gaps_may_be_needed_and_none_is_used_without_need() -> None:
    calls = [counted(1), counted(2, Role.SUB_AGENT), counted(3, Role.AUXILIARY)]
    gaps = ("sub_agents", "title_request")
    assert reconcile(calls, [said(1, gaps=gaps)])[0].left_out == gaps
    assert reconcile(calls, [said(3, gaps=gaps)])[0].left_out == ()


def test_requests_of_sub_agents_that_a_source_does_not_list() -> None:
    listed = Counted(counted(2, Role.SUB_AGENT).call, Role.SUB_AGENT, frozenset({Source.STREAM}))
    calls = [counted(1), listed, counted(3, Role.SUB_AGENT)]
    for gap in ("sub_agent_answers", "cut_off_sub_agents"):
        (found,) = reconcile(calls, [said(2, gaps=(gap,))])
        assert (found.verdict, found.left_out, found.gateway_calls) == ("agree", (gap,), 2)


def test_a_turn_without_an_end_takes_its_step_out() -> None:
    calls = [counted(1), counted(2, step=1), counted(3, step=1)]
    (found,) = reconcile(calls, [said(1, finished=False, gaps=("open_turn",))])
    assert (found.verdict, found.left_out) == ("agree", ("open_turn",))


def test_counts_that_a_source_cannot_have_are_not_held_against_it() -> None:
    true = Tokens(input_uncached=500, cache_read=1000, output=1234)
    for gaps, said_of_it, verdict in (
        (("output_tokens",), Tokens(input_uncached=500, cache_read=1000, output=1), "agree"),
        (("cache_split",), Tokens(input_uncached=1500, output=1234), "agree"),
        (("rounded", "cache_split"), Tokens(input_uncached=1500, output=1200), "agree"),
        (("rounded", "cache_split"), Tokens(input_uncached=1500, output=1100), "disagree"),
        ((), Tokens(input_uncached=500, cache_read=1000, output=1), "disagree"),
    ):
        report = SourceReport(Source.STREAM, totals={"": said_of_it}, gaps=gaps, finished=True)
        assert reconcile([counted(1, tokens=true)], [report])[0].verdict == verdict


def test_a_cut_request_is_on_the_gateway_only() -> None:
    cut = counted(2, tokens=Tokens(input_uncached=10), in_flight_at_kill=True)
    (found,) = reconcile([counted(1), cut], [said(1, finished=False)])
    assert (found.verdict, found.left_out, found.lower_bound) == ("agree", ("unanswered_requests",), True)


def test_without_an_end_what_is_missing_is_a_lower_bound() -> None:
    (found,) = reconcile([counted(1), counted(2)], [said(1, finished=False)])
    assert (found.verdict, found.documented) == ("disagree", True)
    assert found.sentence.endswith("(documented: no end)")


def test_what_the_gateway_does_not_know_cannot_be_compared() -> None:
    for calls in ([], [counted(1, tokens=Tokens())]):
        (found,) = reconcile(calls, [said(1)])
        assert (found.verdict, found.sentence, found.tokens.output) == ("missing", "missing at the gateway", 5)


def test_more_than_the_gateway_saw_is_never_a_gap() -> None:
    (found,) = reconcile([counted(1)], [said(2, finished=False, gaps=("last_request",))])
    assert (found.verdict, found.documented) == ("disagree", False)


def test_the_main_scope_takes_unknown_roles_for_main() -> None:
    calls = [counted(1), counted(2, None), counted(3, Role.SUB_AGENT)]
    (found,) = reconcile(calls, [said(2, scope=Scope.MAIN)])
    assert (found.verdict, found.gateway_calls) == ("agree", 2)


def test_a_kind_that_one_side_does_not_know_is_not_compared() -> None:
    assert differences(Tokens(input_uncached=1, output=2), Tokens(input_uncached=1, output=2, reasoning=9)) == {}
    assert differences(Tokens(), Tokens(input_uncached=1)) == {}


@pytest.mark.parametrize(
    ("one", "two", "differ"),
    [(1.0, 1.0, False), (1.0, 1.009, False), (1.0, 1.02, True), (0.0, 0.0, False), (0.0, 0.1, True), (None, 1.0, None)],
)
def test_costs_more_than_one_percent_apart_are_flagged(one: float | None, two: float, differ: bool | None) -> None:
    assert costs_differ(one, two) is differ
    assert costs_differ(two, one) is differ


def test_the_cost_of_requests_is_unknown_as_soon_as_one_is() -> None:
    assert cost_of([counted(1, cost=1_000_000_000), counted(2, cost=500_000_000)]) == 1.5
    assert cost_of([counted(1, cost=1_000_000_000), counted(2)]) is None
    refused = counted(2, tokens=Tokens(), status=429)
    assert cost_of([counted(1, cost=1_000_000_000), refused]) == 1.0
    assert cost_of([]) is None


kinds = st.none() | st.integers(0, 10**9)
tokens = st.builds(Tokens, kinds, kinds, kinds, kinds, kinds, kinds, kinds)
requests = st.lists(st.tuples(st.sampled_from([*Role, None]), tokens), max_size=8).map(
    lambda rows: [counted(seq, role, made) for seq, (role, made) in enumerate(rows)]
)


@given(made=requests)
def test_the_parts_by_role_sum_to_the_whole(made: list[Counted]) -> None:
    assert sum(tokens_by_role(made).values(), Tokens()) == total(made)


@given(made=requests, gaps=st.sets(st.sampled_from(["sub_agents", "title_request", "last_request", "running_step"])))
def test_what_the_gateway_saw_agrees_with_itself(made: list[Counted], gaps: set[str]) -> None:
    report = SourceReport(Source.OTLP, totals={"": total(made)}, gaps=tuple(sorted(gaps)), finished=True)
    (found,) = reconcile(made, [report])
    assert found.verdict == ("missing" if total(made).total is None else "agree")
    assert found.left_out == ()
    assert found.differences == {}


def test_a_batch_that_was_never_sent_may_hold_several_requests() -> None:
    listed = replace(counted(1), seen_in=frozenset({Source.STREAM}))
    (found,) = reconcile([listed, counted(2), counted(3)], [said(1, finished=False, gaps=("last_request",))])
    assert (found.verdict, found.left_out) == ("agree", ("last_request",))
    (hole,) = reconcile([counted(1), replace(counted(2), seen_in=listed.seen_in)], [said(1, gaps=("last_request",))])
    assert hole.verdict == "disagree"


def test_of_requests_that_were_cut_a_source_may_have_kept_one() -> None:
    cut = [counted(seq, error="broke off") for seq in (1, 2)]
    kept = replace(counted(3, error="broke off"), seen_in=frozenset({Source.STREAM}))
    (found,) = reconcile([*cut, kept], [said(1)])
    assert (found.verdict, found.left_out) == ("agree", ("unrecorded_requests",))


def test_a_request_that_the_provider_refused_costs_nothing() -> None:
    refused = counted(1, tokens=Tokens(), status=429, error="slow down", cost=None)
    assert cost_of([refused]) == 0
    assert cost_of([refused, counted(2, cost=5_000_000)]) == 0.005
    assert cost_of([]) is None
