"""The workspace as the model sees it, and writing answers into it without following links."""

from __future__ import annotations

import os
import stat

from .answers import render

SHOWN_FILE_BYTES = 64 << 10
SHOWN_BYTES = 512 << 10
NAMED_FILES = 500
_LEFT_OUT = {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "node_modules", ".venv"}


def describe(root: str) -> tuple[str, int, int]:
    """Return the files below ``root`` as prompt text, how many are shown whole, and how many are only named.

    Named only: binary files, links, files over 64 KiB, and what comes after 512 KiB in all.
    """
    shown: list[str] = []
    named: list[str] = []
    room = SHOWN_BYTES
    for path in _paths(root):
        status = os.lstat(os.path.join(root, path))  # noqa: PTH118 - pathlib costs 5 ms of every trial
        if stat.S_ISLNK(status.st_mode):
            named.append(f"- {path} (a link)")
        elif not stat.S_ISREG(status.st_mode):
            named.append(f"- {path} (a special file)")
        elif status.st_size > min(SHOWN_FILE_BYTES, room):
            named.append(f"- {path} ({status.st_size} bytes, not shown)")
        else:
            text = _text(os.path.join(root, path))  # noqa: PTH118 - see above
            if text is None:
                named.append(f"- {path} ({status.st_size} bytes, binary)")
            else:
                room -= status.st_size
                shown.append(render(path, text))
    more = [f"- and {len(named) - NAMED_FILES} more"] if len(named) > NAMED_FILES else []
    listing = ["Other files:", *named[:NAMED_FILES], *more] if named else []
    return "\n".join([*shown, *listing]) or "(no files)", len(shown), len(named)


def write_files(root: str, files: dict[str, str]) -> list[tuple[str, str]]:
    """Write ``files`` below ``root``; return (path, reason) for those that could not be, links among them."""
    failed: list[tuple[str, str]] = []
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path, content in files.items():
            try:
                _write(top, path.split("/"), content.encode("utf-8", "replace"))
            except OSError as error:
                failed.append((path, (error.strerror or str(error)).lower()))
    finally:
        os.close(top)
    return failed


def _write(top: int, parts: list[str], data: bytes) -> None:
    """Open folder by folder without following a link, then write."""
    folder = os.dup(top)
    try:
        for part in parts[:-1]:
            try:  # noqa: SIM105 - contextlib is one more import
                os.mkdir(part, dir_fd=folder)
            except FileExistsError:
                pass
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(parts[-1], flags, 0o644, dir_fd=folder), "wb") as stream:
            stream.write(data)
    finally:
        os.close(folder)


def _paths(root: str) -> list[str]:
    found: list[str] = []
    for folder, names, files in os.walk(root):
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118 - no pathlib here
        names[:] = [name for name in names if name not in _LEFT_OUT]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in [*files, *links]]  # noqa: PTH118 - same
    return sorted(found)


def _text(path: str) -> str | None:
    """Return a file's text, or None where it is not text."""
    with open(path, "rb") as stream:  # noqa: PTH123 - no pathlib here
        data = stream.read()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
