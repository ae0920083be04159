"""Which requests are tries of the same thing: equal bodies, after a failure. Pure but for reading stored bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from assay.evidence.calls import FIRST_ERROR_STATUS
from assay.evidence.tool_calls import Bodies
from assay.records import Call


@dataclass(frozen=True, slots=True)
class Try:
    """One request among those with its body. ``number`` = 1 + failed ones before it.

    ``recovered``, of a failed one: a later one succeeded. None = not known (a body was not kept), or not failed.
    """

    number: int | None
    recovered: bool | None = None


def has_failed(call: Call) -> bool:
    """Tell whether a request ended in an error; one that was open at a kill did not end."""
    return call.status >= FIRST_ERROR_STATUS or call.error is not None


def tries(calls: Sequence[Call], bodies: Bodies) -> Mapping[int, Try]:
    """Number the requests, by ``seq``; bodies are read only from the first failure on."""
    first = next((at for at, call in enumerate(calls) if has_failed(call)), len(calls))
    later = calls[first:]
    digests = {call.seq: _digest(bodies.get(call.seq, "request")) for call in later}
    made = dict.fromkeys((call.seq for call in calls[:first]), Try(1))
    failed: Counter[bytes] = Counter()
    lost = False
    for at, call in enumerate(later):
        digest, bad = digests[call.seq], has_failed(call)
        number = None if lost or digest is None else 1 + failed[digest]
        made[call.seq] = Try(number, _recovered(digest, later[at + 1 :], digests) if bad else None)
        lost = lost or (bad and digest is None)
        if bad and digest is not None:
            failed[digest] += 1
    return made


def _recovered(digest: bytes | None, after: Sequence[Call], digests: Mapping[int, bytes | None]) -> bool | None:
    answered = [call for call in after if call.status and not has_failed(call) and not call.in_flight_at_kill]
    if digest is not None and any(digests[call.seq] == digest for call in answered):
        return True
    unsure = bool(answered) and (digest is None or any(digests[call.seq] is None for call in answered))
    return None if unsure else False


def _digest(body: bytes | None) -> bytes | None:
    return None if body is None else sha256(body).digest()
