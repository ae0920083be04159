"""Checks of what happens to programs: how they start, print, end, and what of them is sealed."""

from __future__ import annotations

import asyncio
import json
import signal
import tarfile
import time

from assay.sandboxes.base import HOME, WORKSPACE, Deadlines, Exit, ExitRecord, Limits, Sandbox
from assay.testing.sandbox_bench import LONG, Bench, is_there, printed, until_there

SHORT = Deadlines(0.5, 0.3, 0.3)
SLEEP = "import time; open('ready', 'w').close(); time.sleep(60)"


async def ends_are_told_apart(bench: Bench) -> None:
    """Exit codes, a signal, and a program that does not exist, which is no fault of the machine."""
    async with bench.open() as sandbox:
        for code in (0, 3, 255):
            record = await bench.python_in(sandbox, f"raise SystemExit({code})")
            assert (record.reason, record.exit_code, record.signal) == (Exit.EXITED, code, None)
        record = await bench.python_in(sandbox, "import os; os.kill(os.getpid(), 11)")
        assert (record.reason, record.exit_code, record.signal) == (Exit.SIGNALLED, None, signal.SIGSEGV)
        record = await sandbox.run(["no-such-program-at-all"], deadlines=LONG)
        assert (record.reason, record.exit_code) == (Exit.EXITED, 127)


async def environment_is_as_given(bench: Bench) -> None:
    """Variables, HOME, working folder; nothing of the driver's environment; no input."""
    code = "import os, sys; print(os.environ['GIVEN'], os.path.basename(os.getcwd()), repr(sys.stdin.read()))"
    async with bench.open(bench.start(sub__file="")) as sandbox:
        argv = [bench.python, "-c", code + "; print(*sorted(os.environ)); print(os.listdir(os.environ['HOME']))"]
        record = await sandbox.run(argv, env={"GIVEN": "a b=c\n"}, deadlines=LONG, cwd=f"{WORKSPACE}/sub")
        assert record.exit_code == 0, printed(sandbox, 2)
        first, _, second = printed(sandbox).partition("\n sub ")
        assert first == "a b=c"
        assert second.splitlines()[0] == "''"
        assert "PYTEST_CURRENT_TEST" not in second
        assert second.splitlines()[-1] == "[]"


async def runs_share_the_workspace(bench: Bench) -> None:
    """A later run sees the files of an earlier one, HOME included, and none of its processes."""
    async with bench.open() as sandbox:
        await bench.python_in(
            sandbox, "import os; open('a', 'w').close(); open(os.environ['HOME'] + '/b', 'w').close()"
        )
        record = await bench.python_in(sandbox, "import os; os.stat('a'); os.stat(os.environ['HOME'] + '/b')")
        assert record.exit_code == 0
        assert await sandbox.read(f"{HOME}/b") == b""


async def output_is_what_was_printed(bench: Bench) -> None:
    """Both descriptors, in order, with times that grow; bytes that are not text do no harm."""
    code = (
        "import os, sys, time\n"
        "os.write(1, b'one\\ntwo '); os.write(2, b'complaint\\n'); time.sleep(0.2)\n"
        "os.write(1, b'\\xff\\xfe \\xc3\\xa9\\n' + b'x' * 200000 + b'end')"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        lines = [json.loads(line) for line in sandbox.output().read_text(encoding="utf-8").splitlines()]
        assert printed(sandbox) == "one\ntwo \ufffd\ufffd é\n" + "x" * 200000 + "end"
        assert printed(sandbox, 2) == "complaint\n"
    assert record.output_bytes == len(b"one\ntwo \xff\xfe \xc3\xa9\n") + 200000 + 3 + len("complaint\n")
    assert not record.output_truncated
    times = [line["t"] for line in lines if line["fd"] == 1]
    assert times == sorted(times)
    assert times[-1] - times[0] > 0.15


async def output_is_capped(bench: Bench) -> None:
    """The file stays below the cap, the program is not stopped, the record says both."""
    async with bench.open(limits=Limits(output_bytes=100_000)) as sandbox:
        record = await bench.python_in(sandbox, "for _ in range(200): print('x' * 49_999)")
        assert sandbox.output().stat().st_size <= 100_000
    assert (record.reason, record.exit_code) == (Exit.EXITED, 0)
    assert record.output_truncated
    assert record.output_bytes == 200 * 50_000


async def usage_is_measured(bench: Bench) -> None:
    """Wall, CPU of the whole tree, and memory."""
    code = (
        "import os, time\nif os.fork() == 0:\n  data = bytearray(80 << 20); end = time.process_time() + 0.4\n"
        "  while time.process_time() < end: pass\n  os._exit(0)\nos.wait()"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
    assert record.user_s is not None
    assert record.system_s is not None
    assert record.max_memory_bytes is not None
    assert 0.35 < record.user_s + record.system_s < 5
    assert record.wall_s >= 0.35
    assert 80 << 20 < record.max_memory_bytes < 200 << 20


async def snapshot_is_exact(bench: Bench) -> None:
    """A, M, D and T; modes, links, folders and special files; ``.git`` apart; the archive holds the content."""
    code = (
        "import os, socket\n"
        "open('changed', 'a').write('!'); os.remove('removed'); os.remove('retyped'); os.mkdir('retyped')\n"
        "open('retyped/inner', 'w').write('i'); os.symlink('../../etc/passwd', 'link'); os.chmod('mode', 0o755)\n"
        "os.mkfifo('fifo'); s = socket.socket(socket.AF_UNIX); s.bind('socket')\n"
        "os.mkdir('.git'); open('.git/config', 'w').close(); os.mkdir('empty')\n"
        "os.utime('same'); os.rename('moved', 'elsewhere')"
    )
    start = bench.start(changed="c", removed="r", retyped="t", mode="m", same="s", moved="v")
    (start / "mode").chmod(0o644)
    async with bench.open(start) as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.exit_code == 0, printed(sandbox, 2)
        changes = {change.path: change for change in await sandbox.snapshot(bench.folder / "seal")}
    assert {path: (change.change, change.kind) for path, change in changes.items()} == {
        "changed": ("M", "file"),
        "removed": ("D", "file"),
        "retyped": ("T", "dir"),
        "retyped/inner": ("A", "file"),
        "link": ("A", "link"),
        "mode": ("M", "file"),
        "fifo": ("A", "other"),
        "socket": ("A", "other"),
        "empty": ("A", "dir"),
        "moved": ("D", "file"),
        "elsewhere": ("A", "file"),
    }
    assert changes["mode"].mode == 0o755
    with tarfile.open(bench.folder / "seal" / "workspace.tar") as tar:
        members = {member.name: member for member in tar}
        content = tar.extractfile("changed")
        assert content is not None
        assert content.read() == b"c!"
    assert set(members) == {"changed", "retyped", "retyped/inner", "link", "mode", "empty", "elsewhere"}
    assert members["link"].issym()
    assert members["link"].linkname == "../../etc/passwd"


async def links_are_not_followed(bench: Bench) -> None:
    """Neither ``read`` nor ``write`` leaves the workspace through a link that a program has left."""
    outside = bench.folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret", encoding="utf-8")
    code = f"import os; os.symlink({str(outside)!r}, 'folder'); os.symlink({str(outside / 'secret')!r}, 'file')"
    async with bench.open() as sandbox:
        await bench.python_in(sandbox, code)
        assert not await is_there(sandbox, "file")
        assert not await is_there(sandbox, "folder/secret")
        await sandbox.write(f"{WORKSPACE}/file", b"mine")
        assert await sandbox.read(f"{WORKSPACE}/file") == b"mine"
        try:
            await sandbox.write(f"{WORKSPACE}/folder/secret", b"mine")
        except OSError:
            pass
        else:
            raise AssertionError("a link was followed")
    assert (outside / "secret").read_text(encoding="utf-8") == "secret"


async def collecting_follows_no_link(bench: Bench) -> None:
    """Links, pipes and closed folders in HOME bring out nothing of the host, and stop nothing."""
    outside = bench.folder / "outside"
    outside.mkdir()
    (outside / "secret.log").write_text("secret", encoding="utf-8")
    code = (
        "import os; os.chdir(os.environ['HOME'])\n"
        f"os.symlink({str(outside)!r}, 'folder'); os.symlink({str(outside / 'secret.log')!r}, 'file.log')\n"
        "os.mkfifo('fifo.log'); os.makedirs('closed'); open('closed/mine.log', 'w').write('mine')\n"
        "os.chmod('closed/mine.log', 0); os.chmod('closed', 0)\n"
        "open(b'odd\\xff.log', 'w').close(); open('hole.log', 'w').truncate(1 << 40)"
    )
    into = bench.folder / "kept"
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.exit_code in {0, 1}, printed(sandbox, 2)  # a file limit may refuse the hole
        left_out = await sandbox.collect(("**/*.log",), into, limit_bytes=1 << 20)
    assert set(left_out) <= {"hole.log"}
    assert (into / "closed" / "mine.log").read_text(encoding="utf-8") == "mine"
    assert {path.name for path in into.rglob("*.log")} - {"hole.log"} == {"mine.log", "odd\\xff.log"}


async def ladder_is_climbed(bench: Bench) -> None:
    """INT ends most; TERM those that ignore it; KILL the rest. Each is a timeout."""
    ignore = "import signal; signal.signal(signal.{}, signal.SIG_IGN)\n"
    rungs = {
        signal.SIGINT: SLEEP,
        signal.SIGTERM: ignore.format("SIGINT") + SLEEP,
        signal.SIGKILL: ignore.format("SIGINT") + ignore.format("SIGTERM") + SLEEP,
    }
    async with bench.open() as sandbox:
        for rung, code in rungs.items():
            record = await bench.python_in(sandbox, code, SHORT)
            assert (record.reason, record.last_signal) == (Exit.TIMEOUT, rung), record
            assert record.wall_s < 3


async def last_words_are_heard(bench: Bench) -> None:
    """A program that ends properly on INT can write and print before it goes; it is a timeout all the same."""
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n  print('flushed'); open('summary', 'w').close(); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, end); time.sleep(60)"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code, SHORT)
        assert (record.reason, record.exit_code) == (Exit.TIMEOUT, 0)
        assert printed(sandbox) == "flushed\n"
        assert await is_there(sandbox, "summary")


async def stopping_is_an_early_deadline(bench: Bench) -> None:
    """INT, TERM, KILL; last words are heard; the workspace counts as it stood; the next run is as any other."""
    last_words = (
        "import signal, sys, time\n"
        "def end(*_):\n  print('flushed'); open('late', 'w').close(); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, end); open('ready', 'w').close(); time.sleep(60)"
    )
    deaf = "import signal\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\n" + SLEEP.replace("ready", "deaf")
    async with bench.open() as sandbox:
        sandbox.stop("nothing runs yet")
        record = await _stopped(bench, sandbox, last_words)
        assert (record.reason, record.exit_code, record.detail) == (Exit.STOPPED, 0, "enough")
        assert (record.last_signal, printed(sandbox)) == (signal.SIGINT, "flushed\n")
        assert await is_there(sandbox, "late")
        assert {change.path for change in await sandbox.snapshot(bench.folder / "seal")} == {"ready"}
        record = await _stopped(bench, sandbox, deaf, ready="deaf")
        assert (record.reason, record.last_signal) == (Exit.STOPPED, signal.SIGKILL)
        assert record.wall_s < 5
        record = await bench.python_in(sandbox, "print('again')")
        assert (record.reason, record.detail) == (Exit.EXITED, None)


async def _stopped(bench: Bench, sandbox: Sandbox, code: str, ready: str = "ready") -> ExitRecord:
    """Run until it is ready, and stop it twice."""
    running = asyncio.create_task(bench.python_in(sandbox, code, Deadlines(30.0, 0.3, 0.3)))
    await until_there(sandbox, ready)
    sandbox.stop("enough")
    sandbox.stop("too late")
    return await running


async def stop_and_kill_are_apart(bench: Bench) -> None:
    """A kill after a stop ends at once; a stop after the deadline leaves it a timeout."""
    deaf = "import signal\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\n" + SLEEP
    async with bench.open() as sandbox:
        running = asyncio.create_task(bench.python_in(sandbox, deaf, Deadlines(0.2, 0.8, 0.1)))
        await asyncio.sleep(0.7)
        sandbox.stop("after the deadline")
        assert (await running).reason is Exit.TIMEOUT
    async with bench.open() as sandbox:
        running = asyncio.create_task(bench.python_in(sandbox, deaf, Deadlines(30.0, 20.0, 20.0)))
        await until_there(sandbox, "ready")
        sandbox.stop("enough")
        sandbox.kill()
        assert (await running).reason is Exit.KILLED


async def daemons_die(bench: Bench) -> None:
    """A child that has left the session and been orphaned is dead when the record is there."""
    code = (
        "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
        "    open('ready', 'w').close(); time.sleep(0.7); open('late', 'w').close()\n  os._exit(0)\n"
        "while not os.path.exists('ready'): time.sleep(0.01)"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert (record.reason, record.exit_code, record.children_left) == (Exit.EXITED, 0, 1)
        await asyncio.sleep(1.0)
        assert not await is_there(sandbox, "late")


async def kill_ends_a_run(bench: Bench) -> None:
    """From outside, at once, for a program that ignores everything; twice is fine."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
    async with bench.open() as sandbox:
        running = asyncio.create_task(bench.python_in(sandbox, code))
        await until_there(sandbox, "ready")
        begun = time.monotonic()
        sandbox.kill()
        sandbox.kill()
        record = await running
        assert time.monotonic() - begun < 2
        assert record.reason is Exit.KILLED
        assert record.exit_code is None


async def cancelling_ends_a_run(bench: Bench) -> None:
    """A cancelled run leaves nothing alive, and the sandbox can still be sealed and left."""
    code = "import time\nfor n in range(9999): open('beat', 'w').write(str(n)); time.sleep(0.01)"
    async with bench.open() as sandbox:
        running = asyncio.create_task(bench.python_in(sandbox, code))
        await until_there(sandbox, "beat")
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()
        beat = await sandbox.read(f"{WORKSPACE}/beat")
        await asyncio.sleep(0.2)
        assert await sandbox.read(f"{WORKSPACE}/beat") == beat
        await sandbox.snapshot(bench.folder / "seal")


PROGRAM_CHECKS = (
    ends_are_told_apart,
    environment_is_as_given,
    runs_share_the_workspace,
    output_is_what_was_printed,
    output_is_capped,
    usage_is_measured,
    snapshot_is_exact,
    links_are_not_followed,
    collecting_follows_no_link,
    ladder_is_climbed,
    last_words_are_heard,
    stopping_is_an_early_deadline,
    stop_and_kill_are_apart,
    daemons_die,
    kill_ends_a_run,
    cancelling_ends_a_run,
)
