"""aider has no tools: its model answers with whole files in the format that the prompt shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assay.lab.answer import Question
from assay.lab.scripts import Action
from assay.lab.tools import ToolUse

_SHOWN = re.compile(r"^path/to/filename\.js\n(\S+)\n.*?^(\S+)$", re.MULTILINE | re.DOTALL)
_FENCES = ("```", "```")


class AiderWords:
    """Implements ``ToolProtocol``."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:  # noqa: ARG002 - the seam's signature
        """There is nothing to call."""
        return ()

    def words(self, files: Mapping[str, str], question: Question) -> str:
        """Return the files, fenced as the prompt asks: it has other fences where the files hold the usual one."""
        shown = _SHOWN.search(question.system) or _SHOWN.search(question.opening)
        begin, end = (shown[1], _closing(shown)) if shown else _FENCES
        listed = [f"{path}\n{begin}\n{_lines(text)}{end}\n" for path, text in files.items()]
        return "\n".join(["I change the files.\n", *listed]) if listed else "No changes are needed."

    def is_side_request(self, question: Question) -> bool:  # noqa: ARG002 - the seam's signature
        """With git left alone there is no commit message to ask for."""
        return False


def _closing(shown: re.Match[str]) -> str:
    begin = shown[1]
    return f"</{begin[1:]}" if begin.startswith("<") else begin


def _lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
