"""The seam ``ToolProtocol``: one agent's tools, as the Lab calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from assay.lab.answer import Question
from assay.lab.scripts import Action, Turn
from assay.lab.tools import ToolUse


class ToolProtocol(Protocol):
    """Spells actions in an agent's own tools. Pure; ids are given by the caller and put into ``ToolUse.id``."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Return the calls that carry out ``action`` with the tools of this request; none when it cannot be done."""
        ...

    def words(self, files: Mapping[str, str], question: Question) -> str | None:
        """Return an answer that is not a tool call: whole files in the agent's format; None = tools are its way."""
        ...

    def is_side_request(self, question: Question) -> bool:
        """Tell a request on the agent's own behalf (a title, a summary) from the work."""
        ...


@runtime_checkable
class WaitingProtocol(Protocol):
    """What an agent's tools need besides, where starting a sub-agent returns before it is done."""

    def waits(self, turn: Turn, question: Question) -> Sequence[ToolUse]:
        """Return the calls that wait for what the last ``turn`` started; none when there is nothing to wait for."""
        ...


@runtime_checkable
class ClosingProtocol(Protocol):
    """What an agent's tools need besides, where words alone do not end the work."""

    def closing(self, question: Question) -> Sequence[ToolUse]:
        """Return the calls with which the work is handed in."""
        ...
