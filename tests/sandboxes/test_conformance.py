"""Every kind keeps what it promises; each check is a function of ``assay.testing.sandbox``."""

from pathlib import Path

import pytest

from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.memory import MemorySandboxKind
from assay.sandboxes.unsafe_host import UnsafeHostKind
from assay.testing.sandbox import check_sandbox, checks_for
from assay.testing.sandbox_bench import Bench
from assay.testing.sandbox_hostile import LIMIT_CHECKS, MEMORY_CHECKS, PROCESS_CHECKS

# These are in test_hostile.py, where they also run as an ordinary user.
HOSTILE = {check.__name__ for check in (*LIMIT_CHECKS, *MEMORY_CHECKS, *PROCESS_CHECKS)}
BUBBLEWRAP = checks_for(BubblewrapKind.capabilities)
UNSAFE = checks_for(UnsafeHostKind.capabilities)
MEMORY = checks_for(MemorySandboxKind.capabilities, programs=False)


@pytest.mark.parametrize("name", [name for name in BUBBLEWRAP if name not in HOSTILE])
async def test_bubblewrap(name: str, bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    await BUBBLEWRAP[name](Bench(bubblewrap, tmp_path))


@pytest.mark.parametrize("name", [name for name in UNSAFE if name not in HOSTILE])
async def test_unsafe_host(name: str, tmp_path: Path) -> None:
    await UNSAFE[name](Bench(UnsafeHostKind(), tmp_path))


@pytest.mark.parametrize("name", MEMORY)
async def test_memory(name: str, tmp_path: Path) -> None:
    await MEMORY[name](Bench(MemorySandboxKind(), tmp_path))


async def test_a_kind_that_breaks_a_promise_is_found_out(tmp_path: Path) -> None:
    class Forgetful(MemorySandboxKind):
        """Promises everything and executes nothing: no check of a program may pass for want of a program."""

        capabilities = BubblewrapKind.capabilities

    patient = {"kill_ends_a_run", "cancelling_ends_a_run"}  # they wait ten seconds for a program to come up
    results = await check_sandbox(Forgetful(), tmp_path, only=set(BUBBLEWRAP) - patient)
    passed = {result.name for result in results if result.failure is None}
    assert passed == set(MEMORY)
    failure = next(result.failure for result in results if result.name == "system_is_read_only")
    assert "sandbox_walls.py" in str(failure)


def test_more_promises_are_more_checks() -> None:
    assert set(MEMORY) < set(UNSAFE) < set(BUBBLEWRAP)
