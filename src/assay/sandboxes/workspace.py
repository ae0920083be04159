"""The workspace: copied in, compared by hash, sealed as what changed.

A manifest names every path but ``.git``, with kind, mode, size and hash. ``workspace.json`` holds
``{"format": 1, "changes": [Change...]}``; ``workspace.tar`` holds the content of added, changed and retyped
files, links and folders, in the same order, with times and owners zeroed. A changed file beyond
``MAX_FILE`` is on record with its size, without hash and content.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.errors import EvidenceError, SandboxError
from assay.sandboxes.base import Change
from assay.sandboxes.workspace_files import FILE, Found, folder_of, opened, walk

APART = frozenset({".git"})
MAX_FILE = 64 << 20
FORMAT = 1
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a manifest. ``sha256`` of a link is that of its target; None = not read (too big, special)."""

    kind: str
    mode: int
    size: int
    sha256: str | None = None


Manifest = Mapping[str, Entry]


def copy_tree(source: Path, target: Path, uid: int | None) -> Manifest:
    """Copy ``source`` into the existing folder ``target``: modes kept, links as links; return its manifest.

    Raises ``SandboxError`` when the source cannot be read or holds what cannot be copied.
    """
    manifest: dict[str, Entry] = {}
    try:
        for found in walk(source):
            parts = tuple(found.path.split("/"))
            with folder_of(target, parts[:-1]) as folder:
                entry = _copy_one(found, folder, uid)
            if not APART.intersection(parts):
                manifest[found.path] = entry
        for path, entry in manifest.items():
            if entry.kind == "dir" and entry.mode & stat.S_IRWXU != stat.S_IRWXU:
                (target / path).chmod(entry.mode)
    except OSError as error:
        raise SandboxError(f"cannot copy the start: {error.strerror}: {error.filename}", where=source) from error
    return manifest


def _copy_one(found: Found, folder: int, uid: int | None) -> Entry:
    """Copy one entry into an open folder. A closed folder stays open until its content is there."""
    mode = stat.S_IMODE(found.state.st_mode)
    if found.kind == "file":
        with opened(found.name, FILE, found.folder) as descriptor:
            data = _read_all(descriptor)
        target = os.open(found.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        with os.fdopen(target, "wb") as stream:
            stream.write(data)
            if uid is not None:
                os.fchown(target, uid, uid)
            os.fchmod(target, mode)  # after the owner: a change of owner clears set-id bits
        return Entry("file", mode, len(data), hashlib.sha256(data).hexdigest())
    if found.kind == "link":
        to = os.readlink(found.name, dir_fd=found.folder)
        os.symlink(to, found.name, dir_fd=folder)
        entry = _link(to)
    elif found.kind == "dir":
        os.mkdir(found.name, mode | stat.S_IRWXU, dir_fd=folder)
        os.chmod(found.name, mode | stat.S_IRWXU, dir_fd=folder)
        entry = Entry("dir", mode, 0)
    else:
        raise SandboxError("the start holds a special file or is nested too deep", where=found.path)
    if uid is not None:
        os.chown(found.name, uid, uid, dir_fd=folder, follow_symlinks=False)
    return entry


def _read_all(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, CHUNK):
        parts.append(part)
    return b"".join(parts)


def _link(target: str) -> Entry:
    raw = os.fsencode(target)
    return Entry("link", 0o777, len(raw), hashlib.sha256(raw).hexdigest())


def take_manifest(root: Path) -> Manifest:
    """Hash everything below ``root`` but ``.git``. Special files are listed, never opened."""
    return {found.path: _entry(found) for found in walk(root, skip=APART)}


def _entry(found: Found) -> Entry:
    mode = stat.S_IMODE(found.state.st_mode)
    if found.kind == "link":
        return _link(os.readlink(found.name, dir_fd=found.folder))
    if found.kind != "file":
        return Entry(found.kind, mode, 0)
    if found.state.st_size > MAX_FILE:
        return Entry("file", mode, found.state.st_size)
    digest = hashlib.sha256()
    with opened(found.name, FILE, found.folder) as descriptor:
        while part := os.read(descriptor, CHUNK):
            digest.update(part)
    return Entry("file", mode, found.state.st_size, digest.hexdigest())


def compare(before: Manifest, after: Manifest) -> dict[str, tuple[str, Entry]]:
    """Return ``path -> (A | M | D | T, entry)``, sorted by path; D carries the entry that was."""
    changes: dict[str, tuple[str, Entry]] = {}
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old is None and new is not None:
            changes[path] = ("A", new)
        elif new is None and old is not None:
            changes[path] = ("D", old)
        elif old is not None and new is not None and (old != new or (new.kind == "file" and new.sha256 is None)):
            changes[path] = ("T" if old.kind != new.kind else "M", new)
    return changes


def printable(path: str) -> str:
    r"""Return a path as valid text: bytes that are not UTF-8 become ``\xNN``. The tar keeps the bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def seal(before: Manifest, root: Path, into: Path) -> tuple[Change, ...]:
    """Write ``workspace.tar`` and then ``workspace.json`` into ``into``; return the changes.

    Raises ``EvidenceError`` when they cannot be written; what the workspace holds is no reason to fail.
    """
    try:
        changes = compare(before, take_manifest(root))
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(into / "workspace.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            for path, (change, entry) in changes.items():
                if change != "D":
                    _add(tar, root, path, entry)
        records = tuple(_record(path, change, entry) for path, (change, entry) in changes.items())
        text = json.dumps({"format": FORMAT, "changes": [record.to_json() for record in records]})
        part = into / "workspace.json.part"
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(into / "workspace.json")
    except OSError as error:
        raise EvidenceError(f"the workspace cannot be sealed: {error.strerror}", where=into) from error
    return records


def _record(path: str, change: str, entry: Entry) -> Change:
    if change == "D":
        return Change(printable(path), change, entry.kind)
    return Change(printable(path), change, entry.kind, entry.mode, entry.size, entry.sha256)


def _add(tar: tarfile.TarFile, root: Path, path: str, entry: Entry) -> None:
    """Add one changed path; special files and files beyond the cap stay out."""
    parts = tuple(path.split("/"))
    info = tarfile.TarInfo(path)
    info.mode = entry.mode
    with folder_of(root, parts[:-1]) as folder:
        if entry.kind == "dir":
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        elif entry.kind == "link":
            info.type = tarfile.SYMTYPE
            info.linkname = os.readlink(parts[-1], dir_fd=folder)
            tar.addfile(info)
        elif entry.kind == "file" and entry.sha256 is not None:
            info.size = entry.size
            with opened(parts[-1], FILE, folder) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
                tar.addfile(info, stream)
