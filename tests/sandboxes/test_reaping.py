"""``kill -9`` of a driver: nothing survives, and the next driver empties scratch."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.sandboxes.base import SandboxKind, SandboxSpec
from assay.sandboxes.box import OWNER, elsewhere, remove_tree
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.unsafe_host import UnsafeHostKind

DRIVER = """
import asyncio, sys
from pathlib import Path
from assay.sandboxes.base import Deadlines, SandboxSpec
from assay.sandboxes.kinds import sandbox_kind

BEAT = '''
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
open(f"ready-{os.fork() > 0}", "w").close()
time.sleep(60)
'''

async def one(label):
    async with sandbox_kind(sys.argv[1]).open(SandboxSpec(label, None, Path(sys.argv[2]))) as sandbox:
        await sandbox.run(["/usr/bin/env", "python3", "-c", BEAT], deadlines=Deadlines(60))

async def main():
    await asyncio.gather(*(one(f"attempt-{n}") for n in range(3)))

asyncio.run(main())
"""


@pytest.fixture(params=["bubblewrap", "unsafe-host"])
def kind(request: pytest.FixtureRequest) -> SandboxKind:
    if request.param == "bubblewrap":
        made: SandboxKind = request.getfixturevalue("bubblewrap")
        return made
    return UnsafeHostKind()


@pytest.fixture
def driver(kind: SandboxKind, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A driver with three sandboxes whose commands run."""
    with subprocess.Popen([sys.executable, "-c", DRIVER, kind.name, str(tmp_path)], start_new_session=True) as process:
        deadline = time.monotonic() + 20
        while len(list(folders(tmp_path))) < 3 or any(not ready(folder) for folder in folders(tmp_path)):
            assert time.monotonic() < deadline, "the driver never came up"
            assert process.poll() is None
            time.sleep(0.02)
        yield process
        process.kill()


def folders(scratch: Path) -> Iterator[Path]:
    for owner in scratch.glob(f"box-*/{OWNER}"):
        try:
            yield Path(json.loads(owner.read_text(encoding="utf-8"))["folder"])
        except (ValueError, FileNotFoundError):
            continue


def ready(folder: Path) -> bool:
    return len(list((folder / "workspace").glob("ready-*"))) == 2


def survivors(tokens: set[str]) -> list[int]:
    """Processes whose command line, environment or working folder belongs to one of the sandboxes."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = (
                (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes() + bytes((entry / "cwd").readlink())
            )
            mounts = (entry / "mountinfo").read_bytes()
        except OSError:
            continue
        if any(token.encode() in told + mounts for token in tokens):
            found.append(int(entry.name))
    return found


def test_nothing_survives_the_driver(kind: SandboxKind, driver: subprocess.Popen[bytes], tmp_path: Path) -> None:
    places = set(folders(tmp_path))
    tokens = {path.parent.name for path in tmp_path.glob(f"box-*/{OWNER}")}
    assert len(survivors(tokens)) >= 9
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    deadline = time.monotonic() + 5
    while survivors(tokens):
        assert time.monotonic() < deadline, "processes outlived the driver"
        time.sleep(0.02)
    assert kind.reap(tmp_path, frozenset({"attempt-1"})) != ()
    assert [json.loads(p.read_text(encoding="utf-8"))["label"] for p in tmp_path.glob(f"box-*/{OWNER}")] == [
        "attempt-1"
    ]
    assert kind.reap(tmp_path, frozenset()) == ("attempt-1",)
    assert list(tmp_path.iterdir()) == []
    assert not any(place.exists() for place in places)
    assert kind.reap(tmp_path, frozenset()) == ()


def test_a_running_driver_is_left_alone(kind: SandboxKind, driver: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert kind.reap(tmp_path, frozenset()) == ()
    assert len(list(folders(tmp_path))) == 3
    assert driver.poll() is None


def test_a_reused_process_id_is_not_the_driver(
    kind: SandboxKind, driver: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """The record names a process that runs, but that began at another time: the sandboxes are killed."""
    for owner in tmp_path.glob(f"box-*/{OWNER}"):
        record = json.loads(owner.read_text(encoding="utf-8"))
        owner.write_text(json.dumps({**record, "started": record["started"] - 1}), encoding="utf-8")
    tokens = {path.parent.name for path in tmp_path.glob(f"box-*/{OWNER}")}
    assert sorted(kind.reap(tmp_path, frozenset())) == ["attempt-0", "attempt-1", "attempt-2"]
    deadline = time.monotonic() + 5
    while survivors(tokens):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []


async def test_kept_sandboxes_are_kept(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    async with bubblewrap.open(SandboxSpec("kept", None, tmp_path, keep=True)) as sandbox:
        folder = sandbox.box.folder
        await sandbox.write("/workspace/look", b"here")
    assert bubblewrap.reap(tmp_path, frozenset()) == ()
    assert (folder / "workspace" / "look").read_bytes() == b"here"
    remove_tree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes may lie outside scratch")
async def test_what_lies_elsewhere_goes_with_its_run_folder(bubblewrap: BubblewrapKind, tmp_path: Path) -> None:
    """pytest's folders are closed to other users, so the sandbox lies in the system's temporary folder."""
    scratch = tmp_path / "scratch"
    async with bubblewrap.open(SandboxSpec("kept", None, scratch, keep=True)) as sandbox:
        folder = sandbox.box.folder
    assert not folder.is_relative_to(tmp_path)
    owner = json.loads((folder / OWNER).read_text(encoding="utf-8"))
    assert owner["record"] == str(sandbox_record(scratch))
    bubblewrap.reap(tmp_path / "another", frozenset())
    assert folder.is_dir(), "kept while its run folder is there"
    remove_tree(scratch)
    bubblewrap.reap(tmp_path / "another", frozenset())
    assert folder.is_dir(), "this driver still runs"
    (folder / OWNER).write_text(json.dumps({**owner, "started": 1}), encoding="utf-8")
    bubblewrap.reap(tmp_path / "another", frozenset())
    assert not folder.exists()


def sandbox_record(scratch: Path) -> Path:
    (record,) = scratch.iterdir()
    return record


def test_an_unreadable_record_is_reaped(tmp_path: Path) -> None:
    (tmp_path / "box-0123456789abcdef" / "workspace").mkdir(parents=True)
    (tmp_path / "box-0123456789abcdef" / OWNER).write_text("{", encoding="utf-8")
    assert UnsafeHostKind().reap(tmp_path, frozenset()) == ("box-0123456789abcdef",)
    assert list(tmp_path.iterdir()) == []


def test_a_forged_record_removes_nothing_else(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    scratch = tmp_path / "scratch"
    (scratch / "box-0123456789abcdef").mkdir(parents=True)
    record = {"label": "x", "folder": str(precious), "pid": 1, "started": 0, "boot": ""}
    (scratch / "box-0123456789abcdef" / OWNER).write_text(json.dumps(record), encoding="utf-8")
    UnsafeHostKind().reap(scratch, frozenset())
    assert precious.is_dir()
    assert list(scratch.iterdir()) == []


def test_a_folder_of_a_driver_that_died_at_once_is_reaped_when_old(tmp_path: Path) -> None:
    record = tmp_path / "box-0123456789abcdef"
    record.mkdir()
    assert UnsafeHostKind().reap(tmp_path, frozenset()) == ()
    os.utime(record, (1, 1))
    assert UnsafeHostKind().reap(tmp_path, frozenset()) == (record.name,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes may lie outside scratch")
def test_a_nameless_folder_elsewhere_is_swept_when_old(tmp_path: Path) -> None:
    folder = elsewhere("box-00000000000000ff")
    folder.mkdir()
    UnsafeHostKind().reap(tmp_path, frozenset())
    assert folder.is_dir(), "it may have only just been made"
    os.utime(folder, (1, 1))
    UnsafeHostKind().reap(tmp_path, frozenset())
    assert not folder.exists()


def test_a_folder_that_somebody_else_has_just_removed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "box-0123456789abcdef"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))
    assert UnsafeHostKind().reap(tmp_path, frozenset()) == ()
