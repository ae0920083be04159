"""One question to a model, and its answer as files: the ``api`` agent inside the sandbox.

Reads the request that the host has written, shows the model the workspace as it stands, streams the reply,
writes the files. Every stage is one JSON line on standard output; ``assay.agents.api`` reads them.
"""

from __future__ import annotations

import json
import os
import sys
import time

from .answers import parse
from .dialects import ProtocolError, Reply, body, feed, headers, whole
from .transport import Response, TransportError, post
from .workspace import describe, write_files

TYPE_CHECKING = False  # importing typing would cost every trial 4 ms
if TYPE_CHECKING:
    from typing import Any

_PIECE = 8192
_LONGEST_ANSWER = 2 << 20
_RETRIED = {408, 409, 429, 500, 502, 503, 504, 529}
_LONGEST_WAIT_S = 30.0


class CallError(Exception):
    """The provider, or the way to it, failed; the fields are those of the ``error`` event."""

    def __init__(self, kind: str, detail: str, status: int | None = None, wait_s: float | None = None) -> None:
        self.kind, self.detail, self.status, self.wait_s = kind, detail, status, wait_s
        super().__init__(detail)


def say(event: str, **fields: object) -> None:
    """Write one event."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def main(path: str) -> int:
    """Run the request at ``path``; 0 = an answer came, 1 = none did. The events say the rest."""
    with open(path, "rb") as stream:  # noqa: PTH123 - pathlib costs 5 ms of every trial
        request = json.load(stream)
    files, shown, named = describe(os.getcwd())  # noqa: PTH109 - same
    prompt = request["prompt"].replace(request["files_mark"], files, 1)
    reply = Reply()
    for attempt in range(request["retries"] + 1):
        say(
            "request",
            dialect=request["dialect"],
            model=request["model"],
            prompt_chars=len(prompt),
            shown=shown,
            named=named,
        )
        reply = Reply()
        try:
            ask(request, prompt, reply)
        except CallError as error:
            report(reply)
            if attempt < request["retries"] and (error.status in _RETRIED or error.kind == "connect"):
                wait = min(_LONGEST_WAIT_S, error.wait_s if error.wait_s is not None else 2.0**attempt)
                say("retry", kind=error.kind, status=error.status, wait_s=wait)
                time.sleep(wait)
                continue
            say("error", kind=error.kind, status=error.status, detail=error.detail)
            return 1
        break
    report(reply)
    answer(request, reply)
    return 0


def ask(request: dict[str, Any], prompt: str, reply: Reply) -> None:
    """Send the request and take in the answer. Raises ``CallError``."""
    started = time.monotonic()
    try:
        response = post(request["url"], headers(request), body(request, prompt))
        try:
            if response.status >= 400:  # noqa: PLR2004 - HTTP
                raise refusal_of(response)
            if "event-stream" in response.headers.get("content-type", ""):
                stream(request["dialect"], response, reply, started)
            else:
                whole(request["dialect"], response.body(_LONGEST_ANSWER), reply)
        finally:
            response.close()
    except TransportError as error:
        raise CallError(error.kind, str(error)) from error
    except ProtocolError as error:
        raise CallError("protocol", str(error)) from error
    if reply.failure is not None:
        raise CallError("stream", reply.failure)


def stream(dialect: str, response: Response, reply: Reply, started: float) -> None:
    """Feed the server-sent events to ``reply`` until it is done."""
    data: list[bytes] = []
    length = 0
    first = True
    for line in response.lines():
        if line.startswith(b"data:"):
            data.append(line[5:].strip())
        elif not line and data:
            feed(dialect, b"\n".join(data), reply)
            data.clear()
            length += len(reply.text[-1]) if reply.text else 0
            if first and (reply.text or reply.thinking):
                say("first_token", ms=round((time.monotonic() - started) * 1000, 1))
                first = False
        if reply.failure is not None or (reply.done and not data):
            return
        if length > _LONGEST_ANSWER:
            reply.stop = "client_limit"
            return
    if not reply.done and reply.stop is None:
        raise TransportError("cut", "the stream ended before the answer did")


def refusal_of(response: Response) -> CallError:
    """Make an error of an HTTP status, with the provider's own words."""
    said = response.body(4000).decode("utf-8", "replace")
    try:
        error = json.loads(said)["error"]
        said = f"{error.get('type') or error.get('code')}: {error.get('message')}" if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError):
        pass
    try:
        wait: float | None = float(response.headers["retry-after"])
    except (KeyError, ValueError):
        wait = None
    return CallError("http", " ".join(str(said).split())[:500], response.status, wait)


def report(reply: Reply) -> None:
    """Write what came: thoughts and text in pieces, usage as reported."""
    for event, parts in (("thinking", reply.thinking), ("text", reply.text)):
        text = "".join(parts)
        for at in range(0, len(text), _PIECE):
            say(event, text=text[at : at + _PIECE])
    if reply.usage is not None:
        say("usage", usage=reply.usage)
    say("stop", reason=reply.stop, model=reply.model, too_long=reply.too_long, refused=reply.refused)


def answer(request: dict[str, Any], reply: Reply) -> None:
    """Write the files of the answer; a refusal writes none."""
    parsed = parse("".join(reply.text), tuple(request["writable"]), request["answer"])
    files = {"ANSWER.md": parsed.text.strip() + "\n"} if request["answer"] == "text" else parsed.files
    if reply.refused or parsed.complaint:
        files = {}
    failed = write_files(os.getcwd(), files)  # noqa: PTH109 - no pathlib here
    unwritten = {path for path, _ in failed}
    say(
        "answer",
        files=[path for path in files if path not in unwritten],
        rejected=[*parsed.rejected, *failed],
        repeated=parsed.repeated,
        blocks=parsed.blocks,
        thoughts=parsed.thoughts,
        thought_chars=parsed.thought_chars,
        unclosed_thought=parsed.unclosed_thought,
        complaint=parsed.complaint or ("format_error" if files and len(unwritten) == len(files) else None),
        detail=parsed.detail or (f"{failed[0][0]}: {failed[0][1]}" if failed else None),
        asks=asks(parsed.text) if parsed.complaint and not parsed.blocks else False,
        characters=len(parsed.text),
    )


def asks(text: str) -> bool:
    """Tell a question from an answer, on clear evidence only: short, nothing in a block, ending in ``?``."""
    said = text.strip()
    return 0 < len(said) <= 2000 and said.rstrip("*_\"') ").endswith("?")  # noqa: PLR2004 - the documented length
