"""How long one attempt takes to become facts: ``python benchmarks/normalise.py [--spans 2000] [--repeat 20]``.

The attempt: 40 requests with their bodies, and the spans of an agent that writes many (2 in 100 are requests). Measured
for both encodings of OTLP: decoding alone, all of ``normalise``, and reading what a report keeps of it for the next
one. Target: below 50 ms for 2,000 spans.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.evidence import bodies, kept, otlp
from assay.evidence.normalise import normalise
from assay.evidence.otlp import Frame, encode_frame, read_telemetry
from assay.records import Arm, Call, Dialect, OwnerKind, Tokens

REQUESTS, PER_BODY, TARGET_MS = 40, 200, 50.0
START = 1_795_000_000_000
PLAIN = {f"assay.attribute.{number}": "some text of a usual length" for number in range(6)}


def spans(count: int) -> list[dict[str, Any]]:
    """Spans as an agent's own JSON, every fiftieth a request with its usage."""
    every = max(1, count // REQUESTS)
    made = []
    for number in range(count):
        is_request = number % every == 0
        at = (START + number) * 1_000_000
        attributes: dict[str, str | int] = {**PLAIN}
        if is_request:
            attributes |= {"ai.model.id": "m", "ai.usage.inputTokens": 100 + number, "ai.usage.outputTokens": 50}
        made.append({
            "traceId": f"{number:032x}", "spanId": f"{number + 1:016x}", "parentSpanId": f"{number:016x}",
            "name": "ai.streamText.doStream" if is_request else "fs.read", "startTimeUnixNano": str(at),
            "endTimeUnixNano": str(at + 500_000), "attributes": [attribute(*pair) for pair in attributes.items()],
        })  # fmt: skip
    return made


def attribute(key: str, value: str | int) -> dict[str, Any]:
    """One attribute in OTLP/JSON."""
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def as_json(made: list[dict[str, Any]]) -> bytes:
    """One export request in JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "ai"}, "spans": made}]}]}).encode()


def as_protobuf(made: list[dict[str, Any]]) -> bytes:
    """The same in protobuf."""
    request = ExportTraceServiceRequest()
    scoped = request.resource_spans.add().scope_spans.add()
    scoped.scope.name = "ai"
    for one in made:
        span = scoped.spans.add(
            trace_id=bytes.fromhex(one["traceId"]),
            span_id=bytes.fromhex(one["spanId"]),
            parent_span_id=bytes.fromhex(one["parentSpanId"]),
            name=one["name"],
            start_time_unix_nano=int(one["startTimeUnixNano"]),
            end_time_unix_nano=int(one["endTimeUnixNano"]),
        )
        for pair in one["attributes"]:
            value = span.attributes.add(key=pair["key"]).value
            if "intValue" in pair["value"]:
                value.int_value = int(pair["value"]["intValue"])
            else:
                value.string_value = pair["value"]["stringValue"]
    body: bytes = request.SerializeToString()
    return body


def store(folder: Path, made: list[dict[str, Any]], kind: str) -> None:
    """Write the OTLP bodies of an attempt, 200 spans each."""
    encode = as_json if kind == "application/json" else as_protobuf
    parts = [made[at : at + PER_BODY] for at in range(0, len(made), PER_BODY)]
    framed = b"".join(encode_frame(Frame(1, kind, "identity", encode(part))) for part in parts)
    (folder / otlp.FOLDER).mkdir()
    (folder / otlp.FOLDER / "traces.bin").write_bytes(framed)


def conversation(folder: Path, made: list[dict[str, Any]]) -> list[Call]:
    """Write the bodies of 40 requests, each with the whole history before it, and return their calls."""
    every = max(1, len(made) // REQUESTS)
    history: list[dict[str, Any]] = []
    frames, calls = [], []
    for seq in range(1, REQUESTS + 1):
        frames.append(bodies.encode_body(seq, "request", json.dumps({"messages": history, "tools": [{}]}).encode()))
        use = {"id": f"c{seq}", "function": {"name": "bash", "arguments": json.dumps({"command": f"ls {seq}"})}}
        message = {"role": "assistant", "tool_calls": [use]}
        frames.append(bodies.encode_body(seq, "response", json.dumps({"choices": [{"message": message}]}).encode()))
        history += [message, {"role": "tool", "tool_call_id": f"c{seq}", "content": "x" * 2000}]
        tokens = Tokens(input_uncached=100 + (seq - 1) * every, output=50)
        calls.append(Call(OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.CHAT, "lab", "m", "m", tokens, 200, START + seq))
    (folder / bodies.NAME).write_bytes(b"".join(frames))
    return calls


def median_ms(work: Callable[[], object], repeat: int) -> float:
    """Median wall time in milliseconds."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()
    made = spans(options.spans)
    arm = Arm("opencode", "1", "m", "lab")
    for kind in ("application/x-protobuf", "application/json"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store(folder, made, kind)
            calls = conversation(folder, made)
            facts = normalise(folder, arm, calls)
            if len(facts.tool_calls) != REQUESTS or len(read_telemetry(folder).spans) != options.spans:
                raise SystemExit("the attempt was not read whole")
            decode = median_ms(partial(read_telemetry, folder), options.repeat)
            whole = median_ms(partial(normalise, folder, arm, calls), options.repeat)
            kept.store(folder, "a", "k", facts)
            again = median_ms(partial(kept.load, folder, "a", "k", calls), options.repeat)
            said = "within" if whole < TARGET_MS else "ABOVE"
            print(f"{kind:24} {options.spans} spans: decoding {decode:6.1f} ms, normalise {whole:6.1f} ms"
                  f" ({said} the target of {TARGET_MS:.0f} ms), kept {again:4.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
