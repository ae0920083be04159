"""The agent ``api``: one question, one answer, no tools. The baseline that every other agent is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from assay.agents.base import MODEL_PATHS, Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.prompt import FILES_MARK, api_prompt
from assay.errors import InputError
from assay.evidence.streams import events
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, Exit, ExitRecord, Mount
from assay.suites.base import Task

API_VERSION = "1"
"""Grows with every change of the prompt, the request or the reading of answers: it is part of the arm's identity."""

INSIDE = Path(__file__).parent / "inside"
PROGRAMS = "/opt/assay/inside"
REQUEST_PATH = f"{HOME}/.assay/request.json"
_PASSED_ON = ("temperature", "top_p", "effort", "thinking_tokens", "max_tokens_parameter")


class ApiAgent:
    """Asks the model once per step, inside the sandbox, and writes the files of its answer.

    Settings: ``temperature top_p effort thinking_tokens max_output_tokens`` (passed on in each dialect's own
    words), ``answer_format`` (``text``), ``retries`` (of failed calls within the attempt, default 0),
    ``stream`` (default true), ``max_tokens_parameter`` (Chat servers that know only ``max_tokens``).
    """

    name: ClassVar[str] = "api"
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES})

    def version(self) -> str:
        """Version of prompt, request and answer format."""
        return API_VERSION

    def mounts(self, arm: Arm) -> Sequence[Mount]:  # noqa: ARG002 - the seam's signature
        """The client's programs, read-only."""
        return (Mount(INSIDE, PROGRAMS),)

    def launch(self, request: StepRequest) -> Launch:
        """Write the request to a file; the client adds the workspace as it then is. Raises ``InputError``."""
        settings = request.arm.settings
        answer_format = settings.get("answer_format", "text")
        if answer_format != "text":
            raise InputError(f"answer_format '{answer_format}' is not known", remedy="The agent api speaks: text")
        dialect = request.dialect or next((one for one in Dialect if one in request.base_urls), None)
        if dialect is None or dialect not in request.base_urls:
            raise InputError("the agent api has no address to speak to", remedy="Give the arm a model and a provider")
        content: Mapping[str, Json] = {
            "url": request.base_urls[dialect] + MODEL_PATHS[dialect],
            "dialect": dialect.value,
            "model": request.arm.model,
            "max_tokens": request.max_output_tokens,
            "system": request.arm.variant.get("system") or "",
            "prompt": api_prompt(request),
            "files_mark": FILES_MARK,
            "settings": {name: settings[name] for name in _PASSED_ON if name in settings},
            "stream": bool(settings.get("stream", True)),
            "retries": int(str(settings.get("retries", 0))),
            "writable": list(request.task.writable),
            "answer": request.task.answer,
        }
        return Launch(
            argv=(interpreter(request.task), "-I", "-S", "-B", f"{PROGRAMS}/start.py", REQUEST_PATH),
            files={REQUEST_PATH: json.dumps(content).encode()},
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:
        """Read the client's events."""
        seen: dict[str, Mapping[str, Any]] = {}
        calls = 0
        for event in events(output):
            name = str(event.get("event"))
            calls += name == "request"
            seen[name] = event
        facts = _facts(seen, calls)
        if "error" in seen:
            return Reading(Ended.PROVIDER_ERROR, _error_detail(seen["error"]), facts=facts)
        if "answer" not in seen:
            return _unfinished(output, exit_record, facts)
        answer, stop = seen["answer"], seen.get("stop", {})
        complaint = str(answer["complaint"]) if answer.get("complaint") else None
        detail = str(answer["detail"]) if answer.get("detail") else None
        if stop.get("refused"):
            return Reading(Ended.REFUSED, f"the model refused ({stop.get('reason')})", facts=facts)
        if answer.get("asks") is True and not stop.get("too_long"):
            return Reading(Ended.ASKED, "the model asked a question and wrote no file", complaint, facts)
        if complaint and stop.get("too_long"):
            detail = f"cut at the limit of {request.max_output_tokens} output tokens; {detail}"
        return Reading(None, detail, complaint, facts)


def interpreter(task: Task) -> str:
    """Return the inside path of a Python for our own programs: the toolchain's, else the system's."""
    return "/opt/toolchain/bin/python" if task.toolchain == "python" else "/usr/bin/python3"


def _facts(seen: Mapping[str, Mapping[str, Any]], calls: int) -> dict[str, Json]:
    """Counts for the scorers; a stage that was not reached gives no number."""
    facts: dict[str, Json] = {"calls": calls}
    if "stop" in seen:
        facts |= {"stop": seen["stop"].get("reason"), "cut_at_limit": bool(seen["stop"].get("too_long"))}
    if "first_token" in seen:
        facts["first_token_ms"] = seen["first_token"].get("ms")
    if "answer" in seen:
        answer = seen["answer"]
        facts |= {name: answer.get(name) for name in ("repeated", "thoughts", "thought_chars", "unclosed_thought")}
        facts |= {"files": len(answer.get("files") or ()), "rejected": len(answer.get("rejected") or ())}
    return facts


def _error_detail(error: Mapping[str, Any]) -> str:
    status = f" {error['status']}" if error.get("status") else ""
    return f"{error.get('kind')}{status}: {error.get('detail')}"[:500]


def _unfinished(output: Path, exit_record: ExitRecord, facts: Mapping[str, Json]) -> Reading:
    """No answer and no error: the client broke, unless somebody stopped it (the trial knows who)."""
    if exit_record.reason not in {Exit.EXITED, Exit.SIGNALLED}:
        return Reading(facts=facts)
    detail = crash_detail(output, exit_record) or "the agent ended without an answer"
    return Reading(Ended.AGENT_CRASH, detail, facts=facts)
