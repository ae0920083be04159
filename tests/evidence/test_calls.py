"""The gateway's log, read back: whole, cut, and damaged."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import EvidenceError
from assay.evidence.calls import LOG_NAME, end_line, read_calls, refused_line, spend, start_head, start_line
from assay.records import Call, Dialect, OwnerKind, Tokens


def call(seq: int, **changes: object) -> Call:
    standard: dict[str, object] = {
        "owner_kind": OwnerKind.TRIAL,
        "owner": "t",
        "attempt": "a",
        "step": 1,
        "seq": seq,
        "dialect": Dialect.CHAT,
        "provider": "p",
        "model_requested": "m",
        "model_served": "m-1",
        "tokens": Tokens(input_uncached=5, cache_read=0, output=7),
        "status": 200,
        "sent_at": 1_795_000_000_000,
        "queued_ms": 1.5,
        "ttft_ms": 2.5,
        "duration_ms": 9.0,
        "price_id": "x",
        "cost": 12,
    }
    return Call(**{**standard, **changes})  # type: ignore[arg-type]


def started(made: Call) -> bytes:
    head = start_head(
        owner_kind=made.owner_kind,
        owner=made.owner,
        attempt=made.attempt,
        dialect=made.dialect,
        provider=made.provider,
        model=made.model_requested,
        upstream="m-1",
        price_id=made.price_id,
        usage_injected=made.usage_injected,
    )
    return start_line(head, made.seq, made.step, made.sent_at, made.queued_ms)


def write(folder: Path, *lines: bytes) -> Path:
    (folder / LOG_NAME).write_bytes(b"".join(lines))
    return folder


def test_calls_come_back_as_they_were(tmp_path: Path) -> None:
    calls = (
        call(1),
        call(2, status=529, error="Überlast", tokens=Tokens(), cost=None, model_served=None, ttft_ms=None),
        call(3, in_flight_at_kill=True, simulated_ms=4.0, usage_injected=True, replayed=True),
    )
    lines = [line for made in calls for line in (started(made), end_line(made))]
    assert read_calls(write(tmp_path, *lines)) == calls


def test_calls_that_overlap_are_paired_by_number(tmp_path: Path) -> None:
    one, two = call(1), call(2, status=500)
    folder = write(tmp_path, started(one), started(two), end_line(two), refused_line(1, "x", 404, "no"), end_line(one))
    assert read_calls(folder) == (one, two)


def test_a_start_without_an_end_was_in_flight(tmp_path: Path) -> None:
    (open_call,) = read_calls(write(tmp_path, started(call(1))))
    assert open_call.in_flight_at_kill
    assert (open_call.status, open_call.cost, open_call.tokens) == (0, None, Tokens())
    assert (open_call.price_id, open_call.queued_ms) == ("x", 1.5)


@settings(max_examples=60)
@given(size=st.integers(0, 2000))
def test_a_log_cut_anywhere_by_a_kill_is_readable(size: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cut")
    lines = [line for seq in (1, 2, 3) for line in (started(call(seq)), end_line(call(seq)))]
    data = b"".join(lines)[:size]
    calls = read_calls(write(folder, data))
    assert len(calls) == sum(data.count(line) for line in lines[::2])
    assert sum(not made.in_flight_at_kill for made in calls) == sum(data.count(line) for line in lines[1::2])


def test_no_log_is_no_calls(tmp_path: Path) -> None:
    assert read_calls(tmp_path) == ()


@pytest.mark.parametrize(
    "bad", [b"nonsense\n", b'{"e":"end","seq":9,"status":1,"tokens":{}}\n', b'{"e":"start","seq":1}\n']
)
def test_damage_in_the_middle_is_told_with_its_line(bad: bytes, tmp_path: Path) -> None:
    write(tmp_path, started(call(1)), bad, end_line(call(1)))
    with pytest.raises(EvidenceError, match=r"gateway\.jsonl:2: "):
        read_calls(tmp_path)


def test_spend_says_what_it_does_not_know() -> None:
    failed = call(2, status=429, tokens=Tokens(), cost=None)
    silent = call(3, cost=None, tokens=Tokens())
    cut = call(4, in_flight_at_kill=True, cost=3)
    assert (spend([]).nano_usd, spend([]).lower_bound) == (0, False)
    assert (spend([call(1), failed]).nano_usd, spend([call(1), failed]).lower_bound) == (12, False)
    assert (spend([failed]).nano_usd, spend([failed]).lower_bound) == (0, False)
    assert (spend([silent]).nano_usd, spend([silent]).lower_bound) == (None, True)
    assert (spend([call(1), silent]).nano_usd, spend([call(1), silent]).lower_bound) == (12, True)
    assert (spend([call(1), cut]).nano_usd, spend([call(1), cut]).lower_bound) == (15, True)
