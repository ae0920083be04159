"""The folder of one sandbox on the host, and the record of who answers for it.

``<scratch>/<token>/owner.json`` says which driver made the sandbox, for which label. The folders themselves
lie beside it, or below the system's temporary folder when the sandbox's user cannot reach ``scratch`` (as
root, with scratch below a closed folder such as /root); there is an ``owner.json`` in both places then, each
of which names the other.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assay.errors import SandboxError
from assay.sandboxes.base import SandboxSpec
from assay.sandboxes.unprivileged import give_back, stranger_can_reach, take_uid

OWNER = "owner.json"
KEPT = "kept.json"
TOKEN_PREFIX = "box-"  # noqa: S105  # names a folder

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
            folder = elsewhere(token)
            log.info("sandbox %s lies in %s: its user cannot reach %s", spec.label, folder, spec.scratch)
        # Written before anything that it answers for exists.
        owner = json.dumps(_owner(spec.label, record, folder))
        (record / OWNER).write_text(owner, encoding="utf-8")
        if folder != record:
            folder.mkdir()
            folder.chmod(0o711)
            (folder / OWNER).write_text(owner, encoding="utf-8")
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


def elsewhere(token: str) -> Path:
    """Return the place of a sandbox whose scratch its user cannot reach."""
    return Path(tempfile.gettempdir()) / f"assay-{token}"


def _owner(label: str, record: Path, folder: Path) -> dict[str, object]:
    pid = os.getpid()
    places = {"record": str(record.absolute()), "folder": str(folder.absolute())}
    return {"label": label, **places, "pid": pid, "started": start_time(pid), "boot": boot_id()}


def start_time(pid: int) -> int | None:
    """Return the start of a process in clock ticks since boot (``/proc/<pid>/stat``, field 22)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def boot_id() -> str | None:
    """Return what tells this boot of the machine from the one before; None where there is no such thing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
