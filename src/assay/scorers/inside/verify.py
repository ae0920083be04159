"""Parent process in the verifier's sandbox: measures the files, runs the check, and reports once.

Command line: the path of the job file, then the check's own words. Places come from the command line and the
environment alone, which every kind of sandbox shows as they are for its programs; the job names none.

Its own report is signed with a key that the host put into the job file; the file is gone before anything of the
candidate runs, and this process is not readable by others of its user (``PR_SET_DUMPABLE`` 0). Lint and complexity are
read first, while nothing of the candidate has run. Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import hmac
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PR_SET_DUMPABLE = 4
MEASURE_S = 20.0
MAX_RECORDS = 8 << 20
MAX_OUTPUT = 8000
DRAIN_S = 0.2


def main() -> None:
    """Read the job, do it, sign the report."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    path = Path(sys.argv[1])
    job = json.loads(path.read_bytes())
    path.unlink()
    key = bytes.fromhex(job.pop("key"))
    started = time.monotonic()
    measured = measure(job["lint"], job["measured"]) if job["measured"] else {}
    then = time.monotonic()
    check = sys.argv[2:]
    report = run_tests(check, job) if job["kind"] == "pytest" else run_command(check, job)
    report["measured"] = measured
    report["measure_s"] = round(then - started, 4)
    report["check_s"] = round(time.monotonic() - then, 4)
    body = json.dumps(report).encode()
    tag = hmac.new(key, body, hashlib.sha256).hexdigest().encode()
    target = path.with_name("report.json")
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(tag + b"\n" + body)


def measure(lint: list[str], files: list[str]) -> dict[str, Any]:
    """Read lint and complexity of ``files``."""
    complexity = [sys.executable, "-s", "-P", "-B", str(HERE / "measure.py"), *files]
    return {"lint": measured_by(lint), "complexity": measured_by(complexity)}


def measured_by(argv: list[str]) -> dict[str, Any]:
    """Run one measuring tool in the workspace and return its JSON, or why there is none."""
    try:
        done = subprocess.run(
            argv, cwd=os.environ["ASSAY_WORKSPACE"], capture_output=True, timeout=MEASURE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"error": f"{type(error).__name__}: {error}"[:MAX_OUTPUT]}
    try:
        return {"json": json.loads(done.stdout)}
    except ValueError:
        return {"error": f"exit {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}"}


class Child:
    """One process group with its output, and optionally a pipe for records."""

    def __init__(self, argv: list[str], *, stdin: bytes | None = None, pipe: int | None = None) -> None:
        self._process = subprocess.Popen(
            argv,
            cwd=os.environ["ASSAY_WORKSPACE"],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[] if pipe is None else [pipe],
            start_new_session=True,
        )
        if self._process.stdin is not None and stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(stdin)
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        assert self._process.stdout is not None
        self.out = self._process.stdout.fileno()

    def collect(self, time_s: float, records: int | None) -> tuple[dict[str, Any], bytes]:
        """Read until the process has ended or its time is up; kill what is left of its group."""
        chunks = {self.out: b""} if records is None else {self.out: b"", records: b""}
        deadline = time.monotonic() + time_s
        ended: float | None = None
        with selectors.DefaultSelector() as selector:
            for descriptor in chunks:
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            while selector.get_map():
                now = time.monotonic()
                if ended is None and self._process.poll() is not None:
                    ended = now
                # A process that the candidate left behind may hold the pipes open: do not wait for it.
                if now >= deadline or (ended is not None and now >= ended + DRAIN_S):
                    break
                for ready, _ in selector.select(0.02 if ended is None else 0.005):
                    data = os.read(ready.fd, 1 << 16)
                    if not data:
                        selector.unregister(ready.fd)
                    chunks[ready.fd] = _bounded(chunks[ready.fd] + data, keep_start=ready.fd == records)
                    if ready.fd == records and len(chunks[ready.fd]) >= MAX_RECORDS:
                        deadline = now
        timed_out = self._wait(deadline)
        code = self._process.returncode
        end = {"exit": code, "timed_out": timed_out, "output": chunks[self.out].decode(errors="replace")}
        return end, b"" if records is None else chunks[records]

    def _wait(self, deadline: float) -> bool:
        """Wait for the end, kill at the deadline; return whether it came to that."""
        timed_out = False
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            timed_out = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return timed_out


def _bounded(data: bytes, *, keep_start: bool) -> bytes:
    return data[:MAX_RECORDS] if keep_start else data[-MAX_OUTPUT:]


def run_tests(argv: list[str], job: dict[str, Any]) -> dict[str, Any]:
    """Run the hidden tests in a child and return its records that carry the right number and tag."""
    key = os.urandom(32)
    reader, writer = os.pipe()
    asked = {name: job[name] for name in ("isolated", "shuffle")}
    asked |= {"tests": os.environ["ASSAY_TESTS"], "workspace": os.environ["ASSAY_WORKSPACE"]}
    asked |= {"config": str(HERE.parent / "pytest.ini"), "key": key.hex(), "pipe": writer}
    child = Child(argv, stdin=json.dumps(asked).encode(), pipe=writer)
    os.close(writer)
    end, lines = child.collect(job["time_s"], reader)
    records: list[dict[str, Any]] = []
    forged = 0
    complete, _, rest = lines.rpartition(b"\n")
    for line in complete.split(b"\n") if complete else []:
        tag, _, body = line.partition(b" ")
        wanted = hmac.new(key, b"%d " % len(records) + body, hashlib.sha256).hexdigest().encode()
        if hmac.compare_digest(tag, wanted):
            records.append(json.loads(body))
        else:
            forged += 1
    return {**end, "records": records, "forged": forged, "cut": bool(rest)}


def run_command(argv: list[str], job: dict[str, Any]) -> dict[str, Any]:
    """Run the task's own command; what it leaves in the output folder is read by the host's rules."""
    output = Path(os.environ["ASSAY_OUTPUT"])
    output.mkdir()
    end, _ = Child(argv).collect(job["time_s"], None)
    files = {}
    for name in job["collect"]:
        with contextlib.suppress(OSError):
            descriptor = os.open(output / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                files[name] = stream.read(MAX_RECORDS).decode(errors="replace")
    return {**end, "files": files}


if __name__ == "__main__":
    main()
