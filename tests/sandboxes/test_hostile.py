"""Programs that attack the machine end as their own run's outcome: as root and as an ordinary user."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.sandboxes.base import Deadlines, Exit, Limits, SandboxSpec
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.unsafe_host import UnsafeHostKind
from assay.testing.sandbox import checks_for
from assay.testing.sandbox_bench import Bench
from assay.testing.sandbox_hostile import LIMIT_CHECKS, MEMORY_CHECKS, PROCESS_CHECKS

pytestmark = pytest.mark.hostile

HOSTILE = [check.__name__ for check in (*LIMIT_CHECKS, *MEMORY_CHECKS, *PROCESS_CHECKS)]
AS_ANYBODY = [
    *HOSTILE,
    "snapshot_is_exact",
    "nothing_stays",
    "door_carries",
    "kill_ends_a_run",
    "names_are_on_record",
    "stopping_is_an_early_deadline",
    "collecting_follows_no_link",
    "daemons_die",
    "network_is_the_door_alone",
    "host_files_are_out_of_sight",
    "system_is_read_only",
    "there_are_no_privileges",
    "record_cannot_be_forged",
    "memory_without_a_process_is_counted",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_bubblewrap_holds(name: str, bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    await checks_for(bubblewrap.capabilities)[name](Bench(bubblewrap, tmp_path))


@pytest.mark.parametrize("name", [name for name in HOSTILE if name in checks_for(UnsafeHostKind.capabilities)])
async def test_unsafe_host_keeps_its_limits(name: str, tmp_path: Path) -> None:
    await checks_for(UnsafeHostKind.capabilities)[name](Bench(UnsafeHostKind(), tmp_path))


@pytest.mark.parametrize("name", AS_ANYBODY)
def test_bubblewrap_holds_as_an_ordinary_user(
    name: str, bubblewrap: BubblewrapKind, ordinary_user: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = ordinary_user("assay.testing.sandbox", bubblewrap.name, name)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_two_gigabytes_of_output(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    code = "import os\nblock = b'0123456789abcde\\n' * 65536\nfor _ in range(2048): os.write(1, block)"
    async with bubblewrap.open(SandboxSpec("two-gigabytes", None, tmp_path)) as sandbox:
        record = await sandbox.run(["python3", "-c", code], deadlines=Deadlines(60))
        assert record.reason is Exit.EXITED
        assert record.output_bytes == 2 << 30
        assert record.output_truncated
        assert sandbox.output().stat().st_size <= Limits().output_bytes


async def test_the_machine_is_well_afterwards(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    async with bubblewrap.open(SandboxSpec("bomb", None, tmp_path, limits=Limits(processes=48))) as sandbox:
        # The limit is known to bind: test_bubblewrap_holds[processes_are_counted] looks first.
        uid = sandbox.box.uid if sandbox.box.uid is not None else os.getuid()
        before = len(processes_of(uid))
        await sandbox.run(["python3", "-c", bomb], deadlines=Deadlines(0.5, 0.1, 0.1))
        assert len(processes_of(uid)) <= before
    assert names_in(tmp_path) == []


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def processes_of(uid: int) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                found.append(entry.name)
        except FileNotFoundError:
            continue
    return found
