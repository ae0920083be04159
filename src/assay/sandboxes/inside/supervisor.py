"""The supervisor: starts the command, relays the door, watches, ends everything, and says how it ended.

Descriptors: 0 the request (JSON), 1 the status (JSON lines), 2 complaints. The request names four more: ``output``
(the output file), ``control`` (``s`` on it means: end the run early, by the ladder; its end-of-file means that the
driver is gone: kill everything), ``notice`` (``!`` on it says that the deadline has come and everything is stopped,
so that the driver seals the workspace, ``n`` that port 53 is wanted; both are answered with ``!`` on ``control``) and
``listener`` (an inherited listening socket, or null). None of them reaches the command, and none has a path inside the
sandbox. The status is ``{"started": true}`` and then, only after every process is dead, the record.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the public modules load enum and re
import os
import resource
import time
from _json import encode_basestring_ascii, make_scanner
from select import select

from .command import Command
from .loop import READ, Loop
from .names import Names
from .output import Output
from .privileges import adopt_orphans
from .processes import SIGKILL, DescendantTree, NamespaceTree, is_running, is_still
from .relay import RETRY_S, Relay, listen
from .watch import Usage

SIGINT = 2
SIGTERM = 15
SIGCONT = 18
SIGSTOP = 19
SIGXCPU = 24
SIGXFSZ = 25
# How long the kernel may take to bury the dead before we stop waiting for it.
BURIAL_S = 5.0
DRAIN_S = 1.0
# How long a tree may take to stop, and the driver to seal a workspace, before the ladder goes on.
STOPPED_S = 1.0
SEALED_S = 60.0


class _Json:
    """Settings of the C scanner, as ``json.JSONDecoder`` has them."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


class Supervisor:
    """One command, from its start to the death of its last process."""

    def __init__(self, request: dict[str, object]) -> None:
        self._request = request
        limits: dict[str, float | None] = request["limits"]  # type: ignore[assignment]
        self._limits = limits
        self._loop = Loop()
        self._isolated = bool(request["isolated"])
        self._tree: NamespaceTree = NamespaceTree() if self._isolated else DescendantTree()
        self._usage = Usage(self._tree, limits, request["roots"], request["tmpfs"])  # type: ignore[arg-type]
        self._ladder: list[tuple[float, int]] = [tuple(rung) for rung in request["deadlines"]]  # type: ignore[attr-defined]
        self._relay: Relay | None = None
        self._names: Names | None = None
        self._reason: str | None = None
        self._detail: str | None = None
        self._last_signal: int | None = None
        self._main: int | None = None
        self._main_cpu = 0.0
        self._orphaned = False
        self._stop = False
        self._asked_to_stop = False

    def prepare(self) -> None:
        """Everything that can fail before the command is started, the door above all."""
        control = int(self._request["control"])  # type: ignore[call-overload]
        output = int(self._request["output"])  # type: ignore[call-overload]
        self._control = control
        self._notice = int(self._request["notice"])  # type: ignore[call-overload]
        for descriptor in (0, 1, 2, control, output, self._notice):
            os.set_inheritable(descriptor, False)
        self._loop.watch(control, READ, self._hear)
        self._wake_on_children()
        self._output = Output(self._loop, output, int(self._limits["output_bytes"] or 0))
        door = self._request["door"]
        if door is not None:
            listener = listen(int(self._request["port"]), self._request["listener"])  # type: ignore[call-overload, arg-type]
            self._relay = Relay(self._loop, listener, str(door))
        if not self._isolated:
            adopt_orphans()
        if self._request["audit"]:
            self._audit_names()

    def run(self) -> str:
        """Run the command to its end; return the record as JSON."""
        begun = time.monotonic()
        self._command = Command(self._request)
        _say('{"started": true}')
        for fd, pipe in self._command.pipes.items():
            self._output.attach(pipe, fd)
        while self._main is None and not self._stop:
            self._loop.once(self._wait(begun))
            self._reap()
            if self._main is None:
                self._step(begun)
        left = sum(map(is_running, self._tree.pids()))
        self._bury()
        wall = time.monotonic() - begun
        self._drain()
        return self._record(wall, left)

    def _audit_names(self) -> None:
        """Ask the driver for the port of name servers; without it names are not audited, and the run goes on."""
        os.write(self._notice, b"n")
        self._orphaned = not self._told_to_go_on()
        try:
            self._names = Names(self._loop)
        except OSError:
            self._names = None

    def _hear(self, _events: int) -> None:
        """Take one byte of the driver's, or learn that it is gone."""
        if os.read(self._control, 1):
            self._asked_to_stop = True
        else:
            self._orphaned = True

    def _wake_on_children(self) -> None:
        """Turn SIGCHLD into a readable descriptor, so that the loop wakes for it."""
        wake, wake_write = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_write, False)
        _signal.signal(_signal.SIGCHLD, lambda _number, _frame: None)
        _signal.set_wakeup_fd(wake_write)
        self._loop.watch(wake, READ, lambda _events: _empty(wake))

    def _wait(self, begun: float) -> float:
        """Seconds until something is due."""
        due = self._usage.due()
        if self._ladder:
            due = min(due, begun + self._ladder[0][0])
        wait = due - time.monotonic()
        return min(wait, RETRY_S) if self._relay is not None and self._relay.waiting else wait

    def _step(self, begun: float) -> None:
        """Look at limits and at the clock; end the command when one says so."""
        if self._relay is not None and self._relay.waiting:
            self._relay.tick()
        if self._orphaned:
            self._end("killed", "the driver let go")
            return
        verdict = self._usage.look()
        if verdict is not None:
            self._end(*verdict)
            return
        if self._asked_to_stop and self._reason is None:
            early = self._ladder[0][0] - (time.monotonic() - begun)
            self._ladder = [(due - early, number) for due, number in self._ladder]
        while self._ladder and time.monotonic() >= begun + self._ladder[0][0]:
            if self._reason is None:
                self._reason = "stopped" if self._asked_to_stop else "timeout"
                self._freeze()
            number = self._ladder.pop(0)[1]
            if number == SIGKILL:
                self._end(self._reason, None)
                return
            self._last_signal = number
            self._tree.signal(number)

    def _freeze(self) -> None:
        """Stop everything while the driver seals the workspace as it stands; the grace begins afterwards."""
        began = time.monotonic()
        while time.monotonic() < began + STOPPED_S:
            self._tree.signal(SIGSTOP)
            if all(map(is_still, self._tree.pids())):
                break
            time.sleep(0.001)
        os.write(self._notice, b"!")
        if not self._told_to_go_on():
            self._orphaned = True
        self._tree.signal(SIGCONT)
        pause = time.monotonic() - began
        self._ladder = [(due + pause, number) for due, number in self._ladder]
        self._ladder[0] = (0.0, self._ladder[0][1])

    def _told_to_go_on(self) -> bool:
        """Wait for the driver's word; False when it is gone or too slow. A wish to stop may come before it."""
        heard = b"s"
        while heard == b"s":
            ready, _, _ = select([self._control], [], [], SEALED_S)
            heard = os.read(self._control, 1) if ready else b""
            self._asked_to_stop = self._asked_to_stop or heard == b"s"
        return bool(heard)

    def _end(self, reason: str, detail: str | None) -> None:
        """Kill the whole tree and wait for the main process."""
        self._reason = reason
        self._detail = detail
        self._last_signal = SIGKILL
        self._stop = True
        self._bury()

    def _reap(self) -> None:
        """Wait for every dead child, adopted ones too; keep the main one's status."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._command.pid:
                self._main = status
                self._main_cpu = usage.ru_utime + usage.ru_stime

    def _bury(self) -> None:
        """Kill and reap until nobody is left."""
        deadline = time.monotonic() + BURIAL_S
        while time.monotonic() < deadline:
            self._tree.signal(SIGKILL)
            self._reap()
            if not self._tree.pids():
                return
            time.sleep(0.0005)
        self._detail = "some processes could not be killed in time"

    def _drain(self) -> None:
        """Take what the dead have left in their pipes."""
        deadline = time.monotonic() + DRAIN_S
        while self._output.open and time.monotonic() < deadline:
            self._loop.once(0.05)
        self._output.finish()
        if self._names is not None:
            self._names.drain()

    def _record(self, wall: float, left: int) -> str:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        exit_code, signal = None, None
        if self._main is not None:
            if os.WIFSIGNALED(self._main):
                signal = os.WTERMSIG(self._main)
            else:
                exit_code = os.WEXITSTATUS(self._main)
        reason = self._reason or self._own_end(signal)
        detail = self._detail or self._command.error or self._output.error
        return _object(
            reason=encode_basestring_ascii(reason),
            exit_code=exit_code,
            signal=signal,
            last_signal=self._last_signal,
            wall_s=round(wall, 6),
            user_s=round(usage.ru_utime, 6),
            system_s=round(usage.ru_stime, 6),
            max_memory_bytes=max(self._usage.peak, usage.ru_maxrss * 1024),
            children_left=left,
            output_bytes=self._output.total,
            output_truncated="true" if self._output.truncated else "false",
            detail=None if detail is None else encode_basestring_ascii(detail),
            lookups=None if self._names is None else f"[{', '.join(map(encode_basestring_ascii, self._names.asked))}]",
        )

    def _own_end(self, signal: int | None) -> str:
        """Name an end that we did not bring about; the kernel's limits end by signal."""
        if signal is None:
            return "exited"
        cpu_s = self._limits["cpu_s"]
        over = cpu_s is not None and self._main_cpu >= cpu_s
        if signal == SIGXCPU or (signal == SIGKILL and over):
            return "cpu"
        return "disk" if signal == SIGXFSZ else "signalled"


def _empty(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        pass


def _object(**fields: object) -> str:
    return "{" + ", ".join(f'"{key}": {"null" if value is None else value}' for key, value in fields.items()) + "}"


def _say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def main() -> None:
    """Read the request, run it, write the record."""
    text = b""
    while chunk := os.read(0, 1 << 20):
        text += chunk
    request, _ = make_scanner(_Json())(  # type: ignore[arg-type]  # it reads attributes
        text.decode("utf-8"), 0
    )
    supervisor = Supervisor(request)
    try:
        supervisor.prepare()
    except OSError as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)
    _say(supervisor.run())
    # Nothing is buffered and everybody is dead: taking the interpreter down piece by piece would cost 2 ms.
    os._exit(0)
