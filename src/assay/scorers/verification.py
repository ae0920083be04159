"""One verification: a fresh sandbox without network, the hidden check in it, and its signed report."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.errors import SandboxError
from assay.records import Record
from assay.sandboxes.base import HOME, WORKSPACE, Deadlines, Exit, ExitRecord, Mount, Sandbox, SandboxKind, SandboxSpec
from assay.scorers.controls import controls
from assay.scorers.quality import lint_arguments
from assay.suites.base import Task, VerifierKind

PROGRAMS = Path(__file__).parent / "inside"
INSIDE = "/verify"
JOB = f"{HOME}/job.json"
REPORT = f"{HOME}/report.json"
# Not in the workspace: there an answer could lay a report ready.
OUTPUT = f"{HOME}/output"
REPORT_LIMIT = 32 << 20
# For lint, complexity and the report, besides the task's own time.
SPARE_S = 50.0
COLLECTED = {VerifierKind.JUNIT: ("junit.xml",), VerifierKind.REWARD: ("reward.json", "reward.txt")}

_CONFIG = "[pytest]\npython_files = test_*.py *_test.py\n"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where verifications run: a kind of sandbox, a toolchain, and a folder for what they need on the way."""

    sandboxes: SandboxKind
    scratch: Path
    toolchain: tuple[Mount, ...] = ()
    python: str = "/usr/bin/python3"
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manner(Record):
    """How to run the tests: the same for every score; varied only to see whether tests are flaky."""

    hash_seed: int = 0
    shuffle: int | None = None
    measure: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    """What came back. ``report`` is None when there was none, or one without the right signature.

    ``controls`` are control files by name, true for derived ones. ``not_started`` says why no sandbox
    could be had: the only failure that is the machine's.
    """

    report: Mapping[str, Any] | None
    exit: ExitRecord | None
    controls: Mapping[str, bool]
    not_started: str | None = None


async def verify(
    task: Task, workspace: Path, measured: Sequence[str], bench: Bench, manner: Manner | None = None
) -> Verification:
    """Run the task's hidden check over ``workspace`` (which is copied, never changed).

    ``measured`` are the files, relative to the workspace, whose lint and complexity are read.
    """
    manner = manner or Manner()
    label = f"verify-{secrets.token_hex(8)}"
    folder = bench.scratch / label
    try:
        names = await asyncio.to_thread(_lay_out, task, folder)
        spec = SandboxSpec(
            label=label,
            start=workspace,
            scratch=bench.scratch,
            mounts=(*bench.toolchain, Mount(folder, INSIDE)),
        )
        try:
            async with bench.sandboxes.open(spec) as sandbox:
                return await _run(task, sandbox, measured, bench, manner, names)
        except SandboxError as error:
            return Verification(None, None, names, not_started=str(error))
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _lay_out(task: Task, folder: Path) -> Mapping[str, bool]:
    """Put programs, configuration, hidden tests and controls into one folder; return the controls by file name."""
    shutil.copytree(PROGRAMS, folder / "inside", ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))
    shutil.copytree(task.tests, folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text(_CONFIG, encoding="utf-8")
    if task.verifier.kind is not VerifierKind.PYTEST:
        return {}
    made = controls(task.tests, random.SystemRandom())
    for one in made:
        (folder / "tests" / one.file).write_text(one.text, encoding="utf-8")
    return {one.file: one.derived for one in made}


async def _run(
    task: Task, sandbox: Sandbox, measured: Sequence[str], bench: Bench, manner: Manner, names: Mapping[str, bool]
) -> Verification:
    key = secrets.token_bytes(32)
    job = _job(task, measured if manner.measure else (), manner) | {"key": key.hex()}
    await sandbox.write(JOB, json.dumps(job).encode(), mode=0o600)
    ended = await sandbox.run(
        _command(task, bench),
        env=_environment(bench, manner),
        deadlines=Deadlines(task.verifier.time_s + SPARE_S, 0.5, 0.5),
    )
    if ended.reason is Exit.NOT_STARTED:
        return Verification(None, ended, names, not_started=ended.detail or "the sandbox did not start")
    try:
        signed = await sandbox.read(REPORT, limit=REPORT_LIMIT)
    except (OSError, ValueError):
        return Verification(None, ended, names)
    tag, _, body = signed.partition(b"\n")
    if not hmac.compare_digest(tag, hmac.new(key, body, hashlib.sha256).hexdigest().encode()):
        return Verification(None, ended, names)
    return Verification(json.loads(body), ended, names)


def _command(task: Task, bench: Bench) -> list[str]:
    """Return the check as ``verify.py`` is told it: as words of its own command line, after the job's path.

    Inside paths may stand in the command line and in the environment only: a sandbox kind without a file system of
    its own rewrites them there, and nowhere else.
    """
    verifier = task.verifier
    check = [bench.python, "-s", "-P", "-B", f"{INSIDE}/inside/hidden_tests.py"]
    if verifier.kind is not VerifierKind.PYTEST:
        check = [bench.python if word == "python" else word for word in verifier.command or ()]
    return [bench.python, "-I", "-S", "-B", f"{INSIDE}/inside/verify.py", JOB, *check]


def _job(task: Task, measured: Sequence[str], manner: Manner) -> dict[str, Any]:
    """Return what ``inside/verify.py`` is to do; it names no place but files of the workspace, relative to it."""
    verifier = task.verifier
    return {
        "kind": str(verifier.kind),
        "lint": lint_arguments(measured),
        "measured": list(measured),
        "isolated": verifier.isolated,
        "shuffle": manner.shuffle,
        "time_s": verifier.time_s,
        "collect": COLLECTED.get(verifier.kind, ()),
    }


def _environment(bench: Bench, manner: Manner) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **bench.environment,
        "HOME": HOME,
        "TMPDIR": "/tmp",  # noqa: S108 - inside the sandbox, where it is fresh and nobody else's
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": str(manner.hash_seed),
        "ASSAY_WORKSPACE": WORKSPACE,
        "ASSAY_TESTS": f"{INSIDE}/tests",
        "ASSAY_OUTPUT": OUTPUT,
    }
