"""How an attempt ended, decided from what was seen. Pure; it knows nothing of whether the answer is right."""

from __future__ import annotations

from typing import TypeAlias

from assay.agents.base import Reading
from assay.gateway.base import Totals
from assay.records import Ended
from assay.sandboxes.base import Exit, ExitRecord

QUEUE_SHARE = 0.05
"""A timeout that spent more than this share of its limit held back by rate limits is the provider's."""

End: TypeAlias = tuple[Ended, str | None]

_STOPS: dict[Exit, End] = {
    Exit.NOT_STARTED: (Ended.INFRASTRUCTURE, "the sandbox did not start"),
    Exit.STOPPED: (Ended.STUCK, "it made no progress"),
    Exit.KILLED: (Ended.INFRASTRUCTURE, "it was killed from outside"),
    Exit.MEMORY: (Ended.AGENT_CRASH, "it went over the memory limit"),
    Exit.DISK: (Ended.AGENT_CRASH, "it went over the disk limit"),
    Exit.CPU: (Ended.AGENT_CRASH, "it went over the CPU limit"),
    Exit.OUTPUT: (Ended.AGENT_CRASH, "it went over the output limit"),
}


def decide_ended(
    exit_record: ExitRecord, reading: Reading, totals: Totals, limit_s: float, *, has_model: bool = False
) -> End:
    """Return the word and a detail for people.

    Order matters: what our machine did comes first, then budgets and clocks, then what the agent says of
    itself, and only then its exit code. ``has_model``: the agent was to ask one; where it did not, and broke, the
    fault is in how it was set up.
    """
    ended, detail = _by_machine(exit_record, totals, limit_s) or _by_agent(exit_record, reading, totals)
    if ended is Ended.AGENT_CRASH and has_model and not totals.calls and exit_record.reason is Exit.EXITED:
        # Nothing was asked of the model, so nothing is known of it: a setting that the agent rejects, most often.
        return Ended.HARNESS_ERROR, f"it ended before it asked its model: {detail}"
    return ended, detail


def _by_machine(exit_record: ExitRecord, totals: Totals, limit_s: float) -> End | None:
    reason = exit_record.reason
    if totals.over_budget:
        return Ended.OVER_BUDGET, totals.last_error or "its budget was used up"
    if reason is Exit.TIMEOUT and totals.queued_ms > QUEUE_SHARE * limit_s * 1000:
        return Ended.PROVIDER_ERROR, f"held back {totals.queued_ms / 1000:.1f} s by rate limits before its deadline"
    if reason is Exit.TIMEOUT:
        return Ended.TIMEOUT, f"not done after {limit_s:g} s"
    if reason in _STOPS:
        ended, detail = _STOPS[reason]
        return ended, exit_record.detail or detail
    return None


def _by_agent(exit_record: ExitRecord, reading: Reading, totals: Totals) -> End:
    crashed = exit_record.exit_code != 0 or exit_record.reason is not Exit.EXITED
    if reading.ended is not None and reading.ended is not Ended.AGENT_CRASH:
        return reading.ended, reading.detail
    if reading.ended is None and not crashed:
        return Ended.COMPLETED, reading.detail
    if totals.last_call_failed:
        return Ended.PROVIDER_ERROR, totals.last_error or "its last call to the model failed"
    how = f"signal {exit_record.signal}" if exit_record.signal else f"exit code {exit_record.exit_code}"
    return Ended.AGENT_CRASH, reading.detail or f"the agent ended with {how}"
