import pytest

from assay.agents.base import Reading
from assay.gateway.base import Totals
from assay.records import Ended
from assay.sandboxes.base import Exit, ExitRecord
from assay.trial.ending import decide_ended

DONE = ExitRecord(Exit.EXITED, exit_code=0)
FAILED = ExitRecord(Exit.EXITED, exit_code=3)
OUT_OF_TIME = ExitRecord(Exit.TIMEOUT, signal=9, last_signal=9)


@pytest.mark.parametrize(
    ("exit_record", "reading", "totals", "expected"),
    [
        (DONE, Reading(), Totals(), Ended.COMPLETED),
        (DONE, Reading(ended=Ended.REFUSED), Totals(), Ended.REFUSED),
        (DONE, Reading(ended=Ended.ASKED), Totals(), Ended.ASKED),
        (DONE, Reading(complaint="format_error"), Totals(), Ended.COMPLETED),
        (FAILED, Reading(), Totals(), Ended.AGENT_CRASH),
        (FAILED, Reading(), Totals(last_call_failed=True), Ended.PROVIDER_ERROR),
        (FAILED, Reading(ended=Ended.AGENT_CRASH), Totals(last_call_failed=True), Ended.PROVIDER_ERROR),
        (FAILED, Reading(ended=Ended.AGENT_CRASH), Totals(), Ended.AGENT_CRASH),
        (DONE, Reading(), Totals(last_call_failed=True), Ended.COMPLETED),
        (ExitRecord(Exit.SIGNALLED, signal=11), Reading(), Totals(), Ended.AGENT_CRASH),
        (OUT_OF_TIME, Reading(), Totals(), Ended.TIMEOUT),
        (OUT_OF_TIME, Reading(), Totals(queued_ms=400), Ended.TIMEOUT),
        (OUT_OF_TIME, Reading(), Totals(queued_ms=600), Ended.PROVIDER_ERROR),
        (OUT_OF_TIME, Reading(ended=Ended.REFUSED), Totals(), Ended.TIMEOUT),
        (ExitRecord(Exit.KILLED), Reading(), Totals(over_budget=True), Ended.OVER_BUDGET),
        (ExitRecord(Exit.KILLED), Reading(), Totals(), Ended.INFRASTRUCTURE),
        (ExitRecord(Exit.NOT_STARTED), Reading(ended=Ended.REFUSED), Totals(), Ended.INFRASTRUCTURE),
        (ExitRecord(Exit.MEMORY), Reading(), Totals(), Ended.AGENT_CRASH),
        (ExitRecord(Exit.DISK), Reading(), Totals(), Ended.AGENT_CRASH),
        (ExitRecord(Exit.OUTPUT), Reading(), Totals(), Ended.AGENT_CRASH),
    ],
)
def test_the_word_follows_from_what_was_seen(
    exit_record: ExitRecord, reading: Reading, totals: Totals, expected: Ended
) -> None:
    ended, detail = decide_ended(exit_record, reading, totals, limit_s=10.0)
    assert ended is expected
    assert detail or ended in {Ended.COMPLETED, Ended.REFUSED, Ended.ASKED}


@pytest.mark.parametrize(
    ("calls", "has_model", "expected"),
    [(0, True, Ended.HARNESS_ERROR), (1, True, Ended.AGENT_CRASH), (0, False, Ended.AGENT_CRASH)],
)
def test_an_agent_that_breaks_before_it_asks_says_nothing_of_its_model(
    calls: int, has_model: bool, expected: Ended
) -> None:
    broken = ExitRecord(Exit.EXITED, exit_code=1)
    reading = Reading(ended=Ended.AGENT_CRASH, detail="config.toml: invalid type")
    ended, detail = decide_ended(broken, reading, Totals(calls=calls), limit_s=10.0, has_model=has_model)
    assert ended is expected
    assert "invalid type" in str(detail)
