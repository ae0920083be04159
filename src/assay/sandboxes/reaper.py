"""What dead drivers left: found by the record of each sandbox, killed by its token, removed."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from assay.errors import SandboxError
from assay.sandboxes.box import KEPT, OWNER, TOKEN_PREFIX, boot_id, elsewhere, remove_tree, start_time

# How long a killed process may take to disappear.
PATIENCE_S = 10.0
# A folder without a record and older than this belongs to a driver that died between two system calls.
NEW_S = 60.0


def reap_boxes(scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
    """Kill and remove what drivers that are gone, or this one, left in ``scratch``, but for ``live`` labels."""
    reaped = []
    for record in sorted(scratch.glob(f"{TOKEN_PREFIX}*")):
        owner = _read_owner(record)
        if owner is None or owner["label"] in live or _is_another_running_driver(owner):
            continue
        kill_by_token(record.name)
        remove_tree(elsewhere(record.name))
        remove_tree(record)
        reaped.append(str(owner["label"]))
    _sweep()
    return tuple(reaped)


def _sweep() -> None:
    """Remove folders below the system's temporary folder whose run folder has been deleted meanwhile."""
    for folder in elsewhere("x").parent.glob(elsewhere(f"{TOKEN_PREFIX}*").name):
        if not _is_mine(folder):
            continue
        owner = _read_owner(folder)
        if owner is None or _is_running(owner) or (owner["record"] and Path(str(owner["record"])).is_dir()):
            continue
        kill_by_token(folder.name)
        remove_tree(folder)


def _is_mine(folder: Path) -> bool:
    """Tell whether it is a folder of this user. Whoever sweeps too, or closes its sandbox, may have been faster."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return not stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid()


def _age_s(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0


def _read_owner(record: Path) -> dict[str, object] | None:
    """Return who answers for a folder; None when it is kept on purpose, has only just been made, or is gone."""
    nobody: dict[str, object] = {"label": record.name, "record": ""}
    if (record / KEPT).exists():
        return None
    try:
        owner = json.loads((record / OWNER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return nobody if _age_s(record) > NEW_S else None
    except (OSError, ValueError):
        return nobody
    return {**nobody, **owner} if isinstance(owner, dict) else nobody


def _is_another_running_driver(owner: dict[str, object]) -> bool:
    return owner.get("pid") != os.getpid() and _is_running(owner)


def _is_running(owner: dict[str, object]) -> bool:
    """True when the driver on record still runs. A reused process id has another start time."""
    pid = owner.get("pid")
    if not isinstance(pid, int) or owner.get("boot") != boot_id():
        return False
    return owner.get("started") is not None and owner.get("started") == start_time(pid)


def kill_by_token(token: str) -> None:
    """Kill every process that carries the token in its command line or environment; wait until all are gone."""
    deadline = time.monotonic() + PATIENCE_S
    while found := list(_processes_with(token.encode())):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if time.monotonic() > deadline:
            raise SandboxError(f"processes {found} of {token} do not die", remedy="Kill them by hand, then run again")
        time.sleep(0.005)


def _processes_with(token: bytes) -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            try:
                held = (Path(entry.path) / name).read_bytes()
            except OSError:
                continue
            if token in held:
                yield int(entry.name)
                break
