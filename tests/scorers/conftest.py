import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assay.sandboxes.base import SandboxKind
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.toolchain import toolchain
from assay.sandboxes.unsafe_host import UnsafeHostKind
from assay.scorers.verification import Bench
from assay.suites.base import Task
from assay.testing.tasks import make_task

KINDS: dict[str, SandboxKind] = {kind.name: kind for kind in (BubblewrapKind(), UnsafeHostKind())}


@contextmanager
def made_bench(name: str) -> Iterator[Bench]:
    """A real sandbox and the real toolchain, in a folder that the sandbox's user can reach."""
    kind = KINDS[name]
    missing = kind.probe()
    if missing is not None:
        pytest.skip(f"no {name}: {missing}")
    with TemporaryDirectory(prefix=f"assay-verifier-{os.getpid()}-") as scratch:
        Path(scratch).chmod(0o711)
        python = toolchain("python")
        yield Bench(kind, Path(scratch), python.mounts, python.python, python.env)


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """What keeps attacks in."""
    with made_bench(BubblewrapKind.name) as made:
        yield made


@pytest.fixture(scope="session", params=KINDS)
def any_bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Every kind of sandbox that a run may be started in: the same answer has the same score in each."""
    with made_bench(request.param) as made:
        yield made


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)
