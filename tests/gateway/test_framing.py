import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.gateway.framing import is_framed

SPANS = {"resource_spans": [{"scope_spans": [{"spans": [{"name": "a" * 300, "trace_id": b"x" * 16}] * 20}]}] * 3}


@given(st.integers(0, 40), st.text(max_size=300))
def test_what_the_library_writes_is_framed(count: int, text: str) -> None:
    logs = [{"resource": {"attributes": [{"key": text}]}, "scope_logs": [{"log_records": [{"event_name": text}]}]}]
    assert is_framed(ExportLogsServiceRequest(resource_logs=logs * count).SerializeToString())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", [b"not protobuf", b"\x00\x00", b"\x0b", b"<html></html>", b"{}", b"\xff" * 20, b"\x0a\x05ab"]
)
def test_other_things_are_not(data: bytes) -> None:
    assert not is_framed(data)


def test_every_cut_on_the_outer_levels_is_seen() -> None:
    whole = ExportTraceServiceRequest(**SPANS).SerializeToString()  # type: ignore[arg-type]
    cuts = [at for at in range(1, len(whole)) if is_framed(whole[:at])]
    group = len(whole) // 3
    # Between two groups a body is whole as far as it goes: protobuf cannot tell.
    assert cuts == [group, 2 * group]
