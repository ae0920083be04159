"""What each dialect must do for the Lab, and what the three have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from assay.lab.answer import Answer, Question

Body: TypeAlias = Mapping[str, Any]

CREATED = 1_750_000_000
"""A constant time stamp in all answers: the same question has the same bytes."""
PIECES = 6
"""Into how many pieces a text is streamed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, due ``at_ms`` of simulated time after the request. ``is_text``: it carries answer text."""

    at_ms: float
    data: bytes
    is_text: bool = False


class Wire(Protocol):
    """A dialect; each is a module."""

    def question(self, body: Body) -> Question:
        """Read a request body; any of Python's look-up, type and value errors means: not of this dialect."""
        ...

    def whole(self, answer: Answer) -> Body:
        """Return the body of an answer that is not streamed."""
        ...

    def events(self, answer: Answer, question: Question) -> Iterator[Event]:
        """Return the events of a streamed answer, in order."""
        ...

    def error(self, status: int, message: str) -> Body:
        """Return the body of an error."""
        ...


def sse(data: Body, event: str | None = None) -> bytes:
    """Return one server-sent event."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def pieces(answer: Answer) -> Sequence[tuple[float, str]]:
    """Cut the text into pieces with the time at which each is due; hidden reasoning comes before."""
    if not answer.text:
        return ()
    reasoning, output = (answer.usage.reasoning, answer.usage.output) if answer.usage else (0, 1)
    streaming = answer.duration_ms - answer.ttft_ms
    begin = answer.ttft_ms + streaming * (reasoning / output if output else 0)
    size = -(-len(answer.text) // PIECES)
    texts = [answer.text[at : at + size] for at in range(0, len(answer.text), size)]
    step = (answer.duration_ms - begin) / len(texts)
    return [(begin + step * number, text) for number, text in enumerate(texts)]


def texts(part: Any) -> str:
    """Join all texts in a piece of JSON."""
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        return "".join(map(texts, part.values()))
    return "".join(map(texts, part)) if isinstance(part, Sequence) else ""


def characters(*parts: Any) -> int:
    """Count the characters of all texts in pieces of JSON."""
    return len(texts(parts))


def assistant_turns(messages: Any) -> int:
    """Count the assistant's messages in a conversation; a plain text has none."""
    if not isinstance(messages, list):
        return 0
    return sum(isinstance(message, Mapping) and message.get("role") == "assistant" for message in messages)


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; nothing else that a request may hold there."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def known(entries: Sequence[Mapping[str, Any]], is_answer: Callable[[Mapping[str, Any]], bool]) -> int:
    """Count the characters up to the last answer in a conversation: what a cache may hold."""
    last = max((number for number, entry in enumerate(entries) if is_answer(entry)), default=-1)
    return characters(entries[:last])


def opening(entries: Sequence[Mapping[str, Any]], is_answer: Callable[[Mapping[str, Any]], bool]) -> str:
    """Join what the user said before the first answer."""
    first = next((number for number, entry in enumerate(entries) if is_answer(entry)), len(entries))
    return texts([entry.get("content") for entry in entries[:first] if entry.get("role") == "user"])


def limit(value: Any) -> int | None:
    """Read a token limit; None = none was given."""
    return None if value is None else int(value)
