"""The Python inside sandboxes: the system's when it is new enough, else a copy of the one that runs Assay."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assay.errors import SandboxError
from assay.sandboxes.base import Mount
from assay.sandboxes.cache import built

SYSTEM = Path("/usr/bin/python3")
OLDEST = (3, 11)
INSIDE = "/opt/python"
# Parts of an installation that no sandboxed program needs.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "test", "idlelib", "tkinter", "turtledemo", "site-packages", "*.a")
TELL = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python by its path inside the sandbox (``inside``) and on the host, and the mount that shows it."""

    inside: str
    host: Path
    version: str
    mounts: tuple[Mount, ...] = ()


@cache
def interpreter() -> Interpreter:
    """Return the Python that sandboxes use. Raises ``SandboxError`` when there is none that runs."""
    version = _version(SYSTEM)
    if version is not None and tuple(map(int, version.split(".")[:2])) >= OLDEST:
        return Interpreter(str(SYSTEM), SYSTEM, version)
    return _copied()


def _version(python: Path) -> str | None:
    """Return the version if it runs and has the C modules that the supervisor needs."""
    code = f"import _ctypes, _json, _signal, _socket, resource, select; {TELL}"
    try:
        done = subprocess.run([str(python), "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _copied() -> Interpreter:
    """Copy the interpreter that runs us into the cache, and check that the copy runs by itself."""
    base = Path(sys.base_prefix)
    key = hashlib.sha256(f"{base} {sys.version}".encode()).hexdigest()[:20]
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"

    def build(folder: Path) -> None:
        (folder / "bin").mkdir()
        shutil.copy2(base / "bin" / name, folder / "bin" / name)
        (folder / "bin" / "python3").symlink_to(name)
        shutil.copytree(base / "lib" / name, folder / "lib" / name, symlinks=True, ignore=LEFT_OUT)
        for library in (base / "lib").glob("libpython*.so*"):
            shutil.copy2(library, folder / "lib" / library.name, follow_symlinks=False)

    folder = built("python", key, build)
    host = folder / "bin" / name
    version = _version(host)
    if version is None:
        raise SandboxError(
            f"no Python for sandboxes: {SYSTEM} is missing or older than 3.11, and a copy of {base} does not run",
            remedy="Install the system's python3 package (3.11 or newer)",
        )
    return Interpreter(f"{INSIDE}/bin/{name}", host, version, (Mount(folder, INSIDE),))
