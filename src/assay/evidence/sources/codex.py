"""What Codex leaves: events on standard output, telemetry, and session files, each read by a module of its own."""

from __future__ import annotations

from collections.abc import Sequence

from assay.evidence.sources.base import AttemptFiles, SourceReport
from assay.evidence.sources.codex_otlp import otlp_report
from assay.evidence.sources.codex_session import session_report
from assay.evidence.sources.codex_stream import stream_report


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return stream, session and OTLP reports."""
    return (stream_report(files.streams), session_report(files.home), otlp_report(files.folder))
