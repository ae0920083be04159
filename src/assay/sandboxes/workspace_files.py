"""Reading and writing in folders that a hostile program has filled: by descriptors, never through a link.

Nothing of the sandbox runs while these functions do, so there is no race inside one call; links, special
files, closed modes and bottomless trees are what they guard against.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A fifo must not block us, a device must not wake.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a walk: its relative path, and how to open it."""

    path: str
    name: str
    folder: int
    state: os.stat_result
    too_deep: bool = False

    @property
    def kind(self) -> str:
        """``file``, ``link``, ``dir`` or ``other``; a folder that the walk does not enter is ``other``."""
        mode = self.state.st_mode
        if stat.S_ISDIR(mode):
            return "other" if self.too_deep else "dir"
        return "file" if stat.S_ISREG(mode) else "link" if stat.S_ISLNK(mode) else "other"


def walk(root: Path, skip: frozenset[str] = frozenset(), enter: Callable[[str], bool] | None = None) -> Iterator[Found]:
    """Yield everything below ``root``, parents first, in a fixed order; names in ``skip`` are left out.

    ``enter`` says of a folder's relative path whether its content is wanted; None = of every folder.
    """
    with ExitStack() as first:
        descriptor = os.open(root, FOLDER)
        first.callback(os.close, descriptor)
        stack = [(first, descriptor, "", iter(_names(descriptor, skip)))]
        try:
            while stack:
                held, folder, prefix, names = stack[-1]
                name = next(names, None)
                if name is None:
                    stack.pop()
                    held.close()
                    continue
                state = os.lstat(name, dir_fd=folder)
                found = Found(prefix + name, name, folder, state, too_deep=len(stack) >= MAX_DEPTH)
                yield found
                if found.kind == "dir" and (enter is None or enter(found.path)):
                    held = ExitStack()
                    inner = held.enter_context(opened(name, FOLDER, folder))
                    stack.append((held, inner, f"{found.path}/", iter(_names(inner, skip))))
        finally:
            while stack:
                stack.pop()[0].close()


def _names(folder: int, skip: frozenset[str]) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name not in skip)


@contextmanager
def opened(name: str, flags: int, folder: int) -> Iterator[int]:
    """Open one entry; as its owner open it for us first when its mode is closed, and put the mode back."""
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
        mode = None
    except PermissionError:
        mode = stat.S_IMODE(os.lstat(name, dir_fd=folder).st_mode)
        _set_mode(name, folder, mode | stat.S_IRWXU)
        descriptor = os.open(name, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        if mode is not None:
            _set_mode(name, folder, mode)


def _set_mode(name: str, folder: int, mode: int) -> None:
    """Change a mode without following a link: Linux can do it through a descriptor that grants nothing."""
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(mode)
    finally:
        os.close(handle)


@contextmanager
def folder_of(root: Path, parts: tuple[str, ...], *, make: bool = False, uid: int | None = None) -> Iterator[int]:
    """Open the folder ``parts`` below ``root`` step by step; a link on the way is an ``OSError``."""
    with ExitStack() as held:
        descriptor = os.open(root, FOLDER)
        held.callback(os.close, descriptor)
        for part in parts:
            if make:
                _make_folder(part, descriptor, uid)
            descriptor = held.enter_context(opened(part, FOLDER, descriptor))
        yield descriptor


def _make_folder(name: str, folder: int, uid: int | None) -> None:
    try:
        os.mkdir(name, 0o755, dir_fd=folder)
    except FileExistsError:
        return
    if uid is not None:
        os.chown(name, uid, uid, dir_fd=folder, follow_symlinks=False)


def read_file(root: Path, relative: PurePosixPath, limit: int) -> bytes:
    """Return at most ``limit`` bytes of a regular file. Anything else is ``FileNotFoundError``."""
    try:
        with folder_of(root, relative.parts[:-1]) as folder, opened(relative.name, FILE, folder) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError(f"{relative} is not a regular file")
            with os.fdopen(os.dup(descriptor), "rb") as stream:
                return stream.read(limit)
    except OSError as error:
        # A link on the way is ELOOP or ENOTDIR, a socket ENXIO: to the caller there is no such file.
        raise FileNotFoundError(f"{relative}: {error.strerror or error}") from error


def write_file(root: Path, relative: PurePosixPath, data: bytes, mode: int, uid: int | None) -> None:
    """Write a file, replacing whatever non-folder has its name; folders are made, links not followed."""
    with folder_of(root, relative.parts[:-1], make=True, uid=uid) as folder:
        with suppress(FileNotFoundError):
            os.unlink(relative.name, dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(relative.name, flags, 0o600, dir_fd=folder), "wb") as stream:
            stream.write(data)
            if uid is not None:
                os.fchown(stream.fileno(), uid, uid)
            os.fchmod(stream.fileno(), mode)
