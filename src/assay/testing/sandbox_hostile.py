"""Checks of what a hostile program can do to its limits, to the machine and to the record: nothing."""

from __future__ import annotations

import signal
import time

from assay.sandboxes.base import WORKSPACE, Deadlines, Exit, Limits
from assay.testing.sandbox_bench import Bench, is_there, printed

MEGA = 1 << 20
FEW = Limits(memory_bytes=300 * MEGA, processes=64, disk_bytes=64 * MEGA, file_bytes=32 * MEGA, inodes=2000)


async def processes_are_counted(bench: Bench) -> None:
    """A gentle probe, to be run before any bomb: the limit binds, and binds near its number."""
    code = (
        "import os, time\nborn = refused = 0\nfor _ in range(150):\n  try:\n"
        "    if os.fork() == 0: time.sleep(60); os._exit(0)\n    born += 1\n"
        "  except OSError: refused += 1\nprint(born, refused)"
    )
    async with bench.open(limits=FEW) as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.exit_code == 0, printed(sandbox, 2)
        born, refused = map(int, printed(sandbox).split())
    assert 55 <= born <= 64, born
    assert refused == 150 - born
    assert record.children_left == born


async def fork_bomb_is_a_timeout(bench: Bench) -> None:
    """It ends as this run's outcome, on time, and leaves no process."""
    # Without the limit this would take the machine down: look before lighting it.
    await processes_are_counted(bench)
    code = (
        "import os, signal\nfor number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n  try: os.fork()\n  except OSError: pass"
    )
    async with bench.open(limits=FEW) as sandbox:
        begun = time.monotonic()
        record = await bench.python_in(sandbox, code, Deadlines(1.0, 0.2, 0.2))
        assert record.reason is Exit.TIMEOUT
        assert time.monotonic() - begun < 8
        assert record.last_signal == signal.SIGKILL
        after = await bench.python_in(sandbox, "print('well')")
        assert (after.exit_code, printed(sandbox)) == (0, "well\n")


async def memory_eater_is_stopped(bench: Bench) -> None:
    """One process, many small ones, and memory that no process maps: all are counted."""
    greedy = "data = []\nwhile True: data.append(bytearray(10_000_000))"
    flock = (
        "import os, time\nfor _ in range(20):\n  if os.fork() == 0:\n    data = bytearray(os.urandom(1)) * 30_000_000; "
        "time.sleep(60)\ntime.sleep(60)"
    )
    async with bench.open(limits=FEW) as sandbox:
        for code in (greedy, flock):
            record = await bench.python_in(sandbox, code)
            assert record.reason is Exit.MEMORY, record
            assert record.max_memory_bytes is not None
            assert record.max_memory_bytes > FEW.memory_bytes


async def memory_without_a_process_is_counted(bench: Bench) -> None:
    """Files in memory: temporary folders that are full, and anonymous files that nobody maps."""
    hidden = (
        "import os, time\nfiles = []\nwhile True:\n  files.append(os.memfd_create('x'))\n"
        "  os.write(files[-1], bytes(10_000_000)); time.sleep(0.01)"
    )
    async with bench.open(limits=FEW) as sandbox:
        record = await bench.python_in(sandbox, hidden)
        assert record.reason is Exit.MEMORY, record
        fill = "import itertools\nfor n in itertools.count(): open(f'/tmp/{n}', 'wb').write(bytes(1_000_000))"
        record = await bench.python_in(sandbox, fill)
        assert (record.reason, record.exit_code) == (Exit.EXITED, 1), record
        assert "No space left" in printed(sandbox, 2)


async def big_file_is_stopped(bench: Bench) -> None:
    """10 GB into one file ends at the limit, for those who see the error and those who only get the signal."""
    rude = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    code = "f = open('big', 'wb', buffering=0)\nfor _ in range(10_000): f.write(bytes(1_000_000))"
    async with bench.open(limits=FEW) as sandbox:
        polite = await bench.python_in(sandbox, code)
        assert polite.exit_code == 1 or polite.reason is Exit.DISK
        assert (await bench.python_in(sandbox, rude + code)).reason is Exit.DISK
        changes = await sandbox.snapshot(bench.folder / "seal")
    assert all((change.size or 0) <= FEW.file_bytes for change in changes)


async def full_disk_is_stopped(bench: Bench) -> None:
    """Many files, many bytes, names without number, and bytes without a name."""
    bytes_in_files = "import itertools\nfor n in itertools.count(): open(f'f{n}', 'wb').write(bytes(5_000_000))"
    names = "import itertools\nfor n in itertools.count(): open(f'n{n}', 'w').close()"
    unlinked = (
        "import os, time\nfiles = []\nwhile True:\n  files.append(open('x', 'wb')); os.unlink('x')\n"
        "  files[-1].write(bytes(10_000_000)); time.sleep(0.02)"
    )
    closed = (
        "import os, itertools, time\nos.mkdir('d'); os.chdir('d'); os.chmod('.', 0o300)\n"
        "for n in itertools.count(): open(f'f{n}', 'wb').write(bytes(5_000_000)); time.sleep(0.02)"
    )
    for code in (bytes_in_files, names, unlinked, closed):
        async with bench.open(limits=FEW) as sandbox:
            record = await bench.python_in(sandbox, code)
            assert record.reason is Exit.DISK, (code, record)


async def endless_output_is_a_timeout(bench: Bench) -> None:
    """Gigabytes of print neither fill the disk nor hold up the end."""
    async with bench.open(limits=Limits(output_bytes=MEGA)) as sandbox:
        begun = time.monotonic()
        record = await bench.python_in(
            sandbox, "import os\nwhile True: os.write(1, b'y\\n' * 30_000)", Deadlines(1.5, 0.2, 0.2)
        )
        assert record.reason is Exit.TIMEOUT
        assert time.monotonic() - begun < 6
        assert sandbox.output().stat().st_size <= MEGA
    assert record.output_truncated
    assert record.output_bytes > 20 * MEGA


async def cpu_is_counted(bench: Bench) -> None:
    """The limit is for the whole tree, not for each process."""
    code = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
    async with bench.open(limits=Limits(cpu_s=0.8, processes=64)) as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.reason is Exit.CPU, record


async def late_work_is_not_done(bench: Bench) -> None:
    """A program that ignores every polite signal, and its detached child, write nothing after the deadline."""
    code = (
        "import os, signal, time\nfor number in range(1, 32):\n  try: signal.signal(number, signal.SIG_IGN)\n"
        "  except OSError: pass\nopen('early', 'w').close()\nif os.fork() == 0: os.setsid()\n"
        "time.sleep(1.5); open('answer', 'w').close()"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code, Deadlines(0.5, 0.2, 0.2))
        assert (record.reason, record.last_signal) == (Exit.TIMEOUT, signal.SIGKILL)
        time.sleep(1.2)  # noqa: ASYNC251  # nothing else may happen meanwhile
        assert await is_there(sandbox, "early")
        assert not await is_there(sandbox, "answer")


async def work_in_the_grace_does_not_count(bench: Bench) -> None:
    """After the deadline a program may tidy up, but a snapshot shows the workspace as it stood at the deadline."""
    code = (
        "import signal, sys, time\n"
        "def late(*_):\n  open('answer', 'w').close(); open('early', 'a').write('more'); sys.exit(0)\n"
        "signal.signal(signal.SIGINT, late)\nopen('early', 'w').write('x')\ntime.sleep(30)"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code, Deadlines(2.0, 5.0, 5.0))
        assert (record.reason, record.exit_code) == (Exit.TIMEOUT, 0)
        assert await is_there(sandbox, "answer"), "it had its grace"
        changes = {change.path: change for change in await sandbox.snapshot(bench.scratch.parent / "sealed")}
        assert changes.keys() == {"early"}
        assert changes["early"].size == 1
        await sandbox.run(["true"], deadlines=Deadlines(10.0))
        later = {change.path for change in await sandbox.snapshot(bench.scratch.parent / "sealed-later")}
        assert later == {"early", "answer"}, "a run that ends in time is sealed as it stands"


async def odd_files_do_no_harm(bench: Bench) -> None:
    """Names that are not text, closed modes, loops of links, a tree without a bottom: sealed, then removed."""
    code = (
        "import os\nopen(b'\\xff\\xfe', 'w').close(); open('new\\nline', 'w').close(); open('-rf', 'w').close()\n"
        "os.symlink('loop', 'loop'); os.symlink('/', 'root'); os.mkdir('closed'); open('closed/in', 'w').write('x')\n"
        "os.chmod('closed/in', 0); os.chmod('closed', 0)\n"
        "for _ in range(1200): os.mkdir('d'); os.chdir('d')\nopen('bottom', 'w').close()"
    )
    bench.scratch.mkdir()
    async with bench.open(limits=Limits(inodes=10_000)) as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.exit_code == 0 or record.reason is Exit.DISK, printed(sandbox, 2)
        changes = {change.path: change for change in await sandbox.snapshot(bench.folder / "seal")}
        assert {"\\xff\\xfe", "new\nline", "-rf", "loop", "root", "closed", "closed/in", "d"} <= set(changes)
        assert changes["closed/in"].mode == 0
        assert changes["closed/in"].sha256 is not None
        assert await sandbox.read(f"{WORKSPACE}/closed/in") == b"x"
    assert not list(bench.scratch.iterdir())


LIMIT_CHECKS = (
    big_file_is_stopped,
    full_disk_is_stopped,
    endless_output_is_a_timeout,
    cpu_is_counted,
    late_work_is_not_done,
    work_in_the_grace_does_not_count,
    odd_files_do_no_harm,
)
MEMORY_CHECKS = (memory_eater_is_stopped,)
PROCESS_CHECKS = (processes_are_counted, fork_bomb_is_a_timeout)
