import asyncio
from pathlib import Path

import pytest

from assay.sandboxes.base import Deadlines, Exit, ExitRecord, SandboxSpec
from assay.sandboxes.memory import MemorySandboxKind, ScriptedRun
from assay.testing.sandbox_bench import printed

TEN = Deadlines(10)


async def test_a_script_decides_what_a_run_does(tmp_path: Path) -> None:
    async def script(run: ScriptedRun) -> int:
        assert run.argv == ("agent", "--go")
        assert run.env == {"A": "1"}
        run.files["/workspace/answer"] = b"42"
        run.print("working\n")
        run.print("oh", fd=2)
        return 3

    kind = MemorySandboxKind(script)
    async with kind.open(SandboxSpec("a", None, tmp_path)) as sandbox:
        record = await sandbox.run(["agent", "--go"], env={"A": "1"}, deadlines=TEN)
        assert (record.reason, record.exit_code) == (Exit.EXITED, 3)
        assert (printed(sandbox), printed(sandbox, 2)) == ("working\n", "oh")
        assert await sandbox.read("/workspace/answer") == b"42"
        (change,) = await sandbox.snapshot(tmp_path / "seal")
        assert (change.path, change.change, change.size) == ("answer", "A", 2)
    assert [one.spec.label for one in kind.opened] == ["a"]


async def test_a_script_may_return_any_end(tmp_path: Path) -> None:
    async def script(run: ScriptedRun) -> ExitRecord:
        return ExitRecord(Exit.MEMORY, last_signal=9, detail="scripted")

    async with MemorySandboxKind(script).open(SandboxSpec("a", None, tmp_path)) as sandbox:
        assert (await sandbox.run(["x"], deadlines=TEN)).reason is Exit.MEMORY


async def test_a_script_is_held_to_its_deadlines(tmp_path: Path) -> None:
    async def script(run: ScriptedRun) -> int:
        await asyncio.sleep(60)
        run.files["/workspace/late"] = b""
        return 0

    async with MemorySandboxKind(script).open(SandboxSpec("a", None, tmp_path)) as sandbox:
        record = await sandbox.run(["x"], deadlines=Deadlines(0.05, 0.01, 0.01))
        assert (record.reason, record.last_signal) == (Exit.TIMEOUT, 9)
        assert sandbox.files == {}


async def test_a_kill_ends_a_script(tmp_path: Path) -> None:
    async def script(run: ScriptedRun) -> int:
        await asyncio.sleep(60)
        return 0

    async with MemorySandboxKind(script).open(SandboxSpec("a", None, tmp_path)) as sandbox:
        running = asyncio.create_task(sandbox.run(["x"], deadlines=TEN))
        await asyncio.sleep(0.05)
        sandbox.kill()
        assert (await running).reason is Exit.KILLED


async def test_a_broken_script_is_the_tests_own_error(tmp_path: Path) -> None:
    async def script(run: ScriptedRun) -> int:
        raise KeyError("on purpose")

    async with MemorySandboxKind(script).open(SandboxSpec("a", None, tmp_path)) as sandbox:
        with pytest.raises(KeyError, match="on purpose"):
            await sandbox.run(["x"], deadlines=TEN)
