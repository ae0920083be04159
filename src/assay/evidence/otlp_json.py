"""OTLP in JSON -> plain records, by hand: its ids are hex, which protobuf's own JSON reader takes for base64."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assay.evidence.sources.values import mapping
from assay.evidence.telemetry import DELTA, MILLI, STATUS, LogRecord, Point, Span, event_name
from assay.identity import Json

_COUNTED = ("histogram", "exponentialHistogram", "summary")
_DELTAS = frozenset({DELTA, "AGGREGATION_TEMPORALITY_DELTA"})
_STATUS = {**STATUS, "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}


def logs(body: bytes) -> Iterator[LogRecord]:
    """Yield the log records of one export request. Raises ``ValueError`` when it is not one."""
    for resource, scope, record in _entries(body, "resourceLogs", "scopeLogs", "logRecords"):
        attributes, said = _attributes(record.get("attributes")), _value(record.get("body"))
        yield LogRecord(
            at_ms=_ms(record.get("timeUnixNano")) or _ms(record.get("observedTimeUnixNano")),
            name=event_name(_text(record, "eventName"), attributes, said),
            attributes=attributes,
            resource=resource,
            scope=scope,
            body=said,
            trace_id=_text(record, "traceId").lower(),
            span_id=_text(record, "spanId").lower(),
        )


def spans(body: bytes) -> Iterator[Span]:
    """Yield the spans of one export request. Raises ``ValueError`` when it is not one."""
    for resource, scope, span in _entries(body, "resourceSpans", "scopeSpans", "spans"):
        status = mapping(span.get("status")).get("code")
        yield Span(
            name=_text(span, "name"),
            start_ms=_ms(span.get("startTimeUnixNano")),
            end_ms=_ms(span.get("endTimeUnixNano")),
            trace_id=_text(span, "traceId").lower(),
            span_id=_text(span, "spanId").lower(),
            parent_id=_text(span, "parentSpanId").lower(),
            status=_STATUS.get(status, "unset") if isinstance(status, int | str) else "unset",
            attributes=_attributes(span.get("attributes")),
            resource=resource,
            scope=scope,
            events=tuple(
                (_text(event, "name"), _ms(event.get("timeUnixNano")), _attributes(event.get("attributes")))
                for event in _list(span.get("events"))
            ),
        )


def points(body: bytes) -> Iterator[Point]:
    """Yield the metric points of one export request. Raises ``ValueError`` when it is not one."""
    for resource, scope, metric in _entries(body, "resourceMetrics", "scopeMetrics", "metrics"):
        shape = next((name for name in ("sum", "gauge", *_COUNTED) if name in metric), None)
        if shape is None:
            continue
        data = mapping(metric[shape])
        counted = shape in _COUNTED
        for point in _list(data.get("dataPoints")):
            value = point.get("sum", 0) if counted else point.get("asInt", point.get("asDouble"))
            if value is None:
                continue  # a point that says of itself that it has no value
            yield Point(
                name=_text(metric, "name"),
                unit=_text(metric, "unit"),
                kind="histogram" if counted else shape,
                at_ms=_ms(point.get("timeUnixNano")),
                value=float(value),
                count=int(point.get("count", 0)) if counted else None,
                is_delta=data.get("aggregationTemporality") in _DELTAS,
                attributes=_attributes(point.get("attributes")),
                resource=resource,
                scope=scope,
            )


def _entries(
    body: bytes, outer: str, middle: str, inner: str
) -> Iterator[tuple[dict[str, Json], str, Mapping[str, Any]]]:
    """Yield (resource attributes, scope name, entry)."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    if not isinstance(request, dict):
        raise ValueError("is not OTLP in JSON")  # noqa: TRY004 - a value, not an argument, is wrong
    for group in _list(request.get(outer)):
        resource = _attributes(mapping(group.get("resource")).get("attributes"))
        for scoped in _list(group.get(middle)):
            scope = _text(mapping(scoped.get("scope")), "name")
            for entry in _list(scoped.get(inner)):
                yield resource, scope, entry


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("is not OTLP in JSON")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _ms(nanoseconds: Any) -> float:
    return int(nanoseconds) / MILLI if isinstance(nanoseconds, int | str) and nanoseconds else 0.0


def _attributes(pairs: Any) -> dict[str, Json]:
    return {_text(pair, "key"): _value(pair.get("value")) for pair in _list(pairs)}


def _value(value: Any) -> Json:
    """AnyValue -> plain JSON. 64 bit integers come as decimal text."""
    if not isinstance(value, dict):
        return None
    for kind, content in value.items():
        read = _KINDS.get(kind)
        return content if read is None else read(content)  # stringValue, boolValue, bytesValue (base64 text)
    return None


def _array(content: Any) -> Json:
    return [_value(item) for item in _list(mapping(content).get("values"))]


def _pairs(content: Any) -> Json:
    return _attributes(mapping(content).get("values"))


_KINDS: Mapping[str, Callable[[Any], Json]] = {
    "intValue": int,
    "doubleValue": float,
    "arrayValue": _array,
    "kvlistValue": _pairs,
}
