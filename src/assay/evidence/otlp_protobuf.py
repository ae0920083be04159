"""OTLP in protobuf -> plain records. ``opentelemetry-proto`` parses; flattening is ours, and is where the time goes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.evidence.telemetry import DELTA, MILLI, STATUS, LogRecord, Point, Span, event_name
from assay.identity import Json


def logs(body: bytes) -> Iterator[LogRecord]:
    """Yield the log records of one export request. Raises ``ValueError`` when it is not one."""
    for group in _parsed(ExportLogsServiceRequest(), body).resource_logs:
        resource = _attributes(group.resource.attributes)
        for scoped in group.scope_logs:
            scope = scoped.scope.name
            for record in scoped.log_records:
                attributes, said = _attributes(record.attributes), _value(record.body)
                yield LogRecord(
                    at_ms=(record.time_unix_nano or record.observed_time_unix_nano) / MILLI,
                    name=event_name(record.event_name, attributes, said),
                    attributes=attributes,
                    resource=resource,
                    scope=scope,
                    body=said,
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                )


def spans(body: bytes) -> Iterator[Span]:
    """Yield the spans of one export request. Raises ``ValueError`` when it is not one."""
    for group in _parsed(ExportTraceServiceRequest(), body).resource_spans:
        resource = _attributes(group.resource.attributes)
        for scoped in group.scope_spans:
            scope = scoped.scope.name
            for span in scoped.spans:
                yield Span(
                    name=span.name,
                    start_ms=span.start_time_unix_nano / MILLI,
                    end_ms=span.end_time_unix_nano / MILLI,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    status=STATUS.get(span.status.code, "unset"),
                    attributes=_attributes(span.attributes),
                    resource=resource,
                    scope=scope,
                    events=tuple(
                        (event.name, event.time_unix_nano / MILLI, _attributes(event.attributes))
                        for event in span.events
                    ),
                )


def points(body: bytes) -> Iterator[Point]:
    """Yield the metric points of one export request. Raises ``ValueError`` when it is not one."""
    for group in _parsed(ExportMetricsServiceRequest(), body).resource_metrics:
        resource = _attributes(group.resource.attributes)
        for scoped in group.scope_metrics:
            for metric in scoped.metrics:
                shape = metric.WhichOneof("data")
                if shape is None:
                    continue
                data = getattr(metric, shape)
                counted = shape not in {"sum", "gauge"}
                for point in data.data_points:
                    which = None if counted else point.WhichOneof("value")
                    if not counted and which is None:
                        continue  # a point that says of itself that it has no value
                    yield Point(
                        name=metric.name,
                        unit=metric.unit,
                        kind="histogram" if counted else shape,
                        at_ms=point.time_unix_nano / MILLI,
                        value=float(point.sum if which is None else getattr(point, which)),
                        count=point.count if counted else None,
                        is_delta=getattr(data, "aggregation_temporality", None) == DELTA,
                        attributes=_attributes(point.attributes),
                        resource=resource,
                        scope=scoped.scope.name,
                    )


def _parsed(message: Any, body: bytes) -> Any:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise ValueError("is not OTLP in protobuf") from error
    return message


def _attributes(pairs: Any) -> dict[str, Json]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Json:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        text: str = value.string_value
        return text
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    plain: Json = getattr(value, kind)
    return plain
