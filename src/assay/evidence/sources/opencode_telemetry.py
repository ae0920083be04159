"""opencode's spans: one for each request. The last one may never be sent, even at a normal end."""

from __future__ import annotations

from pathlib import Path

from assay.evidence.otlp import read_telemetry
from assay.evidence.sources.base import Scope, Source, SourceCall, SourceReport
from assay.evidence.sources.values import number, text, whole
from assay.evidence.telemetry import Span
from assay.records import Role, Tokens

LAST_SPAN_GAP = "last_request"


def otlp_report(folder: Path) -> SourceReport:
    """Read the telemetry of one attempt."""
    telemetry = read_telemetry(folder)
    spans = [span for span in telemetry.spans if span.name == "ai.streamText.doStream"]
    return SourceReport(
        Source.OTLP, Scope.ALL, calls=tuple(map(_span_call, spans)), problems=telemetry.problems, gaps=(LAST_SPAN_GAP,)
    )


def _span_call(span: Span) -> SourceCall:
    given = span.attributes

    def count(*names: str) -> int | None:
        return next((whole(given[name]) for name in names if name in given), None)

    prompt = count("ai.usage.inputTokens", "gen_ai.usage.input_tokens", "ai.usage.promptTokens")
    read = count("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens")
    write = count("ai.usage.inputTokenDetails.cacheWriteTokens")
    uncached = count("ai.usage.inputTokenDetails.noCacheTokens")
    if uncached is None and prompt is not None:
        uncached = prompt - (read or 0) - (write or 0)
    return SourceCall(
        response_id=text(given.get("ai.response.id") or given.get("gen_ai.response.id")),
        model=text(given.get("ai.model.id") or given.get("gen_ai.request.model")),
        # All its work is offered tools; a title is not.
        role=None if "ai.prompt.tools" in given else Role.AUXILIARY,
        tokens=Tokens(
            input_uncached=uncached,
            cache_read=read,
            cache_write_unknown=write,
            output=count("ai.usage.outputTokens", "gen_ai.usage.output_tokens", "ai.usage.completionTokens"),
            reasoning=count("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
        ),
        at_ms=round(span.start_ms),
        ttft_ms=number(given.get("ai.response.msToFirstChunk")),
        duration_ms=span.end_ms - span.start_ms,
        stop_reason=text(given.get("ai.response.finishReason")),
    )
