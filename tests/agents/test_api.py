import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.agents.api import REQUEST_PATH, ApiAgent
from assay.agents.base import MODEL_PATHS, Reading
from assay.agents.inside.dialects import body
from assay.agents.prompt import FILES_MARK
from assay.errors import InputError
from assay.evidence.streams import events
from assay.identity import Json
from assay.lab.server import LabServer
from assay.records import Dialect, Ended
from assay.sandboxes.base import Exit, ExitRecord
from assay.suites.base import Step, Task
from assay.testing.agent import check_agent, run_on_host, step_request
from assay.testing.tasks import make_task

ALL = sorted(ApiAgent.dialects)
AGENT = ApiAgent()


class Door:
    """What a gateway does for the Lab: names the trial in a header. Serves one trial, notes request bodies."""

    def __init__(self, lab: LabServer) -> None:
        self.lab, self.labels, self.bodies = lab, {"trial": "t-1", "task": "tiny"}, list[dict[str, Any]]()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        self.bodies.append(json.loads(body))
        path = head.split(b" ")[1].decode()
        path = path[path.index("/v1") :]
        host, port = self.lab.base_url.removeprefix("http://").split(":")
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
        labels = json.dumps(self.labels)
        up_writer.write(
            f"POST {path} HTTP/1.1\r\nhost: lab\r\nconnection: close\r\ncontent-length: {length}\r\n"
            f"x-assay-trial: {labels}\r\n\r\n".encode()
            + body
        )
        try:
            while data := await up_reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            writer.transport.abort()
        for one in (up_writer, writer):
            one.close()


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path / "tasks")


@pytest.fixture
async def door(task: Task) -> AsyncIterator[Door]:
    async with await LabServer.start({"tiny": task}, seed=3, time_scale=0.0005) as lab:
        door = Door(lab)
        server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
        door.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a/token"
        yield door
        server.close()


async def run(door: Door, task: Task, folder: Path, **more: Any) -> tuple[Reading, Path]:
    request = step_request(task, agent=AGENT, door=door.url, **more)
    timeout = 3.0 if "hang" in request.arm.model else 20.0
    output, record = await asyncio.to_thread(run_on_host, AGENT, request, folder, timeout_s=timeout)
    return AGENT.read(request, output, record), folder / "workspace"


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("stream", [True, False])
async def test_it_asks_and_writes_the_answer(
    door: Door, task: Task, tmp_path: Path, dialect: Dialect, *, stream: bool
) -> None:
    reading, workspace = await run(door, task, tmp_path, dialect=dialect, settings={"stream": stream})
    assert (reading.ended, reading.complaint) == (None, None)
    written = (workspace / "calc.py").read_bytes()
    assert written in {task.graded_files(one.name)["calc.py"] for one in task.graded if one.solves}
    assert (reading.facts["files"], reading.facts["rejected"], reading.facts["calls"]) == (1, 0, 1)
    (sent,) = door.bodies
    assert sent["stream"] is stream
    said = json.dumps(sent)
    assert "rounds down" in said
    assert "def mean(values)" in said
    assert "test_mean_is_exact" not in said
    assert "\\u0000" not in said


@pytest.mark.parametrize("dialect", ALL)
async def test_every_stage_is_in_the_evidence(door: Door, task: Task, tmp_path: Path, dialect: Dialect) -> None:
    await run(door, task, tmp_path, dialect=dialect, model="deep")
    seen = {event["event"]: event for event in events(tmp_path / "stream.jsonl")}
    assert {"request", "first_token", "thinking", "text", "usage", "stop", "answer"} <= seen.keys()
    key = "completion_tokens" if dialect is Dialect.CHAT else "output_tokens"
    assert seen["usage"]["usage"][key] > 100
    assert seen["stop"]["model"] == "deep"


def test_settings_go_out_in_each_dialects_own_words(task: Task) -> None:
    settings: dict[str, Json] = {"temperature": 0.2, "top_p": 0.9, "effort": "low"}
    sent = {}
    for dialect in ALL:
        request = step_request(task, agent=AGENT, dialect=dialect, settings=settings, variant={"system": "Be brief."})
        content = json.loads(AGENT.launch(request).files[REQUEST_PATH])
        sent[dialect] = json.loads(body(content, "the prompt"))
    for dialect in ALL:
        assert (sent[dialect]["temperature"], sent[dialect]["top_p"]) == (0.2, 0.9)
    assert sent[Dialect.MESSAGES]["output_config"] == {"effort": "low"}
    assert sent[Dialect.MESSAGES]["system"] == "Be brief."
    assert sent[Dialect.MESSAGES]["max_tokens"] == 8192
    assert sent[Dialect.CHAT]["reasoning_effort"] == "low"
    assert sent[Dialect.CHAT]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert sent[Dialect.CHAT]["max_completion_tokens"] == 8192
    assert sent[Dialect.RESPONSES]["reasoning"] == {"effort": "low"}
    assert sent[Dialect.RESPONSES]["instructions"] == "Be brief."
    assert sent[Dialect.RESPONSES]["max_output_tokens"] == 8192


def test_what_is_not_set_is_not_sent(task: Task) -> None:
    for dialect in ALL:
        content = json.loads(AGENT.launch(step_request(task, agent=AGENT, dialect=dialect)).files[REQUEST_PATH])
        sent = json.loads(body(content, "the prompt"))
        assert not sent.keys() & {"temperature", "top_p", "reasoning", "reasoning_effort", "output_config", "system"}


def test_thinking_tokens_and_an_older_parameter_name(task: Task) -> None:
    request = step_request(task, agent=AGENT, settings={"thinking_tokens": 2048, "max_tokens_parameter": "max_tokens"})
    content = json.loads(AGENT.launch(request).files[REQUEST_PATH])
    assert json.loads(body(content, "the prompt"))["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    chat = json.loads(body({**content, "dialect": "chat"}, "the prompt"))
    assert chat["max_tokens"] == 8192
    assert "max_completion_tokens" not in chat


def test_the_prompt_frames_the_task_and_shows_the_profile(task: Task) -> None:
    request = step_request(
        task,
        agent=AGENT,
        variant={"prefix": "Please: ", "suffix": " Thanks."},
        profile={"files": {"CLAUDE.md": "Use type hints."}},
    )
    content = json.loads(AGENT.launch(request).files[REQUEST_PATH])
    assert f"Please: {task.instruction.strip()} Thanks." in content["prompt"]
    assert "Project instructions (CLAUDE.md)\n\nUse type hints." in content["prompt"]
    assert content["prompt"].count(FILES_MARK) == 1
    assert "Only these may be written: calc.py." in content["prompt"]
    assert content["url"].endswith("/messages" + MODEL_PATHS[Dialect.MESSAGES])


async def test_a_later_step_shows_the_files_as_they_are_now(door: Door, task: Task, tmp_path: Path) -> None:
    two = replace(task, steps=(Step(task.instruction), Step("Now add a median.")))
    await run(door, two, tmp_path)
    await run(door, two, tmp_path, step=1, feedback="The visible tests ended with exit code 1:\n2 failed")
    first, second = (sent["messages"][0]["content"] for sent in door.bodies)
    assert "return total // len(values)" in first
    assert "return total // len(values)" not in second
    assert "0.0" in second.split("# Files")[1]
    assert "2 failed\n\nNow:\n\nNow add a median." in second


async def test_binary_large_and_linked_files_are_named_not_shown(door: Door, task: Task, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "calc.py").write_text("x = 1\n")
    (workspace / "data.bin").write_bytes(b"\0\1\2")
    (workspace / "latin.txt").write_bytes(b"caf\xe9 SECRET")
    (workspace / "large.txt").write_text("LARGE" * 20_000)
    (workspace / "link").symlink_to("/etc/hostname")
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("GITCONFIG")
    os.mkfifo(workspace / "pipe")
    await run(door, task, tmp_path)
    said = door.bodies[0]["messages"][0]["content"]
    assert "### FILE: calc.py\n```\nx = 1\n```" in said
    for name in ("data.bin (3 bytes, binary)", "large.txt (100000 bytes", "link (a link)", "pipe (a special file)"):
        assert f"- {name}" in said
    assert not [word for word in ("LARGE", "SECRET", "GITCONFIG") if word in said]


async def test_an_answer_through_a_link_is_not_written(door: Door, task: Task, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("safe\n")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "calc.py").symlink_to(outside)
    reading, _ = await run(door, task, tmp_path)
    assert outside.read_text() == "safe\n"
    assert (reading.complaint, reading.facts["files"], reading.facts["rejected"]) == ("format_error", 0, 1)


async def test_a_text_answer_becomes_a_file(door: Door, task: Task, tmp_path: Path) -> None:
    text_task = replace(task, answer="text", writable=())
    reading, workspace = await run(door, text_task, tmp_path)
    assert reading.complaint is None
    assert "### FILE: calc.py" in (workspace / "ANSWER.md").read_text()
    assert (workspace / "calc.py").read_bytes() == task.start_files()["calc.py"]
    assert "Your whole reply is the answer" in door.bodies[0]["messages"][0]["content"]


@pytest.mark.parametrize("dialect", ALL)
async def test_thoughts_in_the_text_are_counted_and_not_written(
    door: Door, task: Task, tmp_path: Path, dialect: Dialect
) -> None:
    reading, workspace = await run(door, task, tmp_path, model="aloud", dialect=dialect)
    assert (reading.complaint, reading.facts["thoughts"]) == (None, 1)
    assert "think" not in (workspace / "calc.py").read_text()
    assert any("<think>" in event["text"] for event in events(tmp_path / "stream.jsonl") if event["event"] == "text")


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("fault", "ended", "said"),
    [
        ("429", Ended.PROVIDER_ERROR, "http 429: "),
        ("529", Ended.PROVIDER_ERROR, "http 529: "),
        ("500", Ended.PROVIDER_ERROR, "http 500: "),
        ("cut", Ended.PROVIDER_ERROR, "cut: the connection"),
        ("malformed", Ended.PROVIDER_ERROR, "protocol: an event is not JSON"),
        ("refusal", Ended.REFUSED, "the model refused"),
        ("asks", Ended.ASKED, "a question"),
        ("no_usage", None, None),
        ("wrong_usage", None, None),
        ("slow", None, None),
    ],
)
async def test_faults_end_as_what_they_are(
    door: Door, task: Task, tmp_path: Path, dialect: Dialect, fault: str, ended: Ended | None, said: str | None
) -> None:
    reading, workspace = await run(door, task, tmp_path, dialect=dialect, model=f"always!{fault}")
    assert reading.ended == ended, reading
    assert said is None or said in str(reading.detail)
    untouched = (workspace / "calc.py").read_bytes() == task.start_files()["calc.py"]
    assert untouched is (ended is not None)
    assert len(door.bodies) == 1, "nothing is tried again unless asked"


async def test_a_hang_is_left_to_the_trials_clock(door: Door, task: Task, tmp_path: Path) -> None:
    reading, _ = await run(door, task, tmp_path, model="always!hang")
    assert reading.ended is None
    assert reading.facts["calls"] == 1


async def test_an_endless_answer_is_stopped_by_the_client(door: Door, task: Task, tmp_path: Path) -> None:
    door.lab._tasks = {"big": _big(task, tmp_path)}
    door.labels["task"] = "big"
    reading, _ = await run(door, task, tmp_path, model="always!endless", max_output_tokens=1_000_000)
    assert (reading.ended, reading.complaint) == (None, "format_error")
    assert reading.facts["stop"] == "client_limit"


async def test_retries_are_made_only_when_asked_for(door: Door, task: Task, tmp_path: Path) -> None:
    reading, _ = await run(door, task, tmp_path, model="always!529-once", settings={"retries": 1})
    assert (reading.ended, reading.facts["calls"], len(door.bodies)) == (None, 2, 2)
    door.labels["trial"] = "t-2"
    reading, _ = await run(door, task, tmp_path, model="always!529-once")
    assert (reading.ended, reading.facts["calls"]) == (Ended.PROVIDER_ERROR, 1)


async def test_an_unknown_model_is_the_providers_word(door: Door, task: Task, tmp_path: Path) -> None:
    reading, _ = await run(door, task, tmp_path, model="nobody")
    assert reading.ended is Ended.PROVIDER_ERROR
    assert str(reading.detail).startswith("http 404: not_found_error: the Lab has no model 'nobody'")


async def test_a_closed_door_is_a_provider_error(task: Task, tmp_path: Path) -> None:
    request = step_request(task, agent=AGENT, door="http://127.0.0.1:9/a/token")
    output, record = await asyncio.to_thread(run_on_host, AGENT, request, tmp_path)
    reading = AGENT.read(request, output, record)
    assert reading.ended is Ended.PROVIDER_ERROR
    assert "connect: no connection to the gateway" in str(reading.detail)


async def test_an_answer_cut_at_the_limit_says_so(door: Door, task: Task, tmp_path: Path) -> None:
    reading, _ = await run(door, task, tmp_path, max_output_tokens=30)
    assert (reading.ended, reading.complaint) == (None, "format_error")
    assert reading.facts["cut_at_limit"] is True
    assert "cut at the limit of 30 output tokens" in str(reading.detail)


def test_a_client_that_breaks_is_a_crash_with_its_last_words(task: Task, tmp_path: Path) -> None:
    output = tmp_path / "stream.jsonl"
    output.write_text(json.dumps({"t": 0, "fd": 2, "text": "MemoryError: none left"}) + "\n")
    request = step_request(task, agent=AGENT)
    reading = AGENT.read(request, output, ExitRecord(Exit.EXITED, exit_code=1))
    assert (reading.ended, reading.detail) == (
        Ended.AGENT_CRASH,
        "the agent ended with exit code 1: MemoryError: none left",
    )
    assert AGENT.read(request, output, ExitRecord(Exit.TIMEOUT)).ended is None
    assert AGENT.read(request, output, ExitRecord(Exit.EXITED, exit_code=0)).ended is Ended.AGENT_CRASH


def test_an_event_that_came_in_pieces_is_joined(task: Task, tmp_path: Path) -> None:
    line = json.dumps({"event": "answer", "complaint": "format_error", "detail": "{ odd }"})
    pieces = [line[:10], line[10:25], line[25:] + "\n", json.dumps({"event": "stop", "refused": True})]
    output = tmp_path / "stream.jsonl"
    output.write_text("".join(json.dumps({"t": 0, "fd": 1, "text": piece}) + "\n" for piece in pieces))
    assert [event["event"] for event in events(output)] == ["answer", "stop"]


def test_an_agent_without_an_address_or_with_a_strange_format_is_an_input_error(task: Task) -> None:
    with pytest.raises(InputError, match="no address"):
        AGENT.launch(replace(step_request(task, agent=AGENT), base_urls={}))
    with pytest.raises(InputError, match="answer_format 'xml'"):
        AGENT.launch(step_request(task, agent=AGENT, settings={"answer_format": "xml"}))


def test_it_keeps_the_promises_of_every_agent(task: Task) -> None:
    check_agent(AGENT, task)


def _big(task: Task, folder: Path) -> Task:
    """A task whose answer is so long that repeating a sixth of it reaches the client's limit at once."""
    solution = folder / "big" / "solution"
    solution.mkdir(parents=True)
    (solution / "calc.py").write_text("x = 1\n" * 200_000)
    return replace(task, id="big", root=folder / "big", graded=())
