"""Who asked: sources, headers, documented gaps, declared models; and what stays unknown."""

import json
from dataclasses import replace
from typing import Any

import pytest

from assay.evidence.roles import Claim, claims, hint, join
from assay.evidence.sources.base import Delegation, Source, SourceCall, SourceReport
from assay.records import Arm, Call, Dialect, OwnerKind, Role, Tokens

ARM = Arm("codex", "1", "main-model", "lab", profile={"agents": [{"name": "coder", "model": "sub-model"}]})
PLAIN = replace(ARM, profile={})


def call(seq: int, model: str = "main-model", **changes: Any) -> Call:
    made = Call(
        OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.RESPONSES, "lab", model, model,
        Tokens(input_uncached=10 * seq, output=5), 200, seq, request_id=f"q{seq}", response_id=f"r{seq}",
    )  # fmt: skip
    return replace(made, **changes)


def who(calls: list[Call], *reports: SourceReport, arm: Arm = PLAIN, offers: bool | None = True) -> list[Claim]:
    found = claims(calls, arm, reports, join(calls, reports), lambda _: offers)
    return [found[one.seq] for one in calls]


def report(*rows: SourceCall, **changes: Any) -> SourceReport:
    return SourceReport(Source.STREAM, calls=rows, **changes)


def test_a_source_is_believed_before_anything_else() -> None:
    hinted = call(1, hints={"x-openai-subagent": "collab_spawn"})
    rows = report(SourceCall(response_id="r1", role=Role.MAIN, effort="high"))
    assert who([hinted], rows) == [Claim(Role.MAIN, None, "high")]


@pytest.mark.parametrize("by", [{"request_id": "q2"}, {"response_id": "r2"}, {"tokens": Tokens(20, output=5)}])
def test_rows_are_joined_by_either_id_or_by_content(by: dict[str, Any]) -> None:
    rows = report(SourceCall(role=Role.SUB_AGENT, agent_name="coder", **by))
    assert who([call(1), call(2)], rows)[1] == Claim(Role.SUB_AGENT, "coder")


def test_equal_content_is_paired_in_order_of_time_when_all_are_there() -> None:
    same = Tokens(input_uncached=1, output=1)
    calls = [call(seq, tokens=same, request_id=None, response_id=None) for seq in (1, 2)]
    sub = SourceCall(role=Role.SUB_AGENT, tokens=same, at_ms=9)
    main = SourceCall(role=Role.MAIN, tokens=same, at_ms=3)
    assert [one.role for one in who(calls, report(sub, main))] == [Role.MAIN, Role.SUB_AGENT]
    joined = join(calls, [report(sub)])
    assert len(joined) == 1, "one row is one request"
    three = [*calls, call(3, tokens=same, request_id=None, response_id=None)]
    assert join(three, [report(sub, main)]) == {}, "which is which cannot be told"


def test_another_models_row_is_not_taken() -> None:
    rows = report(SourceCall(model="sub-model", role=Role.SUB_AGENT, tokens=Tokens(10, output=5)))
    assert join([call(1)], [rows]) == {}
    assert join([call(1, model="lab/sub-model")], [rows]) != {}, "an agent may leave the provider's prefix out"


@pytest.mark.parametrize(
    ("headers", "claim"),
    [
        ({}, Claim()),
        ({"x-openai-subagent": "collab_spawn"}, Claim(Role.SUB_AGENT)),
        ({"x-openai-subagent": "compact"}, Claim(Role.AUXILIARY)),
        ({"x-codex-turn-metadata": json.dumps({"thread_source": "user"})}, Claim(Role.MAIN)),
        (
            {"x-codex-turn-metadata": json.dumps({"thread_source": "subagent", "agent_name": "/root/coder"})},
            Claim(Role.SUB_AGENT, "coder"),
        ),
        ({"x-codex-turn-metadata": "{cut"}, Claim()),
        ({"x-codex-turn-metadata": "[]"}, Claim()),
        ({"x-parent-session-id": "ses_1"}, Claim(Role.SUB_AGENT)),
        ({"x-claude-code-session-id": "s", "x-claude-code-agent-id": "a1"}, Claim(Role.SUB_AGENT)),
        ({"x-claude-code-session-id": "s"}, Claim()),
        ({"x-codex-parent-thread-id": "t1"}, Claim(Role.SUB_AGENT)),
        ({"x-parent-session-id": ""}, Claim()),
    ],
)
def test_headers_that_mark_a_request(headers: dict[str, str], claim: Claim) -> None:
    assert hint(headers) == claim


def test_a_declared_sub_agents_model_tells() -> None:
    assert who([call(1), call(2, "sub-model")], arm=ARM) == [Claim(Role.MAIN), Claim(Role.SUB_AGENT, "coder")]
    two = replace(ARM, profile={"agents": [{"name": name, "model": "sub-model"} for name in ("a", "b")]})
    assert who([call(1, "sub-model")], arm=two) == [Claim(Role.SUB_AGENT)], "which of the two is not known"


def test_a_model_that_nobody_declared_stays_unknown() -> None:
    assert who([call(1, "small-model")]) == [Claim()]


def test_a_sub_agent_on_the_arms_own_model_makes_the_rest_unknown() -> None:
    ran = report(SourceCall(response_id="r1", role=Role.MAIN), delegations=(Delegation("coder", Source.STREAM),))
    assert [one.role for one in who([call(1), call(2)], ran)] == [Role.MAIN, None]
    elsewhere = replace(ran, delegations=(Delegation("coder", Source.STREAM, model="sub-model"),))
    assert [one.role for one in who([call(1), call(2)], elsewhere)] == [Role.MAIN, Role.MAIN]


@pytest.mark.parametrize(("offers", "role"), [(False, Role.AUXILIARY), (True, Role.MAIN), (None, Role.MAIN)])
def test_no_tools_and_a_documented_gap_make_a_title_request(offers: bool | None, role: Role) -> None:
    hidden = report(SourceCall(response_id="r1", role=Role.MAIN), gaps=("title_request",))
    assert [one.role for one in who([call(1), call(2)], hidden, offers=offers)] == [Role.MAIN, role]
    assert who([call(2)], report(), offers=offers) == [Claim(Role.MAIN)], "without such a gap it proves nothing"


@pytest.mark.parametrize(
    ("session", "mark"),
    [
        ("x-claude-code-session-id", {"x-claude-code-agent-id": "a1"}),
        ("x-session-affinity", {"x-parent-session-id": "s", "x-session-id": "s2"}),
        ("x-codex-window-id", {"x-codex-parent-thread-id": "t", "thread-id": "t2"}),
    ],
)
def test_of_an_agent_that_marks_them_a_sub_agent_on_the_same_model_is_told_apart(
    session: str, mark: dict[str, str]
) -> None:
    plain = {session: "s", "tools": "7"}
    ran = report(
        SourceCall(response_id="r2", role=Role.SUB_AGENT, agent_name="coder"),
        delegations=(Delegation("coder", Source.STREAM),),
    )
    calls = [call(1, hints=plain), call(2, hints=plain | mark), call(3, hints=plain | mark, status=529)]
    assert who(calls, ran) == [Claim(Role.MAIN), Claim(Role.SUB_AGENT, "coder"), Claim(Role.SUB_AGENT, "coder")]
    assert [one.role for one in who(calls)] == [Role.MAIN, Role.SUB_AGENT, Role.SUB_AGENT], "with the gateway alone"


def test_a_threads_name_is_not_given_to_another_thread() -> None:
    first, second = ({"x-claude-code-session-id": "s", "x-claude-code-agent-id": key} for key in ("a1", "a2"))
    ran = report(SourceCall(response_id="r1", role=Role.SUB_AGENT, agent_name="coder"))
    found = who([call(1, hints=first), call(2, hints=second), call(3, hints=first)], ran)
    assert [one.agent_name for one in found] == ["coder", None, "coder"]


def test_a_title_on_the_arms_own_model_is_told_without_any_source() -> None:
    title = {"x-session-affinity": "s", "x-session-id": "s", "tools": "0"}
    calls = [call(1, hints=title), call(2, hints=title | {"tools": "10"})]
    assert [one.role for one in who(calls, offers=False)] == [Role.AUXILIARY, Role.MAIN]
    assert [one.role for one in who(calls[:1], offers=False)] == [Role.MAIN], "an agent that was given no tools"
    assert [one.role for one in who([call(1, hints={"tools": "0"})], offers=False)] == [Role.MAIN], "another agent"


def test_a_declared_sub_agent_on_the_same_model_may_have_run_unseen() -> None:
    arm = replace(PLAIN, profile={"agents": [{"name": "coder"}]})
    assert who([call(1)], arm=arm) == [Claim()]
    assert who([call(1)], report(finished=True), arm=arm) == [Claim(Role.MAIN)], "a source would have shown it"
    assert who([call(1, hints={"x-session-affinity": "s"})], arm=arm) == [Claim(Role.MAIN)], "a mark would show it"
