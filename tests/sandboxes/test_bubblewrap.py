import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import InternalError, SandboxError
from assay.sandboxes.base import Deadlines, Exit, Limits, Mount, SandboxSpec
from assay.sandboxes.bubblewrap import BubblewrapKind, BubblewrapSandbox
from assay.testing.sandbox_bench import printed, until_there

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs sandboxes under another user id")
TEN = Deadlines(10)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def spec(scratch: Path, **fields: object) -> SandboxSpec:
    return SandboxSpec(**{"label": "test", "start": None, "scratch": scratch, **fields})  # type: ignore[arg-type]


async def listing(sandbox: BubblewrapSandbox, path: str) -> str:
    record = await sandbox.run(["cat", path], deadlines=TEN)
    return printed(sandbox) if record.exit_code == 0 else f"refused: {printed(sandbox, 2)}"


@as_root
async def test_every_sandbox_of_root_has_its_own_user(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    async with bubblewrap.open(spec(tmp_path)) as one, bubblewrap.open(spec(tmp_path)) as two:
        assert one.box.uid is not None
        assert two.box.uid is not None
        assert len({0, one.box.uid, two.box.uid}) == 3
        assert one.box.workspace.stat().st_uid == one.box.uid
        running = asyncio.create_task(
            one.run(["python3", "-c", "open('ready', 'w').close()\nimport time; time.sleep(9)"], deadlines=TEN)
        )
        await until_there(one, "ready")
        owners = owners_of(one.box.token)
        one.kill()
        await running
        assert owners == {one.box.uid}


@as_root
async def test_scratch_below_a_closed_folder_is_replaced(bubblewrap: BubblewrapKind, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    async with bubblewrap.open(spec(closed / "scratch")) as sandbox:
        assert not sandbox.box.folder.is_relative_to(closed)
        assert sandbox.box.record.is_relative_to(closed)
        folder = sandbox.box.folder
        assert (await sandbox.run(["touch", "here"], deadlines=TEN)).exit_code == 0
    assert not folder.exists()
    async with bubblewrap.open(spec(open_folder / "scratch")) as sandbox:
        assert sandbox.box.folder.is_relative_to(open_folder)


async def test_mounts_are_shown_read_only(bubblewrap: BubblewrapKind, open_folder: Path) -> None:
    tests = open_folder / "tests"
    tests.mkdir()
    (tests / "hidden.py").write_text("hidden", encoding="utf-8")
    async with bubblewrap.open(spec(open_folder / "scratch", mounts=(Mount(tests, "/opt/tests"),))) as sandbox:
        assert await listing(sandbox, "/opt/tests/hidden.py") == "hidden"
        assert (await sandbox.run(["touch", "/opt/tests/x"], deadlines=TEN)).exit_code == 1
    assert [path.name for path in tests.iterdir()] == ["hidden.py"]


@as_root
async def test_closed_mounts_are_copied_for_the_sandbox(bubblewrap: BubblewrapKind, open_folder: Path) -> None:
    closed = open_folder / "closed"
    (closed / "tests" / "deep").mkdir(parents=True)
    (closed / "tests" / "deep" / "hidden.py").write_text("hidden", encoding="utf-8")
    (closed / "note.txt").write_text("note", encoding="utf-8")
    closed.chmod(0o700)
    mounts = (Mount(closed / "tests", "/opt/tests"), Mount(closed / "note.txt", "/opt/note.txt"))
    async with bubblewrap.open(spec(open_folder / "scratch", mounts=mounts)) as sandbox:
        assert await listing(sandbox, "/opt/tests/deep/hidden.py") == "hidden"
        assert await listing(sandbox, "/opt/note.txt") == "note"
    with pytest.raises(SandboxError, match="writable mount"):
        async with bubblewrap.open(spec(open_folder / "s", mounts=(Mount(closed / "tests", "/opt/x", writable=True),))):
            pass
    assert not list((open_folder / "s").iterdir())


async def test_a_mount_of_nothing_is_an_error(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="nothing to mount"):
        async with bubblewrap.open(spec(tmp_path, mounts=(Mount(tmp_path / "absent", "/opt/x"),))):
            pass


@as_root
async def test_a_closed_door_folder_stays_closed(bubblewrap: BubblewrapKind, open_folder: Path) -> None:
    private = open_folder / "private"
    private.mkdir(mode=0o700)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"welcome")
        writer.close()

    async with await asyncio.start_unix_server(greet, private / "g.sock"):
        code = "import socket; print(socket.create_connection(('127.0.0.1', 8400)).recv(99).decode())"
        async with bubblewrap.open(spec(open_folder / "scratch", door=private / "g.sock")) as sandbox:
            await sandbox.run(["python3", "-c", code], deadlines=TEN)
            assert printed(sandbox) == "welcome\n", printed(sandbox, 2)
    assert private.stat().st_mode & 0o777 == 0o700


async def test_arguments_and_environment_stay_off_command_lines(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    async with bubblewrap.open(spec(tmp_path)) as sandbox:
        running = asyncio.create_task(
            sandbox.run(
                ["python3", "-c", "open('ready', 'w').close()\nimport time; time.sleep(9)"],
                env={"TOKEN": "a-secret-word"},
                deadlines=TEN,
            )
        )
        await until_there(sandbox, "ready")
        lines = list(with_token(sandbox.box.token).values())
        sandbox.kill()
        await running
    assert len(lines) >= 2
    assert not any(b"a-secret-word" in line for line in lines)


@pytest.mark.parametrize("victim", ["bwrap", "python3"])
async def test_a_murdered_supervisor_is_no_success(victim: str, bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    code = "import time\nfor n in range(900): open('beat', 'w').write(str(n)); time.sleep(0.01)"
    async with bubblewrap.open(spec(tmp_path)) as sandbox:
        running = asyncio.create_task(sandbox.run(["python3", "-c", code], deadlines=TEN))
        await until_there(sandbox, "beat")
        for pid, line in with_token(sandbox.box.token).items():
            if line.split(b"\0")[0].endswith(victim.encode()):
                os.kill(pid, signal.SIGKILL)
        record = await running
        assert (record.reason, record.exit_code, record.signal) == (Exit.KILLED, None, signal.SIGKILL)
        assert "supervisor died" in str(record.detail)
        await asyncio.sleep(0.1)
        beat = await sandbox.read("/workspace/beat")
        await asyncio.sleep(0.1)
        assert await sandbox.read("/workspace/beat") == beat


async def test_a_sandbox_that_cannot_start_is_infrastructure(
    bubblewrap: BubblewrapKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bubblewrap.open(spec(tmp_path / "scratch")) as sandbox:
        monkeypatch.setattr(
            "assay.sandboxes.bubblewrap.bwrap_arguments", lambda *_: ["--ro-bind", "/nowhere-at-all", "/x"]
        )
        record = await sandbox.run(["true"], deadlines=TEN)
    assert record.reason is Exit.NOT_STARTED
    assert "nowhere-at-all" in str(record.detail)


async def test_one_run_at_a_time_and_only_inside_its_context(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    sandbox = bubblewrap.open(spec(tmp_path))
    with pytest.raises(InternalError):
        await sandbox.run(["true"], deadlines=TEN)
    async with sandbox:
        first = asyncio.create_task(sandbox.run(["sleep", "0.5"], deadlines=TEN))
        await asyncio.sleep(0.1)
        with pytest.raises(InternalError):
            await sandbox.run(["true"], deadlines=TEN)
        assert (await first).exit_code == 0


async def test_temporary_folders_are_bounded(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    code = "import os\nfor p in ('/tmp', '/dev/shm'):\n  s = os.statvfs(p); print(s.f_blocks * s.f_frsize)"
    async with bubblewrap.open(spec(tmp_path, limits=Limits(memory_bytes=64 << 20, disk_bytes=8 << 20))) as sandbox:
        await sandbox.run(["python3", "-c", code], deadlines=TEN)
        assert printed(sandbox).split() == [str(8 << 20), str(32 << 20)]


async def test_other_sandboxes_are_another_network(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    serve = (
        "import socket, time\ns = socket.create_server(('127.0.0.1', 7000)); open('ready', 'w').close(); time.sleep(9)"
    )
    async with bubblewrap.open(spec(tmp_path)) as one, bubblewrap.open(spec(tmp_path)) as two:
        running = asyncio.create_task(one.run(["python3", "-c", serve], deadlines=TEN))
        await until_there(one, "ready")
        code = "import socket; socket.create_connection(('127.0.0.1', 7000))"
        record = await two.run(["python3", "-c", code], deadlines=TEN)
        assert "ConnectionRefusedError" in printed(two, 2)
        assert record.exit_code == 1
        one.kill()
        await running


async def test_leaving_with_a_run_in_progress_ends_it(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    async with bubblewrap.open(spec(tmp_path)) as sandbox:
        running = asyncio.create_task(
            sandbox.run(["python3", "-c", "open('ready', 'w').close()\nimport time; time.sleep(9)"], deadlines=TEN)
        )
        await until_there(sandbox, "ready")
        token = sandbox.box.token
    assert with_token(token) == {}
    assert not list(tmp_path.glob("*"))  # noqa: ASYNC240
    assert (await running).reason is Exit.KILLED


class TestProbe:
    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            (None, "apt-get install bubblewrap"),
            ("echo bubblewrap 0.6.1", "0.8.0 or newer"),
            ("[ $1 = --version ] && echo bubblewrap 0.9.0 || { echo denied >&2; exit 1; }", "denied"),
        ],
    )
    def test_what_is_missing_and_the_remedy(
        self, script: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if script is not None:
            (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (tmp_path / "bwrap").chmod(0o755)
        (tmp_path / "setpriv").symlink_to("/usr/bin/setpriv")
        monkeypatch.setenv("PATH", str(tmp_path))
        said = BubblewrapKind().probe()
        assert said is not None
        assert expected in said
        assert "\n" not in said


def owners_of(token: str) -> set[int]:
    return {Path(f"/proc/{pid}").stat().st_uid for pid in with_token(token)}


def with_token(token: str) -> dict[int, bytes]:
    """Command lines, by pid, that carry a sandbox's token: bwrap's and the supervisor's."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except (FileNotFoundError, ProcessLookupError):
            continue
        if token.encode() in line:
            found[int(entry.name)] = line
    return found


def test_the_host_has_a_loopback_that_the_sandbox_must_not_see() -> None:
    """Guards the network checks: they prove something only while the host itself can connect."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        pass


async def test_a_driver_out_of_descriptors_is_infrastructure(
    bubblewrap: BubblewrapKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_name: str) -> int:
        raise OSError(24, "Too many open files")

    async with bubblewrap.open(spec(tmp_path)) as sandbox:
        monkeypatch.setattr(os, "memfd_create", none_left)
        record = await sandbox.run(["true"], deadlines=TEN)
        assert record.reason is Exit.NOT_STARTED
        assert "Too many open files" in str(record.detail)
        monkeypatch.undo()
        assert (await sandbox.run(["true"], deadlines=TEN)).exit_code == 0
