"""OTLP bodies decoded: both encodings alike, ids in hex, packed bodies, duplicates, and damage of every kind."""

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.errors import EvidenceError
from assay.evidence import otlp
from assay.evidence.otlp import Frame, encode_frame, read_frames, read_telemetry
from assay.evidence.telemetry import LogRecord, Point, Span, Telemetry

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE, SPAN, PARENT = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "eee19b7ec3c1b173"
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "agent"}}]}
ATTRIBUTES = [
    {"key": "text", "value": {"stringValue": "7"}},
    {"key": "whole", "value": {"intValue": "9007199254740993"}},
    {"key": "part", "value": {"doubleValue": 0.5}},
    {"key": "yes", "value": {"boolValue": True}},
    {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "b"}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": False}}]}}},
    {"key": "raw", "value": {"bytesValue": "AAE="}},
    {"key": "none", "value": {}},
]
FROM = {"service.name": "agent"}
PLAIN: dict[str, Any] = {"text": "7", "whole": 9007199254740993, "part": 0.5, "yes": True, "list": [1, "b"],
         "map": {"k": False}, "raw": "AAE=", "none": None}  # fmt: skip
LOGS = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [
    {"timeUnixNano": "1500000000", "traceId": TRACE, "spanId": SPAN, "attributes": ATTRIBUTES,
     "body": {"stringValue": "agent.api_request"}}]}]}]}  # fmt: skip
SPANS = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": {"name": "s"}, "spans": [
    {"traceId": TRACE, "spanId": SPAN, "parentSpanId": PARENT, "name": "llm", "startTimeUnixNano": "1000000",
     "endTimeUnixNano": "3000000", "status": {"code": 2}, "attributes": ATTRIBUTES,
     "events": [{"name": "retry", "timeUnixNano": "2000000", "attributes": []}]}]}]}]}  # fmt: skip
METRICS = {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"scope": {"name": "s"}, "metrics": [
    {"name": "tokens", "unit": "1", "sum": {"aggregationTemporality": 1, "dataPoints": [
        {"timeUnixNano": "1000000", "asInt": "12"}, {"timeUnixNano": "1000000"}]}},
    {"name": "total", "sum": {"aggregationTemporality": 2, "dataPoints": [{"asDouble": 1.5}]}},
    {"name": "now", "gauge": {"dataPoints": [{"asDouble": 2.5}]}},
    {"name": "turn", "histogram": {"aggregationTemporality": 1, "dataPoints": [{"sum": 30.0, "count": "4"}]}},
]}]}]}  # fmt: skip
MESSAGES: dict[str, Any] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
SAID = {"logs": LOGS, "traces": SPANS, "metrics": METRICS}

EXPECTED = Telemetry(
    logs=(LogRecord(1500.0, "agent.api_request", PLAIN, FROM, "s", "agent.api_request", TRACE, SPAN),),
    spans=(
        Span("llm", 1.0, 3.0, TRACE, SPAN, PARENT, "error", PLAIN, FROM, "s", (("retry", 2.0, {}),)),
    ),
    points=(
        Point("tokens", "1", "sum", 1.0, 12.0, resource=FROM, scope="s"),
        Point("total", "", "sum", 0.0, 1.5, is_delta=False, resource=FROM, scope="s"),
        Point("now", "", "gauge", 0.0, 2.5, is_delta=False, resource=FROM, scope="s"),
        Point("turn", "", "histogram", 0.0, 30.0, 4, resource=FROM, scope="s"),
    ),
)  # fmt: skip


def as_protobuf(signal: str) -> bytes:
    """The same export as a protobuf client sends it: its ids are bytes."""
    data = json.loads(json.dumps(SAID[signal]))
    for record in _with_ids(data):
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in record:
                record[name] = base64.b64encode(bytes.fromhex(record[name])).decode()
    done: bytes = json_format.ParseDict(data, MESSAGES[signal]()).SerializeToString()
    return done


def _with_ids(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, dict):
        return [data, *(found for value in data.values() for found in _with_ids(value))]
    return [found for item in data for found in _with_ids(item)] if isinstance(data, list) else []


def export(folder: Path, signal: str, *frames: Frame | bytes) -> None:
    (folder / otlp.FOLDER).mkdir(exist_ok=True)
    packed = b"".join(encode_frame(frame) if isinstance(frame, Frame) else frame for frame in frames)
    (folder / otlp.FOLDER / f"{signal}.bin").write_bytes(packed)


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_both_encodings_say_the_same(tmp_path: Path, kind: str) -> None:
    for signal, said in SAID.items():
        body = as_protobuf(signal) if kind == PROTOBUF else json.dumps(said).encode()
        export(tmp_path, signal, Frame(1, kind, "identity", body))
    assert read_telemetry(tmp_path) == EXPECTED


def test_nothing_exported_is_nothing_found(tmp_path: Path) -> None:
    assert read_telemetry(tmp_path) == Telemetry()


def test_packed_bodies_and_repeated_ones_count_once(tmp_path: Path) -> None:
    body = as_protobuf("logs")
    raw = zlib.compressobj(wbits=-15)
    packed = raw.compress(body) + raw.flush()
    export(
        tmp_path,
        "logs",
        Frame(1, PROTOBUF, "gzip", gzip.compress(body)),
        Frame(2, PROTOBUF, "deflate", zlib.compress(body)),
        Frame(3, PROTOBUF, "deflate", packed),
        Frame(4, PROTOBUF, "identity", body),
    )
    found = read_telemetry(tmp_path)
    assert (found.logs, found.problems) == (EXPECTED.logs, ())


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Frame(1, PROTOBUF, "identity", b"\xff\xff"), "not OTLP in protobuf"),
        (Frame(1, JSON, "identity", b"{"), "not JSON"),
        (Frame(1, JSON, "identity", b"[]"), "not OTLP in JSON"),
        (Frame(1, JSON, "identity", b'{"resourceLogs": [3]}'), "not OTLP in JSON"),
        (Frame(1, "text/html", "identity", b""), "unknown type 'text/html'"),
        (Frame(1, PROTOBUF, "br", b""), "unknown encoding 'br'"),
        (Frame(1, PROTOBUF, "gzip", b"no"), "not whole gzip"),
        (Frame(1, PROTOBUF, "gzip", gzip.compress(b"x" * 999)[:-9]), "not whole gzip"),
        (b'{"at": 1, "length": "many"}\nrest\n', "damaged at byte 0"),
        (b"nonsense\n", "damaged at byte 0"),
    ],
)
def test_a_damaged_body_is_named_and_the_others_count(tmp_path: Path, bad: Frame | bytes, said: str) -> None:
    good = Frame(2, PROTOBUF, "identity", as_protobuf("logs"))
    export(tmp_path, "logs", bad, good)
    found = read_telemetry(tmp_path)
    assert found.logs == EXPECTED.logs
    assert len(found.problems) == 1
    assert said in found.problems[0]
    assert found.problems[0].startswith("logs.bin, body 1: ")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MAX_BODY", 1000)
    export(tmp_path, "traces", Frame(1, PROTOBUF, "gzip", gzip.compress(b"\0" * 100_000)))
    assert "larger than 1000 bytes" in read_telemetry(tmp_path).problems[0]


def test_frames_read_one_by_one_stop_at_damage(tmp_path: Path) -> None:
    (tmp_path / "logs.bin").write_bytes(b"nonsense\n")
    with pytest.raises(EvidenceError, match="damaged at byte 0"):
        list(read_frames(tmp_path / "logs.bin"))


@settings(max_examples=60)
@given(data=st.binary(max_size=200), kind=st.sampled_from([PROTOBUF, JSON]), signal=st.sampled_from(otlp.SIGNALS))
def test_any_bytes_are_decoded_or_refused(data: bytes, kind: str, signal: str) -> None:
    try:
        found = otlp.decode(signal, kind, data)
    except ValueError:
        return
    assert all(isinstance(entry, LogRecord | Span | Point) for entry in found)
