import asyncio
import os
import signal
from pathlib import Path

import pytest

from assay.errors import SandboxError
from assay.sandboxes.base import Deadlines, Exit, Mount, SandboxSpec
from assay.sandboxes.toolchain import toolchain
from assay.sandboxes.unsafe_host import UnsafeHostKind
from assay.testing.sandbox_bench import printed, until_there

TEN = Deadlines(10)


def test_it_promises_nothing_it_does_not_keep() -> None:
    promised = UnsafeHostKind.capabilities
    assert (promised.isolates_network, promised.isolates_files, promised.limits_processes) == (False, False, False)
    assert promised.mechanism.startswith("none")


async def test_inside_paths_become_host_paths(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "file").write_text("mounted", encoding="utf-8")
    mounts = (Mount(tmp_path / "tests", "/opt/tests"),)
    async with UnsafeHostKind().open(SandboxSpec("a", None, tmp_path / "scratch", mounts=mounts)) as sandbox:
        await sandbox.run(["cat", "/opt/tests/file"], deadlines=TEN)
        assert printed(sandbox) == "mounted"
        env = {"WHERE": "/workspace/x:/home/agent/y:/usr/bin", "PLAIN": "see /workspace"}
        await sandbox.run(["sh", "-c", 'echo "$WHERE"; echo "$PLAIN"; pwd'], env=env, deadlines=TEN, cwd="/home/agent")
        folder = sandbox.box.folder
        assert printed(sandbox).splitlines() == [
            f"{folder}/workspace/x:{folder}/home/y:/usr/bin",
            "see /workspace",
            f"{folder}/home",
        ]


async def test_the_toolchain_works_there_too(tmp_path: Path) -> None:
    chain = toolchain()
    async with UnsafeHostKind().open(SandboxSpec("a", None, tmp_path, mounts=chain.mounts)) as sandbox:
        record = await sandbox.run([chain.python, "-I", "-m", "pytest", "--version"], env=chain.env, deadlines=TEN)
        assert (record.exit_code, printed(sandbox)) == (0, f"pytest {chain.versions['pytest']}\n")


async def test_writable_mounts_are_refused(tmp_path: Path) -> None:
    mounts = (Mount(tmp_path, "/opt/x", writable=True),)
    with pytest.raises(SandboxError, match="writable mounts"):
        async with UnsafeHostKind().open(SandboxSpec("a", None, tmp_path / "scratch", mounts=mounts)):
            pass


async def test_orphans_of_a_murdered_supervisor_are_hunted(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork() == 0: os.setsid()\nopen(f'ready{os.getpid()}', 'w').close(); time.sleep(60)"
    async with UnsafeHostKind().open(SandboxSpec("a", None, tmp_path)) as sandbox:
        running = asyncio.create_task(sandbox.run(["python3", "-c", code + "\n"], deadlines=TEN))
        workspace = sandbox.box.workspace
        while len(pids := started(workspace)) < 2:  # noqa: ASYNC110  # another process tells us, by its files
            await asyncio.sleep(0.01)
        parent = next(int(line) for pid in pids for line in parents(pid) if int(line) not in pids)
        os.kill(parent, signal.SIGKILL)
        record = await running
        assert record.reason is Exit.KILLED
        for pid in pids:
            assert not alive(pid)


async def test_the_door_is_a_port_of_its_own(tmp_path: Path) -> None:
    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_unix_server(hold, tmp_path / "g.sock"):
        one, two = (UnsafeHostKind().open(SandboxSpec(n, None, tmp_path / "s", door=tmp_path / "g.sock")) for n in "ab")
        async with one, two:
            assert one.door_url != two.door_url
            running = asyncio.create_task(one.run(["sh", "-c", "echo > ready; sleep 9"], deadlines=TEN))
            await until_there(one, "ready")
            one.kill()
            await running


def started(workspace: Path) -> list[int]:
    return [int(path.name.removeprefix("ready")) for path in workspace.glob("ready*")]


def parents(pid: int) -> list[str]:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return [line.split()[1] for line in status.splitlines() if line.startswith("PPid:")]


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
