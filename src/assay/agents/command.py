"""The agent ``command``: any program that edits files in its current folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.prompt import ask, profile_files
from assay.errors import InputError
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, ExitRecord, Mount

PROMPT_PATH = f"{HOME}/.assay/prompt.md"
DUMMY_KEY = "dummy"
_KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")


class CommandAgent:
    """Starts a command line in the workspace.

    Settings: ``command`` (a list, or a line split as a shell would, without a shell) with the placeholders
    ``{prompt_file} {prompt} {base_url} {model}``; ``env`` (name to text); ``mounts`` (list of ``{host,
    inside}``, shown read-only). The command is a setting, so its content is part of the arm's identity.
    """

    name: ClassVar[str] = "command"
    dialects: ClassVar[frozenset[Dialect]] = frozenset()

    def version(self) -> str:
        """Always 0: what runs is in the settings."""
        return "0"

    def mounts(self, arm: Arm) -> Sequence[Mount]:
        """The trees that the settings name. Raises ``InputError`` for one that is not there."""
        entries = arm.settings.get("mounts") or ()
        if isinstance(entries, str) or not isinstance(entries, Sequence):
            raise InputError("mounts of the agent command is not a list", remedy="Write [{host: PATH, inside: PATH}]")
        return tuple(_mount(entry) for entry in entries)

    def launch(self, request: StepRequest) -> Launch:
        """Fill in the placeholders; the prompt lies in a file, too long for an argument or not."""
        prompt = ask(request)
        filled = {
            "{prompt_file}": PROMPT_PATH,
            "{prompt}": prompt,
            "{base_url}": _base_url(request),
            "{model}": request.arm.model,
        }
        return Launch(
            argv=tuple(_fill(word, filled) for word in _words(request.arm.settings.get("command"))),
            env=_addresses(request.base_urls) | _env(request.arm.settings.get("env")),
            files={PROMPT_PATH: prompt.encode(), **(profile_files(request.arm) if request.step == 0 else {})},
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """Only the exit code speaks: what a program prints means something to that program alone."""
        detail = crash_detail(output, exit_record)
        return Reading(Ended.AGENT_CRASH, detail) if detail else Reading()


def _words(command: Json) -> list[str]:
    words = shlex.split(command) if isinstance(command, str) else command
    if not isinstance(words, Sequence) or not words or not all(isinstance(word, str) for word in words):
        raise InputError("the agent command has no command", remedy="Set settings.command, a list of words")
    return [str(word) for word in words]


def _fill(word: str, filled: Mapping[str, str]) -> str:
    """Replace in one pass, so that a placeholder inside the prompt stays what it is."""
    for name, value in filled.items():
        before, found, after = word.partition(name)
        if found:
            return _fill(before, filled) + value + _fill(after, filled)
    return word


def _base_url(request: StepRequest) -> str:
    if request.dialect is not None and request.dialect in request.base_urls:
        return request.base_urls[request.dialect]
    return next(iter(request.base_urls.values()), "")


def _addresses(base_urls: Mapping[Dialect, str]) -> dict[str, str]:
    """Return the door under the names that tools look for. OpenAI's convention counts ``/v1`` to the address."""
    named = {f"ASSAY_{dialect.value.upper()}_URL": url for dialect, url in base_urls.items()}
    if Dialect.MESSAGES in base_urls:
        named["ANTHROPIC_BASE_URL"] = base_urls[Dialect.MESSAGES]
    openai = base_urls.get(Dialect.CHAT) or base_urls.get(Dialect.RESPONSES)
    if openai:
        named |= {"OPENAI_BASE_URL": f"{openai}/v1", "OPENAI_API_BASE": f"{openai}/v1"}
    return named | (dict.fromkeys(_KEYS, DUMMY_KEY) if base_urls else {})


def _env(entries: Json) -> dict[str, str]:
    return {str(name): str(value) for name, value in entries.items()} if isinstance(entries, Mapping) else {}


def _mount(entry: Json) -> Mount:
    host = entry.get("host") if isinstance(entry, Mapping) else None
    inside = entry.get("inside", host) if isinstance(entry, Mapping) else None
    if not isinstance(host, str) or not isinstance(inside, str) or not inside.startswith("/"):
        raise InputError(
            f"mount {entry!r} of the agent command is not usable", remedy="Write {host: PATH, inside: /PATH}"
        )
    if not Path(host).exists():
        raise InputError(f"mount '{host}' of the agent command does not exist", where=host)
    return Mount(Path(host), inside)
