import json
from typing import Any

import pytest

from assay.gateway.repeats import Repeats, run_before, spelled
from assay.records import Dialect


def history(dialect: Dialect, uses: list[tuple[str, Any]]) -> bytes:
    """A conversation in which these tools were used, one turn each."""
    if dialect is Dialect.MESSAGES:
        blocks = [
            {"type": "tool_use", "id": str(n), "name": name, "input": given} for n, (name, given) in enumerate(uses)
        ]
        return json.dumps({"messages": [{"role": "assistant", "content": [block]} for block in blocks]}).encode()
    if dialect is Dialect.CHAT:
        calls = [
            {"type": "function", "function": {"name": name, "arguments": json.dumps(given)}} for name, given in uses
        ]
        return json.dumps({"messages": [{"role": "assistant", "tool_calls": [call]} for call in calls]}).encode()
    if dialect is Dialect.RESPONSES:
        items = [{"type": "function_call", "name": name, "arguments": json.dumps(given)} for name, given in uses]
        return json.dumps({"input": [{"type": "message", "content": "hi"}, *items]}).encode()
    parts = [{"functionCall": {"name": name, "args": given}} for name, given in uses]
    return json.dumps({"contents": [{"role": "model", "parts": [part]} for part in parts]}).encode()


def answer(dialect: Dialect, name: str, given: Any) -> bytes:
    bodies: dict[Dialect, Any] = {
        Dialect.MESSAGES: {"content": [{"type": "tool_use", "id": "x", "name": name, "input": given}]},
        Dialect.CHAT: {
            "choices": [
                {"message": {"tool_calls": [{"id": "x", "function": {"name": name, "arguments": json.dumps(given)}}]}}
            ]
        },
        Dialect.RESPONSES: {
            "output": [{"type": "function_call", "call_id": "x", "name": name, "arguments": json.dumps(given)}]
        },
        Dialect.GEMINI: {"candidates": [{"content": {"parts": [{"functionCall": {"name": name, "args": given}}]}}]},
    }
    return json.dumps(bodies[dialect]).encode()


LS = ("Bash", {"command": "ls", "timeout": 3})


@pytest.mark.parametrize("dialect", list(Dialect))
def test_five_in_a_row_are_five_in_every_dialect(dialect: Dialect) -> None:
    repeats = Repeats()
    for before in range(5):
        repeats.feed(dialect, history(dialect, [("Read", {"path": "a"}), *[LS] * before]), answer(dialect, *LS))
    assert repeats.longest == ("Bash", 5)


def test_another_call_between_begins_anew() -> None:
    repeats = Repeats()
    uses: list[tuple[str, Any]] = []
    for use in [LS, LS, LS, ("Read", {"path": "a"}), LS, LS]:
        repeats.feed(Dialect.MESSAGES, history(Dialect.MESSAGES, uses), answer(Dialect.MESSAGES, *use))
        uses.append(use)
    assert repeats.longest == ("Bash", 3)


def test_many_conversations_that_begin_alike_are_no_circle() -> None:
    repeats = Repeats()
    for _ in range(8):
        repeats.feed(Dialect.MESSAGES, history(Dialect.MESSAGES, []), answer(Dialect.MESSAGES, *LS))
    assert repeats.longest == ("Bash", 1)


def test_waiting_for_a_program_is_no_circle() -> None:
    repeats = Repeats()
    poll = ("BashOutput", {"bash_id": "1"})
    for before in range(9):
        repeats.feed(Dialect.MESSAGES, history(Dialect.MESSAGES, [poll] * before), answer(Dialect.MESSAGES, *poll))
    assert repeats.longest is None


def test_arguments_have_one_spelling() -> None:
    assert spelled('{"b": 1, "a": 2}') == spelled({"a": 2, "b": 1})
    assert spelled("ls -l") == "ls -l"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"messages": 3}', b"\xff", b'{"messages": [[[[]]], 1, {"type": []}]}']
)
def test_what_cannot_be_read_counts_as_nothing(body: bytes) -> None:
    assert run_before(("Bash", "{}"), body) == 0
