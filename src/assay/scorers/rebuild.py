"""The workspace as an attempt left it, rebuilt from sealed evidence for grading."""

from __future__ import annotations

import contextlib
import json
import os
import posixpath
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assay.errors import EvidenceError
from assay.sandboxes.base import Change
from assay.scorers.protected import hidden_names, is_protected
from assay.suites.base import Task

MANIFEST = "workspace.json"
ARCHIVE = "workspace.tar"
MAX_FILE = 64 << 20
# The library's own refusals, after ours. Python before 3.11.4 has no filters; ours stand alone there.
_SECOND_LOOK = getattr(tarfile, "data_filter", None)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a workspace for grading was made of: changes graded, protected ones dropped, others refused and why."""

    graded: tuple[Change, ...]
    dropped: tuple[str, ...]
    refused: Mapping[str, str]


def last_step(evidence: Path) -> Path:
    """Return the folder of the last step whose workspace was sealed. Raises ``EvidenceError`` when there is none."""
    steps = [path for path in (evidence / "steps").glob("*") if path.name.isdigit() and (path / MANIFEST).is_file()]
    if not steps:
        raise EvidenceError("no workspace was sealed", where=evidence)
    return max(steps, key=lambda path: int(path.name))


def read_changes(step: Path) -> tuple[Change, ...]:
    """Read ``workspace.json``: either a list of changes, or a mapping that holds it under ``changes``."""
    path = step / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        listed = data["changes"] if isinstance(data, dict) else data
        return tuple(Change.from_json(one) for one in listed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"cannot be read: {error}", where=path) from error


def archived(step: Path) -> Iterator[tuple[str, tarfile.TarInfo, bytes | None]]:
    """Yield (workspace path, member, bytes of a regular file) of ``workspace.tar``. Raises ``EvidenceError``."""
    path = step / ARCHIVE
    if not path.is_file():
        return
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                name = posixpath.normpath(member.name)
                stream = archive.extractfile(member) if member.isreg() and member.size <= MAX_FILE else None
                yield name, member, stream.read() if stream is not None else None
    except (OSError, tarfile.TarError) as error:
        raise EvidenceError(f"cannot be read: {error}", where=path) from error


def rebuild(task: Task, step: Path, into: Path) -> Rebuilt:
    """Make the workspace that is graded: the task's start plus the attempt's changes, protected paths as they were.

    Nothing is written outside ``into``: files are made before links, no link is followed, and a link that leads outside
    is refused; so are devices, pipes and sockets.
    """
    hidden = hidden_names(task)
    changes = read_changes(step)
    dropped = tuple(one.path for one in changes if is_protected(task, one.path, hidden))
    graded = tuple(one for one in changes if one.path not in set(dropped))
    copy_start(task.start, into)
    wanted = {one.path: one for one in graded}
    for change in sorted(graded, key=lambda one: one.path, reverse=True):
        if change.change != "A" and _inside(change.path) and not _through_link(into, change.path):
            _remove(into / change.path)
    refused = {one.path: "outside the workspace" for one in graded if not _inside(one.path)}
    links: list[tuple[str, str]] = []
    for name, member, data in archived(step):
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        if shown not in wanted or shown in refused:
            continue
        reason = _put(into, name, member, data, links)
        if reason is not None:
            refused[shown] = reason
    refused |= _put_links(into, links)
    return Rebuilt(graded, dropped, refused)


def overlay(task: Task, files: Mapping[str, bytes], into: Path, *, start: bool = True) -> tuple[Change, ...]:
    """Make the workspace of a known answer: ``files`` over the task's start, or over nothing."""
    if start:
        copy_start(task.start, into)
    else:
        into.mkdir(parents=True)
    for name, data in files.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tuple(
        Change(name, "M" if (task.start / name).exists() else "A", "file", size=len(files[name])) for name in files
    )


def copy_start(start: Path, into: Path) -> None:
    """Copy starting files, links as links, without byte code."""
    if start.is_dir():
        shutil.copytree(start, into, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        into.mkdir(parents=True)


def _inside(path: str) -> bool:
    pure = posixpath.normpath(path)
    return bool(path) and not pure.startswith(("/", "..")) and pure != "."


def _through_link(into: Path, name: str) -> bool:
    parents = list(PurePosixPath(name).parents)[:-1]
    return any((into / parent).is_symlink() for parent in parents)


def _remove(path: Path) -> None:
    """Remove a file, a link, or a folder that is empty by now; a folder that still holds protected files stays."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        with contextlib.suppress(OSError):
            path.rmdir()


def _put(
    into: Path, name: str, member: tarfile.TarInfo, data: bytes | None, links: list[tuple[str, str]]
) -> str | None:
    """Write one member, or return why not. Links wait until all files are there."""
    if member.issym():
        links.append((name, member.linkname))
        return None
    if not (member.isreg() or member.isdir()):
        return "not a file, folder or symbolic link"
    if member.isreg() and data is None:
        return f"larger than {MAX_FILE} bytes"
    try:
        if _SECOND_LOOK is not None:
            _SECOND_LOOK(member, str(into))
        _folders(into, name if member.isdir() else posixpath.dirname(name))
        if data is not None:
            _remove(into / name)
            mode = 0o755 if member.mode & 0o100 else 0o644
            descriptor = os.open(into / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
    except (OSError, tarfile.TarError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _folders(into: Path, name: str) -> None:
    """Make ``name`` and its parents as real folders: a file or a link in the way gives way."""
    path = into
    for part in name.split("/") if name else ():
        path = path / part
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            path.unlink()
        path.mkdir(exist_ok=True)


def _put_links(into: Path, links: Sequence[tuple[str, str]]) -> dict[str, str]:
    refused = {}
    for name, target in links:
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        if target.startswith("/") or aim.startswith(".."):
            refused[name] = "a link that leads outside the workspace"
            continue
        try:
            _folders(into, posixpath.dirname(name))
            _remove(into / name)
            (into / name).symlink_to(target)
        except OSError as error:
            refused[name] = f"{type(error).__name__}: {error}"
    return refused
