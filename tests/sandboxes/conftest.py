from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import assay
from assay.sandboxes.bubblewrap import BubblewrapKind

NOBODY = 65534
RunAsOrdinaryUser = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def bubblewrap() -> BubblewrapKind:
    kind = BubblewrapKind()
    missing = kind.probe()
    if missing is not None:
        pytest.skip(f"no bubblewrap sandbox can be started here: {missing}")
    return kind


def _version_of(python: Path) -> tuple[int, ...]:
    if not python.exists():
        return ()
    tell = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", tell], capture_output=True, text=True, check=True)
    return tuple(map(int, done.stdout.split()))


@pytest.fixture(scope="session")
def ordinary_user() -> Iterator[RunAsOrdinaryUser]:
    """Runs ``python -m MODULE ...`` as a user without any rights, from a copy of the source that it can read."""
    if os.geteuid() != 0:
        pytest.skip("the tests already run as an ordinary user")
    python = Path("/usr/bin/python3")
    if _version_of(python) < (3, 11):
        pytest.skip("the system's python3 is older than 3.11, and this user cannot read another")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        ours = Path(assay.__file__).parent
        shutil.copytree(ours, home / "assay", ignore=shutil.ignore_patterns("__pycache__", "focused"))
        (home / "own").mkdir()
        os.chown(home / "own", NOBODY, NOBODY)
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
        env = {"PATH": os.defpath, "PYTHONPATH": str(home), "XDG_CACHE_HOME": f"{home}/own/cache"}
        env |= {"TMPDIR": f"{home}/own", "PYTHONDONTWRITEBYTECODE": "1"}

        def run(*argv: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*user, str(python), "-m", *argv], env=env, capture_output=True, text=True, cwd=home, check=False
            )

        yield run
