"""The programs of ``inside``, compiled for the interpreter that will run them."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from assay.errors import SandboxError
from assay.sandboxes.cache import built

SOURCES = Path(__file__).parent / "inside"
# Compiled without a source beside it: nothing to stat, nothing to check at start.
COMPILE = """
import pathlib, py_compile, sys
sources, target = map(pathlib.Path, sys.argv[1:])
(target / "inside").mkdir()
for path in sources.glob("*.py"):
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), str(target / "inside" / (path.stem + ".pyc")), f"inside/{path.name}", True, 2, mode)
"""
START = "import sys; sys.path.insert(0, {library!r}); from inside.supervisor import main; main()"


@cache
def inside_library(python: Path) -> Path:
    """Return a folder that holds the package ``inside`` as byte code for the interpreter ``python``."""
    digest = hashlib.sha256()
    state = python.stat()
    digest.update(f"{python} {state.st_size} {state.st_mtime_ns}\n{COMPILE}".encode())
    for path in sorted(SOURCES.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())

    def build(folder: Path) -> None:
        done = subprocess.run(
            [str(python), "-I", "-c", COMPILE, str(SOURCES), str(folder)],
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise SandboxError(f"{python} cannot compile the supervisor: {last}")

    return built("inside", digest.hexdigest()[:20], build)


def start_command(python: str, library: str, token: str) -> list[str]:
    """Return the command that starts the supervisor; ``token`` names the sandbox to the reaper."""
    return [python, "-I", "-S", "-B", "-c", START.format(library=library), token]
