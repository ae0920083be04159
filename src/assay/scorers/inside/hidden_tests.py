"""Child process in the verifier's sandbox: runs the hidden tests, and the candidate with them.

The candidate lives in this process and may do anything to it. So this process decides nothing: it streams
outcomes as they come to its parent through a pipe that was opened before the candidate was imported. Every line
is numbered and tagged with a key that came over standard input and stands in no file or environment variable.
It does not know which tests are controls.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import hmac
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

MACHINERY = ("__main__", "_pytest", "pytest", "pluggy")
MAX_TEXT = 2000
MAX_PATCHED = 20
UNPATCHED = object()


def sender(pipe: int, key: bytes) -> Callable[[dict[str, Any]], None]:
    """Return what writes one numbered, tagged line to the parent; silent in forked children."""
    state = hmac.new(key, digestmod=hashlib.sha256)
    owner, write, getpid = os.getpid(), os.write, os.getpid
    number = 0

    def send(record: dict[str, Any]) -> None:
        nonlocal number
        if getpid() != owner:
            return
        body = json.dumps(record).encode()
        tag = state.copy()
        tag.update(b"%d " % number + body)
        number += 1
        line = tag.hexdigest().encode() + b" " + body + b"\n"
        while line:
            line = line[write(pipe, line) :]

    return send


class Machinery:
    """What pytest and the built-in names were before the candidate came, to be compared afterwards."""

    def __init__(self) -> None:
        names = [name for name in sys.modules if name.split(".")[0] in MACHINERY]
        self._modules = {name: sys.modules[name] for name in names}
        self._builtins = dict(builtins.__dict__)
        self._before = {name: dict(_parts(module)) for name, module in self._modules.items()}

    def patched(self) -> Iterator[str]:
        """Yield the names that are something else now; the built-in ones first, since the rest is read with them."""
        changed = [
            name for name, value in self._builtins.items() if builtins.__dict__.get(name, UNPATCHED) is not value
        ]
        if changed:
            yield from changed
            return
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                yield name
            now = dict(_parts(module))
            for part, value in self._before[name].items():
                if now.get(part, UNPATCHED) is not value:
                    yield f"{name}.{part}"


def _parts(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Functions, their code and defaults, and classes with their methods: what code consists of."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type):
            yield name, value
            if value.__module__ == module.__name__:
                for method, inner in list(vars(value).items()):
                    function = getattr(inner, "__func__", getattr(inner, "fget", inner))
                    if isinstance(function, FunctionType):
                        yield f"{name}.{method}", inner
                        yield f"{name}.{method}()", function.__code__
        elif isinstance(value, FunctionType):
            yield name, value
            yield f"{name}()", value.__code__


def replaced_functions(tests: Path) -> Iterator[str]:
    """Yield functions of the test modules that are not the ones their source defines."""
    for module in list(sys.modules.values()):
        source = getattr(module, "__file__", None)
        if not isinstance(source, str) or not source.endswith(".py") or not Path(source).is_relative_to(tests):
            continue
        for node in ast.parse(Path(source).read_bytes()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                code = _code_of(vars(module).get(node.name))
                if code is not None and not (
                    code.co_filename == source and first <= code.co_firstlineno <= (node.end_lineno or first)
                ):
                    yield f"{Path(source).name}:{node.name}"


def _code_of(value: object) -> CodeType | None:
    try:
        value = inspect.unwrap(value)  # type: ignore[arg-type]  # fixtures unwrap to their function
    except ValueError:
        return None
    return value.__code__ if isinstance(value, FunctionType) else None


class Recorder:
    """Pytest plugin: one record per test, collection error and end of session."""

    def __init__(self, send: Callable[[dict[str, Any]], None], job: dict[str, Any]) -> None:
        self._send = send
        self._job = job
        self._machinery: Machinery | None = None
        self._current: dict[str, Any] = {}

    @pytest.fixture
    def workspace(self) -> Path:
        """The candidate's files."""
        return Path(self._job["workspace"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Remember the machinery: everything is loaded, and nothing of the candidate is."""
        self._machinery = Machinery()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Shuffle when asked to: by hash, so that the order of two tests does not hang on the names of controls."""
        seed = self._job["shuffle"]
        if seed is not None:
            items.sort(key=lambda item: hashlib.sha256(f"{seed} {item.nodeid}".encode()).digest())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell a test file that could not be loaded."""
        if report.failed:
            self._send({"event": "unloadable", "file": report.nodeid, "text": report.longreprtext[-MAX_TEXT:]})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell which tests there are."""
        self._send({"event": "collected", "ids": [item.nodeid for item in session.items]})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin a test."""
        self._current = {"event": "test", "id": nodeid, "outcome": "passed", "ms": 0.0, "text": ""}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Fold set-up, call and tear-down into one outcome: the first that is not a pass stays."""
        record = self._current
        record["ms"] += round(report.duration * 1000, 3)
        outcome: str = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed"
        if outcome != "passed" and record["outcome"] == "passed":
            record["outcome"] = outcome if report.when == "call" or outcome != "failed" else "error"
            record["text"] = report.longreprtext[-MAX_TEXT:]

    def pytest_runtest_logfinish(self) -> None:
        """Send the test's outcome at once: nothing later can take it back."""
        self._send(self._current)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say how the session ended, and what was patched on the way."""
        patched = [] if self._machinery is None else list(self._machinery.patched())
        if not patched:
            patched = list(replaced_functions(Path(self._job["tests"])))
        self._send({"event": "finish", "exit": int(exitstatus), "patched": patched[:MAX_PATCHED]})


def arguments(job: dict[str, Any]) -> list[str]:
    """Return pytest's command line: our configuration, no plugin and no ``conftest.py`` of anybody."""
    left_out = ("cacheprovider", "terminal", "junitxml", "pastebin", "doctest", "debugging", "stepwise", "setuponly")
    return [
        *("-c", job["config"]),
        f"--rootdir={job['tests']}",
        "--noconftest",
        "--import-mode=importlib",
        "--continue-on-collection-errors",
        "--capture=sys",
        *(word for name in left_out for word in ("-p", f"no:{name}")),
        job["tests"],
    ]


def main() -> None:
    """Read the job from standard input, run, and leave without giving exit handlers a turn."""
    job = json.loads(sys.stdin.buffer.read())
    pipe = int(job.pop("pipe"))
    os.set_inheritable(pipe, False)
    send = sender(pipe, bytes.fromhex(job.pop("key")))
    # Standard library and pytest come first, then the tests' own modules; the candidate shadows nothing.
    sys.path.append(job["tests"])
    if not job["isolated"]:
        sys.path.append(job["workspace"])
    leave = os._exit
    leave(int(pytest.main(arguments(job), plugins=[Recorder(send, job)])))


if __name__ == "__main__":
    main()
