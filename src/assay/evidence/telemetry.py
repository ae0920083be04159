"""OTLP as data: log records, spans and metric points, decoded once from the raw bodies that an attempt left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.identity import Json

MILLI = 1_000_000
"""Nanoseconds in a millisecond."""

DELTA = 1
"""OTLP's number for a point that counts since the one before it."""

STATUS: Mapping[object, str] = {1: "ok", 2: "error"}
"""OTLP's numbers for how a span ended."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log record. ``name`` is its event name (the field, else the attribute ``event.name``, else the body)."""

    at_ms: float
    name: str
    attributes: Mapping[str, Json] = field(default_factory=dict)
    resource: Mapping[str, Json] = field(default_factory=dict)
    scope: str = ""
    body: Json = None
    trace_id: str = ""
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One span; ids in hex. ``status``: ``unset | ok | error``. ``events`` are ``(name, at_ms, attributes)``."""

    name: str
    start_ms: float
    end_ms: float
    trace_id: str
    span_id: str
    parent_id: str = ""
    status: str = "unset"
    attributes: Mapping[str, Json] = field(default_factory=dict)
    resource: Mapping[str, Json] = field(default_factory=dict)
    scope: str = ""
    events: tuple[tuple[str, float, Mapping[str, Json]], ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One metric point. ``kind``: ``sum | gauge | histogram``; a histogram's ``value`` sums ``count`` values."""

    name: str
    unit: str
    kind: str
    at_ms: float
    value: float
    count: int | None = None
    is_delta: bool = True
    attributes: Mapping[str, Json] = field(default_factory=dict)
    resource: Mapping[str, Json] = field(default_factory=dict)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """All that one attempt exported. ``problems`` name bodies that could not be decoded, one sentence each."""

    logs: tuple[LogRecord, ...] = ()
    spans: tuple[Span, ...] = ()
    points: tuple[Point, ...] = ()
    problems: tuple[str, ...] = ()


def event_name(field_name: str, attributes: Mapping[str, Json], body: Json) -> str:
    """Return what a log record calls its event: the field, else the attribute ``event.name``, else the body."""
    named = field_name or attributes.get("event.name") or body
    return named if isinstance(named, str) else ""
