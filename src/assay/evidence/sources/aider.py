"""What aider leaves: what it prints for people. Version 0.86.2.

Its token counts from 1,000 on are rounded (``rounded``), what a cache held is in them unsaid (``cache_split``), and
requests that failed or were repeated are not counted (``retries``): the gateway is its only exact source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from assay.evidence.sources.base import (
    AttemptFiles,
    ErrorEvent,
    Inventory,
    Source,
    SourceCall,
    SourceReport,
)
from assay.evidence.streams import lines
from assay.records import Role, Tokens

ROUNDED_GAP = "rounded"
CACHE_GAP = "cache_split"
RETRIES_GAP = "retries"
_VERSION = re.compile(r"^Aider v(\S+)")
_MODEL = re.compile(r"^(?:Main model|Model): (?:openai/)?(\S+) with")
_TOKENS = re.compile(
    r"^Tokens: (?P<sent>[\d.]+k?) sent(?:, (?P<write>[\d.]+k?) cache write)?(?:, (?P<hit>[\d.]+k?) cache hit)?"
    r", (?P<received>[\d.]+k?) received"
)
_FAILED = re.compile(r"^litellm\.(?:exceptions\.)?\w+(?::|$)")
_MALFORMED = ("The LLM did not conform to the edit format", "Only 3 reflections allowed")


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return the stream report."""
    return (_stream(files.streams),)


def failed_call(output: Path) -> str | None:
    """Return the error of the last request; None when a request after it was answered."""
    failure = None
    for line in lines(output):
        if _TOKENS.match(line.text):
            failure = None
        elif _FAILED.match(line.text):
            failure = " ".join(line.text.split())[:300]
    return failure


def is_malformed(output: Path) -> bool:
    """Tell whether the last answer could not be read as files."""
    malformed = False
    for line in lines(output):
        if line.text.startswith("Applied edit to"):
            malformed = False
        elif line.text.startswith(_MALFORMED):
            malformed = True
    return malformed


def _stream(outputs: Iterable[Path]) -> SourceReport:
    calls: list[SourceCall] = []
    errors: list[ErrorEvent] = []
    version = model = None
    rounded = finished = False
    seen = False
    for output in outputs:
        finished = False
        for line in lines(output):
            seen = seen or bool(line.text.strip())
            version = _group(_VERSION, line.text) or version
            model = _group(_MODEL, line.text) or model
            told = _TOKENS.match(line.text)
            if told:
                calls.append(SourceCall(model=model, role=Role.MAIN, tokens=_counts(told)))
                rounded = rounded or any(count and count.endswith("k") for count in told.groups())
                finished = True
            elif _FAILED.match(line.text):
                errors.append(ErrorEvent("api", " ".join(line.text.split())[:300], Source.STREAM))
            elif line.text.startswith(_MALFORMED):
                errors.append(ErrorEvent("agent", line.text.strip()[:300], Source.STREAM))
    return SourceReport(
        Source.STREAM,
        calls=tuple(calls),
        errors=tuple(errors),
        inventory=Inventory(version=version, model=model, tools=(), sub_agents=()) if version else None,
        turns=len(calls),
        finished=finished,
        problems=() if calls or not seen else ("it printed no token counts",),
        gaps=(*((ROUNDED_GAP,) if rounded else ()), CACHE_GAP, RETRIES_GAP),
    )


def _counts(told: re.Match[str]) -> Tokens:
    """What is sent includes what the cache held."""
    sent, hit, write = _number(told["sent"]), _number(told["hit"]), _number(told["write"])
    uncached = None if sent is None else sent - (hit or 0) - (write or 0)
    return Tokens(input_uncached=uncached, cache_read=hit, cache_write_unknown=write, output=_number(told["received"]))


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    return round(float(text[:-1]) * 1000) if text.endswith("k") else int(float(text))


def _group(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.match(text)
    return found[1] if found else None
