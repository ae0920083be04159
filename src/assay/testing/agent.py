"""For those who write agents: a conformance check, a scripted agent, and a way to run one without a sandbox."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from assay.agents.base import Agent, Launch, Reading, StepRequest
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import DOOR_URL, HOME, WORKSPACE, Exit, ExitRecord, Mount
from assay.suites.base import Task

TOKEN = "0" * 32  # the door's token in requests made here; not a secret
_MAY_SAY = {None, *Ended} - {Ended.TIMEOUT, Ended.INFRASTRUCTURE, Ended.HARNESS_ERROR}
_NOISE = random.Random(0).randbytes(2000)


def step_request(
    task: Task,
    *,
    agent: Agent,
    model: str = "always",
    step: int = 0,
    dialect: Dialect | None = Dialect.MESSAGES,
    door: str = f"{DOOR_URL}/a/{TOKEN}",
    variant: Mapping[str, Json] | None = None,
    settings: Mapping[str, Json] | None = None,
    profile: Mapping[str, Json] | None = None,
    feedback: str | None = None,
    max_output_tokens: int = 8192,
) -> StepRequest:
    """Return a request as a trial makes it. ``base_urls`` are ``<door>/<dialect>``."""
    arm = Arm(agent.name, agent.version(), model, "lab", variant or {}, profile or {}, settings or {})
    urls = {one: f"{door}/{one.value}" for one in Dialect}
    return StepRequest(task, step, arm, urls, dialect, max_output_tokens, feedback)


def check_agent(agent: Agent, task: Task, *, settings: Mapping[str, Json] | None = None) -> None:
    """Assert what every agent promises. ``settings`` are those without which it cannot start.

    Identity is stable; ``launch`` is pure, stays inside workspace and home, and an agent that speaks to a model
    is told the door; mounts are read-only and exist; ``read`` never raises, and never blames a machine.
    """
    dialect = next(iter(sorted(agent.dialects)), None)
    request = step_request(task, agent=agent, dialect=dialect, settings=settings)
    assert agent.name, "an agent has a name"
    assert isinstance(agent.dialects, frozenset), "dialects is a frozenset"
    assert agent.version() == agent.version() != "", "the version is stable and not empty"
    for mount in agent.mounts(request.arm):
        assert not mount.writable, f"{mount.inside} is writable: what one trial writes, another would see"
        assert mount.host.exists(), f"{mount.host} is not there"
    launch = agent.launch(request)
    assert launch == agent.launch(request), "launch is pure: the same request gives the same launch"
    _check_launch(launch, speaks=bool(agent.dialects))
    _check_readings(agent, request)


def _check_launch(launch: Launch, *, speaks: bool) -> None:
    assert launch.argv, "there is a program to start"
    assert all(isinstance(word, str) and "\0" not in word for word in launch.argv), "argv is text without NUL"
    for path in launch.files:
        assert path.startswith((f"{WORKSPACE}/", f"{HOME}/")), f"{path} is outside workspace and home"
        assert ".." not in path.split("/"), f"{path} climbs out"
    told = " ".join([*launch.argv, *launch.env.values(), *(data.decode("latin-1") for data in launch.files.values())])
    assert not speaks or TOKEN in told, "an agent that speaks to a model is told the door's address"


def _check_readings(agent: Agent, request: StepRequest) -> None:
    scratch = Path(request.task.root).parent / f".check-{agent.name}"
    scratch.mkdir(exist_ok=True)
    output = scratch / "stream.jsonl"
    line = json.dumps({"t": 0.1, "fd": 1, "text": '{"event": "answer"}'}).encode()
    for content in (
        None,
        b"",
        _NOISE,
        b"[]\n{}\nnull\n1\n",
        line,
        line[:20],
        b'{"fd": 1, "text": 5}\n',
        b"[" * 100_000,
    ):
        output.unlink(missing_ok=True)
        if content is not None:
            output.write_bytes(content)
        for reason in Exit:
            for code in (0, 1):
                reading = agent.read(request, output, ExitRecord(reason, exit_code=code))
                assert reading.ended in _MAY_SAY, f"{reading.ended} is not for an agent to say"
                json.dumps(reading.to_json())
    output.unlink(missing_ok=True)
    scratch.rmdir()


class ScriptedAgent:
    """A double that does as told, through the same path as a real agent: no model, no Python inside.

    It writes ``files`` (workspace paths) before the start, prints ``output``, sleeps ``sleep_s`` and ends with
    ``exit_code``; ``script`` replaces all that by lines of ``sh``. ``reading`` is what ``read`` answers; ``collect``
    and ``grace_s`` go into the launch.
    """

    name: ClassVar[str] = "scripted"
    dialects: ClassVar[frozenset[Dialect]] = frozenset()

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        output: str = "",
        exit_code: int = 0,
        sleep_s: float = 0.0,
        script: str | None = None,
        reading: Reading | None = None,
        collect: tuple[str, ...] = (),
        grace_s: tuple[float, float] = (2.0, 2.0),
    ) -> None:
        self._collect = collect
        self._grace_s = grace_s
        self._files = {f"{WORKSPACE}/{path}": data for path, data in (files or {}).items()}
        self._script = script or f'printf "%s" "$1"; sleep {sleep_s}; exit {exit_code}'
        self._output = output
        self._reading = reading or Reading()
        self.requests: list[StepRequest] = []

    def version(self) -> str:
        """Constant."""
        return "1"

    def mounts(self, arm: Arm) -> Sequence[Mount]:  # noqa: ARG002 - the seam's signature
        """Nothing."""
        return ()

    def launch(self, request: StepRequest) -> Launch:
        """Note the request; return the script."""
        self.requests.append(request)
        argv = ("/bin/sh", "-c", self._script, "scripted", self._output)
        return Launch(argv, files=self._files, collect=self._collect, grace_s=self._grace_s)

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - same
        """Return the reading that was given."""
        return self._reading


def run_on_host(
    agent: Agent, request: StepRequest, folder: Path, *, timeout_s: float = 20.0
) -> tuple[Path, ExitRecord]:
    """Run one step as a plain process of this machine, for tests of what an agent says and writes.

    ``folder/workspace`` (kept between calls; made from the task's start) and ``folder/home`` stand for the inside
    paths, mounts for their host paths, this interpreter for the toolchain's. No isolation of any kind.
    """
    workspace, home, output = folder / "workspace", folder / "home", folder / "stream.jsonl"
    if not workspace.exists():
        for path, data in request.task.start_files().items():
            _write(workspace / path, data)
    workspace.mkdir(parents=True, exist_ok=True)
    home.mkdir(exist_ok=True)
    launch = agent.launch(request)
    places = {mount.inside: str(mount.host) for mount in agent.mounts(request.arm)}
    places |= {WORKSPACE: str(workspace), HOME: str(home), "/opt/toolchain/bin/python": sys.executable}
    for path, data in launch.files.items():
        _write(Path(_placed(path, places)), data)
    started = time.monotonic()
    argv = [_placed(word, places) for word in launch.argv]
    try:
        done = subprocess.run(
            argv, cwd=workspace, env=dict(launch.env), capture_output=True, timeout=timeout_s, check=False
        )
        streams, record = (done.stdout, done.stderr), ExitRecord(Exit.EXITED, exit_code=done.returncode)
    except subprocess.TimeoutExpired as late:
        streams, record = (late.stdout or b"", late.stderr or b""), ExitRecord(Exit.TIMEOUT)
    lines = [
        json.dumps({"t": round(time.monotonic() - started, 3), "fd": fd, "text": text.decode("utf-8", "replace")})
        for fd, stream in zip((1, 2), streams, strict=True)
        for text in stream.splitlines()
    ]
    output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return output, record


def _placed(text: str, places: Mapping[str, str]) -> str:
    for inside, host in sorted(places.items(), key=lambda place: -len(place[0])):
        text = text.replace(inside, host)
    return text


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
