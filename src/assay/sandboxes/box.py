"""The folder of one sandbox on the host, and who answers for it after a crash.

``<scratch>/<token>/owner.json`` says which driver made the sandbox, for which label. The folders themselves
lie beside it, or below the system's temporary folder when the sandbox's user cannot reach ``scratch`` (as
root, with scratch below a closed folder such as /root); ``owner.json`` then names the place.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.errors import SandboxError
from assay.sandboxes.base import SandboxSpec
from assay.sandboxes.unprivileged import give_back, stranger_can_reach, take_uid

OWNER = "owner.json"
KEPT = "kept.json"
# A folder without a record and older than this belongs to a driver that died between two system calls.
NEW_S = 60.0
TOKEN_PREFIX = "box-"  # noqa: S105  # names a folder
# How long a killed process may take to disappear.
PATIENCE_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Box:
    """Host paths of one sandbox. ``uid`` is None when it runs under our own user id."""

    token: str
    record: Path
    folder: Path
    uid: int | None

    @property
    def workspace(self) -> Path:
        """Shown as ``WORKSPACE``."""
        return self.folder / "workspace"

    @property
    def home(self) -> Path:
        """Shown as ``HOME``."""
        return self.folder / "home"

    def own(self, path: Path) -> None:
        """Give a folder that we made to the sandbox's user."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)


def make_box(spec: SandboxSpec, *, separate_user: bool) -> Box:
    """Make the empty folders of a sandbox. Raises ``SandboxError`` when the disk says no."""
    uid = take_uid() if separate_user else None
    token = TOKEN_PREFIX + secrets.token_hex(8)
    record = spec.scratch / token
    try:
        record.mkdir(parents=True)
        record.chmod(0o711)
        folder = record
        if uid is not None and not stranger_can_reach(record / "x"):
            folder = Path(tempfile.gettempdir()) / f"assay-{token}"
            log.info("sandbox %s lies in %s: its user cannot reach %s", spec.label, folder, spec.scratch)
        # Written before anything that it answers for exists.
        (record / OWNER).write_text(json.dumps(_owner(spec.label, folder)), encoding="utf-8")
        if folder != record:
            folder.mkdir()
            folder.chmod(0o711)
        box = Box(token, record, folder, uid)
        for path in (box.workspace, box.home):
            path.mkdir(mode=0o700)
            box.own(path)
    except OSError as error:
        give_back(uid)
        remove_tree(record)
        raise SandboxError(f"cannot make the sandbox folder: {error.strerror}", where=spec.scratch) from error
    return box


def remove_box(box: Box) -> None:
    """Remove every file of a sandbox, whatever its names and modes."""
    remove_tree(box.folder)
    remove_tree(box.record)
    give_back(box.uid)


def keep_box(box: Box) -> None:
    """Leave the files for a person to look at; the reaper leaves them too."""
    (box.record / OWNER).rename(box.record / KEPT)
    give_back(box.uid)


def remove_tree(folder: Path) -> None:
    """Remove a tree that a hostile program may have filled: closed folders, depth beyond any path limit."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        # Both tools walk by descriptors and do not follow links.
        for tool in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*tool, "--", str(folder)], check=False, capture_output=True)


def reap_boxes(scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
    """Kill and remove what drivers that are gone, or this one, left in ``scratch``, but for ``live`` labels."""
    reaped = []
    for record in sorted(scratch.glob(f"{TOKEN_PREFIX}*")):
        owner = _read_owner(record)
        if owner is None or owner["label"] in live or _is_another_running_driver(owner):
            continue
        kill_by_token(record.name)
        folder = Path(str(owner["folder"]))
        if folder.name in {record.name, f"assay-{record.name}"}:
            remove_tree(folder)
        remove_tree(record)
        reaped.append(str(owner["label"]))
    return tuple(reaped)


def _read_owner(record: Path) -> dict[str, object] | None:
    """Return who answers for a folder; None when it is kept on purpose or has only just been made."""
    nobody: dict[str, object] = {"label": record.name, "folder": str(record)}
    if (record / KEPT).exists():
        return None
    try:
        owner = json.loads((record / OWNER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return nobody if time.time() - record.stat().st_mtime > NEW_S else None
    except (OSError, ValueError):
        return nobody
    return {**nobody, **owner} if isinstance(owner, dict) else nobody


def _owner(label: str, folder: Path) -> dict[str, object]:
    pid = os.getpid()
    return {"label": label, "folder": str(folder), "pid": pid, "started": _start_time(pid), "boot": _boot_id()}


def _is_another_running_driver(owner: dict[str, object]) -> bool:
    """True when the driver on record still runs, and is not this process. A reused pid has another start time."""
    pid = owner.get("pid")
    if not isinstance(pid, int) or pid == os.getpid() or owner.get("boot") != _boot_id():
        return False
    return owner.get("started") is not None and owner.get("started") == _start_time(pid)


def _start_time(pid: int) -> int | None:
    """Return the start of a process in clock ticks since boot (``/proc/<pid>/stat``, field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


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
