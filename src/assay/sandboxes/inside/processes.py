# ruff: noqa: PTH208, SIM105
# pathlib and contextlib would add 9 ms to the start of every attempt.
"""The command's process tree: everything in a pid namespace, or every descendant where there is none."""

from __future__ import annotations

import os

SIGKILL = 9
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


class NamespaceTree:
    """Everything else in this pid namespace; the supervisor is its pid 1, and never part of the tree."""

    def pids(self) -> list[int]:
        """Process ids, zombies included: every number in ``/proc`` but our own."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]

    def signal(self, number: int) -> None:
        """One system call reaches all, also those that left the session."""
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            pass


class DescendantTree(NamespaceTree):
    """Every descendant, where there is no namespace.

    As sub-reaper the supervisor inherits orphans, so none falls out of the tree.
    """

    def pids(self) -> list[int]:
        """Walk the kernel's lists of children."""
        found: list[int] = []
        pending = [os.getpid()]
        while pending:
            children = _children(pending.pop())
            found += children
            pending += children
        return found

    def signal(self, number: int) -> None:
        """Signal one by one; a kill is repeated by the caller until nobody is left."""
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                pass


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, read(f"/proc/{pid}/task/{task}/children").split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def read(path: str) -> bytes:
    """Read one small file of ``/proc``; empty when the process has gone or hides."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """True unless the process has gone or is a zombie."""
    stat = read(f"/proc/{pid}/stat")
    return bool(stat) and stat[stat.rindex(b")") + 2 :][:1] not in {b"Z", b"X"}


def is_still(pid: int) -> bool:
    """True when the process cannot act: stopped, a zombie, or gone."""
    stat = read(f"/proc/{pid}/stat")
    return not stat or stat[stat.rindex(b")") + 2 :][:1] in {b"T", b"t", b"Z", b"X"}


def resident(pid: int) -> int:
    """Resident bytes; shared pages count in full."""
    fields = read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def proportional(pid: int) -> int:
    """Resident bytes with shared pages divided among their users; falls back to ``resident``."""
    for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return resident(pid)


def cpu_seconds(pid: int) -> float:
    """CPU of the process and of the children it has waited for."""
    stat = read(f"/proc/{pid}/stat")
    if not stat:
        return 0.0
    fields = stat[stat.rindex(b")") + 2 :].split()
    return sum(map(int, fields[11:15])) / TICK
