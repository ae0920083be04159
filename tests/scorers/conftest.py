import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.verification import Bench
from assay.suites.base import Task
from assay.testing.tasks import make_task


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """The real sandbox and the real toolchain, in a folder that the sandbox's user can reach."""
    with TemporaryDirectory(prefix=f"assay-verifier-{os.getpid()}-") as scratch:
        Path(scratch).chmod(0o711)
        python = toolchain("python")
        yield Bench(sandbox_kind(None), Path(scratch), python.mounts, python.python, python.env)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)
