from collections.abc import Sequence
from dataclasses import replace

import pytest

from assay.evidence.coordination import NONE, UNKNOWN, Asked, Coordination, Effort, coordination, outside
from assay.evidence.gaps import Counted
from assay.evidence.sources.base import Delegation, Source
from assay.records import NANO, Call, Dialect, OwnerKind, Role, Tokens


def request(seq: int, sent: int, length: float | None, role: Role | None = Role.MAIN) -> Counted:
    call = Call(
        OwnerKind.TRIAL,
        "t",
        "a",
        0,
        seq,
        Dialect.MESSAGES,
        "lab",
        "deep",
        "deep",
        Tokens(input_uncached=90, output=10),
        200,
        sent,
        duration_ms=length,
        cost=NANO // 10,
    )
    return Counted(call, role)


# A main loop that looks (0), starts two sub-agents (1), asks for them (2), writes (3) and reports (4).
MAIN = (request(0, 0, 100), request(1, 1000, 500), request(2, 3000, 200), request(3, 9000, 300), request(4, 9500, 100))
SUB = (request(5, 2000, 4000, Role.SUB_AGENT), request(6, 2000, 5000, Role.SUB_AGENT))
TOOLS: Asked = {0: ["Bash"], 1: ["Agent", "Agent"], 2: ["wait_agent"], 3: ["Edit", "Bash"], 4: []}
USES = (
    Delegation("coder", Source.STREAM, at_ms=2000, duration_ms=4500),
    Delegation("coder", Source.STREAM, at_ms=2000, duration_ms=5500),
)


def found(uses: Sequence[Delegation] = USES, tools: Asked = TOOLS, extra: Sequence[Counted] = ()) -> Coordination:
    return coordination((*MAIN, *SUB, *extra), uses, lambda: tools, known=True)


def test_each_cost_has_its_requests() -> None:
    told = found()
    assert told.delegating == Effort(100, 0.1, 0.5)
    assert told.waiting == Effort(100, 0.1, 5.5)
    assert told.reworking == Effort(100, 0.1, 0.3)


def test_waiting_is_not_where_the_main_loop_works() -> None:
    working = request(7, 4000, 1000)
    assert found(tools={**TOOLS, 7: ["Read"]}, extra=[working]).waiting.seconds == 4.5


def test_a_write_before_the_last_return_is_no_rework() -> None:
    early = request(7, 7000, 100)
    assert found(tools={**TOOLS, 7: ["Write"]}, extra=[early]).reworking.tokens == 100


def test_a_sub_agent_may_be_a_tool_by_its_own_name() -> None:
    assert found(tools={**TOOLS, 1: ["coder"]}).delegating.tokens == 100


def test_nothing_delegated_is_zero_and_reads_no_body() -> None:
    def never() -> Asked:
        raise AssertionError

    assert coordination(MAIN, (), never, known=True) == NONE


@pytest.mark.parametrize("known", [True, False])
def test_unknown_is_none(known: bool) -> None:
    nobody = request(8, 0, 1, role=None)
    assert coordination((*MAIN, *([nobody] if known else [])), (), dict, known=known) == UNKNOWN


def test_an_answer_that_was_not_kept_makes_all_unknown() -> None:
    assert found(tools={**TOOLS, 3: None}) == UNKNOWN


def test_a_sub_agent_that_never_returned_leaves_what_is_known() -> None:
    hung = found(uses=(USES[0], replace(USES[1], duration_ms=None)))
    assert hung.delegating.tokens == 100
    assert hung.waiting == Effort(100, 0.1, None)
    assert hung.reworking == Effort()


def test_a_request_without_a_price_has_no_cost() -> None:
    unpriced = replace(MAIN[1], call=replace(MAIN[1].call, cost=None))
    told = coordination((MAIN[0], unpriced, *MAIN[2:]), USES, lambda: TOOLS, known=True)
    assert told.delegating == Effort(100, None, 0.5)


def test_overlaps_count_once() -> None:
    assert outside([(0, 1000), (500, 2000)], [(400, 600), (500, 700)]) == 1.7
