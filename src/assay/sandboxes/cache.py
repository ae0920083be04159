"""Where built things are kept: named by content, built once, whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from assay.errors import SandboxError


@cache
def cache_root() -> Path:
    """Return the cache folder: ours, and as root one that every user may traverse.

    Root's own home is usually closed, and sandboxes run under another user id.
    """
    if os.geteuid() == 0:
        wanted = Path("/var/cache/assay")
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
        wanted = Path(home) / "assay"
    for folder in (wanted, Path(tempfile.gettempdir()) / f"assay-cache-{os.geteuid()}"):
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            state = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and os.access(folder, os.W_OK):
            folder.chmod(0o755)
            return folder
    raise SandboxError(f"no cache folder can be written: {wanted}", remedy="Set XDG_CACHE_HOME to a writable folder")


def built(family: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder ``family/key`` of the cache; ``build`` fills it when it is not there.

    Concurrent builders are safe: each works apart, the first to finish wins.
    """
    place = cache_root() / family / key
    if place.is_dir():
        return place
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    place.parent.chmod(0o755)
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=place.parent))
    try:
        build(work)
        open_to_all(work)
        try:
            work.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    except OSError as error:
        raise SandboxError(f"cannot build the {family} cache: {error}", where=place) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return place


def open_to_all(folder: Path) -> None:
    """Let everybody read a tree, whatever the umask was; links are left alone."""
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(parent) / name
            state = path.lstat()
            if stat.S_ISLNK(state.st_mode):
                continue
            execute = 0o111 if state.st_mode & stat.S_IXUSR else 0
            path.chmod(0o644 | execute)
