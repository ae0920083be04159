"""The user id that a sandbox runs under, and what that user can reach.

As root every sandbox gets its own unprivileged user id *before* bubblewrap starts: the kernel does not
apply RLIMIT_NPROC to root, and file permissions would not bind. As an ordinary user the sandbox runs under
that user's id. From there on there is one code path.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from assay.errors import SandboxError

# 0x70000000-0x7fffffff is used by nobody (systemd's table of user ids: "unused").
FIRST_UID = 0x70000000
SLOTS = 4096
NOBODY = 65534
OPEN_FOLDER = stat.S_IROTH | stat.S_IXOTH

_lock = threading.Lock()
_lent: set[int] = set()


def take_uid() -> int | None:
    """Lend a user id that no other sandbox of this machine uses; None when we are not root."""
    if os.geteuid() != 0:
        return None
    first = _first_uid()
    with _lock:
        for uid in range(first, first + SLOTS):
            if uid not in _lent:
                _lent.add(uid)
                return uid
    raise SandboxError(f"more than {SLOTS} sandboxes at once")


def give_back(uid: int | None) -> None:
    """Let another sandbox use the id."""
    if uid is not None:
        with _lock:
            _lent.discard(uid)


def as_user(uid: int | None) -> list[str]:
    """Return the words before a command that make it run under ``uid``.

    A program does it, not Python's ``user=``: that makes the interpreter fork instead of vfork, which costs
    4 ms more in a driver of 200 MB and stops its event loop meanwhile.
    """
    return [] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def _first_uid() -> int:
    """Drivers have disjoint ranges by process id; a container's root may own fewer ids than a machine's."""
    wanted = FIRST_UID + (os.getpid() & 0xFFFF) * SLOTS
    last = 0
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        if first <= wanted and wanted + SLOTS <= first + count:
            return wanted
        last = max(last, first + count)
    return last - SLOTS if last > NOBODY else max(1, last - SLOTS)


def stranger_can_reach(path: Path) -> bool:
    """True when a user who owns nothing can look up ``path`` (permissions of all folders above it)."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.absolute().parents)


def stranger_can_read(path: Path) -> bool:
    """True when such a user can read ``path`` and everything below it."""
    if not stranger_can_reach(path):
        return False
    pending = [path]
    while pending:
        here = pending.pop()
        state = here.stat() if here == path else here.lstat()
        if stat.S_ISDIR(state.st_mode):
            if state.st_mode & OPEN_FOLDER != OPEN_FOLDER:
                return False
            pending += here.iterdir()
        elif stat.S_ISREG(state.st_mode) and not state.st_mode & stat.S_IROTH:
            return False
    return True
