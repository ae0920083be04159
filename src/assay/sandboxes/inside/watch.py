# ruff: noqa: PTH116, PTH208
# pathlib would add 9 ms to the start of every attempt.
"""The watches: what the tree holds of memory, disk and CPU, looked at often enough and no oftener."""

from __future__ import annotations

import os
import resource
import stat
import time

from .processes import NamespaceTree, cpu_seconds, proportional, read, resident

# Assumed speed of a process that wants to do harm; sets how soon to look again.
BYTES_PER_S = 4 << 30
DISK_BYTES_PER_S = 1 << 30
MAX_DEPTH = 400
# A watch may cost at most one part in so many of the time.
SHARE = 20


class Usage:
    """Sums over the tree, and the reason to end it."""

    def __init__(
        self, tree: NamespaceTree, limits: dict[str, float | None], roots: list[str], tmpfs: list[str]
    ) -> None:
        self._tree = tree
        self._memory_bytes = int(limits["memory_bytes"] or 0)
        self._disk_bytes = int(limits["disk_bytes"] or 0)
        self._inodes = int(limits["inodes"] or 0)
        self._cpu_s = limits["cpu_s"]
        self._roots = roots
        self._tmpfs = tmpfs
        self._hidden_memory = 0
        self.peak = 0
        # The first looks are soon, but after a command that has nothing to do.
        self.memory_due = time.monotonic() + 0.02
        self.disk_due = self.memory_due + 0.08

    def due(self) -> float:
        """When to look again, on the monotonic clock."""
        return min(self.memory_due, self.disk_due)

    def look(self) -> tuple[str, str] | None:
        """Return ``(reason, detail)`` when a limit is passed."""
        now = time.monotonic()
        verdict = None
        if now >= self.memory_due:
            verdict = self._look_at_memory() or self._look_at_cpu()
        if verdict is None and now >= self.disk_due:
            verdict = self._look_at_disk()
        return verdict

    def _look_at_memory(self) -> tuple[str, str] | None:
        begun = time.monotonic()
        pids = self._tree.pids()
        beside, files = self._memory_files()
        used = sum(map(resident, pids)) + beside
        if used > self._memory_bytes:
            # Shared pages were counted once per process; look closely before killing.
            used = sum(map(proportional, pids)) + beside
        self.peak = max(self.peak, used)
        ended = time.monotonic()
        wait = max((self._memory_bytes - used) / BYTES_PER_S, (ended - begun) * SHARE, 0.01)
        self.memory_due = ended + min(wait, 0.25)
        if used > self._memory_bytes:
            return "memory", f"{used} bytes resident, limit {self._memory_bytes}"
        if files > self._inodes:
            return "disk", f"{files} files in memory, limit {self._inodes}"
        return None

    def _memory_files(self) -> tuple[int, int]:
        """Return bytes and inodes held in memory that no process need have mapped: tmpfs, memfd, System V."""
        used = self._hidden_memory
        files = 0
        for path in self._tmpfs:
            state = os.statvfs(path)
            used += (state.f_blocks - state.f_bfree) * state.f_frsize
            files += state.f_files - state.f_ffree
        if self._tmpfs:
            for line in read("/proc/sysvipc/shm").splitlines()[1:]:
                used += int(line.split()[14])
        return used, files

    def _look_at_cpu(self) -> tuple[str, str] | None:
        if self._cpu_s is None:
            return None
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = reaped.ru_utime + reaped.ru_stime + sum(map(cpu_seconds, self._tree.pids()))
        return ("cpu", f"{used:.1f} s of CPU, limit {self._cpu_s:g}") if used > self._cpu_s else None

    def _look_at_disk(self) -> tuple[str, str] | None:
        begun = time.monotonic()
        used = files = 0
        devices = set()
        for root in self._roots:
            descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            devices.add(os.fstat(descriptor).st_dev)
            try:
                size, count = tree_usage(descriptor, self._inodes)
            except RecursionError:
                return "disk", f"folders nested deeper than {MAX_DEPTH} levels"
            finally:
                os.close(descriptor)
            used += size
            files += count
        unlinked, self._hidden_memory = self._unlinked(devices)
        used += unlinked
        ended = time.monotonic()
        wait = max((self._disk_bytes - used) / DISK_BYTES_PER_S, 0.05)
        self.disk_due = ended + max(min(wait, 1.0), (ended - begun) * SHARE)
        if used > self._disk_bytes:
            return "disk", f"{used} bytes on disk, limit {self._disk_bytes}"
        if files > self._inodes:
            return "disk", f"more than {self._inodes} files"
        return None

    def _unlinked(self, devices: set[int]) -> tuple[int, int]:
        """Bytes of open files that have no name: on the workspace's disk, and in memory."""
        seen: dict[tuple[int, int], int] = {}
        for pid in self._tree.pids():
            try:
                names = os.listdir(f"/proc/{pid}/fd")
            except OSError:
                continue
            for name in names:
                try:
                    state = os.stat(f"/proc/{pid}/fd/{name}")
                except OSError:
                    continue
                if state.st_nlink == 0 and stat.S_ISREG(state.st_mode):
                    seen[state.st_dev, state.st_ino] = state.st_blocks * 512
        shown = {os.stat(path).st_dev for path in self._tmpfs}
        on_disk = sum(size for (device, _), size in seen.items() if device in devices)
        elsewhere = sum(size for (device, _), size in seen.items() if device not in devices | shown)
        return on_disk, elsewhere if self._tmpfs else 0


def tree_usage(root: int, most: int) -> tuple[int, int]:
    """Bytes and entries below an open folder; stops counting beyond ``most`` entries.

    Walks by descriptors, so that neither long paths nor links lead it astray. Raises ``RecursionError``
    for a tree that is deeper than ``MAX_DEPTH``.
    """
    used = count = 0
    linked: set[int] = set()
    stack = [os.dup(root)]
    names: list[list[str]] = [[]]
    try:
        names[-1], used, count = _folder(stack[-1], linked)
        while stack:
            if not names[-1] or count > most:
                os.close(stack.pop())
                names.pop()
                continue
            if len(stack) > MAX_DEPTH:
                raise RecursionError
            try:
                descriptor = os.open(
                    names[-1].pop(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=stack[-1]
                )
            except OSError:
                continue
            stack.append(descriptor)
            folders, size, entries = _folder(descriptor, linked)
            names.append(folders)
            used += size
            count += entries
    finally:
        for descriptor in stack:
            os.close(descriptor)
    return used, count


def _folder(descriptor: int, linked: set[int]) -> tuple[list[str], int, int]:
    """Sub-folders, bytes and number of entries of one open folder; hard links count once."""
    folders: list[str] = []
    used = count = 0
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                count += 1
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                    continue
                state = entry.stat(follow_symlinks=False)
                if state.st_nlink > 1:
                    if state.st_ino in linked:
                        continue
                    linked.add(state.st_ino)
                used += state.st_blocks * 512
    except OSError:
        pass
    return folders, used, count
