"""Checks of a sandbox's files and life; no program needs to run for them."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

from assay.sandboxes.base import HOME, WORKSPACE, Deadlines, Exit, Sandbox
from assay.testing.sandbox_bench import LONG, Bench


async def start_is_copied(bench: Bench) -> None:
    """The workspace begins as the start; what happens in it never reaches the start."""
    start = bench.start(one="1", deep__two="22")
    async with bench.open(start) as sandbox:
        assert await sandbox.read(f"{WORKSPACE}/deep/two") == b"22"
        await sandbox.write(f"{WORKSPACE}/one", b"changed")
        assert await sandbox.read(f"{WORKSPACE}/one") == b"changed"
    assert (start / "one").read_text(encoding="utf-8") == "1"


async def reading_refuses(bench: Bench) -> None:
    """A missing file, a folder, a path outside and one that climbs are all ``FileNotFoundError``."""
    async with bench.open(bench.start(deep__file="x")) as sandbox:
        for path in ("missing", "deep", "deep/file/x", "../etc/passwd", "deep/../../../etc/passwd"):
            await _refused(sandbox, f"{WORKSPACE}/{path}")
        await _refused(sandbox, "/etc/passwd")
        await _refused(sandbox, WORKSPACE)


async def _refused(sandbox: Sandbox, path: str) -> None:
    try:
        await sandbox.read(path)
    except FileNotFoundError:
        return
    raise AssertionError(f"{path} could be read")


async def reading_is_bounded(bench: Bench) -> None:
    """``limit`` bytes at most are returned."""
    async with bench.open(bench.start(big="x" * 5000)) as sandbox:
        assert await sandbox.read(f"{WORKSPACE}/big", limit=10) == b"x" * 10


async def writing_makes_folders(bench: Bench) -> None:
    """Workspace and HOME can be written, folders included; nothing else can."""
    async with bench.open() as sandbox:
        for path in (f"{WORKSPACE}/a/b/c.txt", f"{HOME}/.config/tool/settings.json"):
            await sandbox.write(path, b"\x00\xff")
            assert await sandbox.read(path) == b"\x00\xff"
        for path in ("/etc/passwd", f"{WORKSPACE}/../etc/passwd", "/usr/bin/env"):
            try:
                await sandbox.write(path, b"")
            except OSError:
                continue
            raise AssertionError(f"{path} could be written")


async def untouched_snapshot_is_empty(bench: Bench) -> None:
    """No change is no change."""
    async with bench.open(bench.start(one="1", deep__two="2")) as sandbox:
        assert await sandbox.snapshot(bench.folder / "seal") == ()
    assert json.loads((bench.folder / "seal" / "workspace.json").read_text(encoding="utf-8"))["changes"] == []


async def snapshot_names_added_and_changed(bench: Bench) -> None:
    """Written files are A or M, with size and hash; HOME is not the workspace."""
    async with bench.open(bench.start(one="1", same="s")) as sandbox:
        await sandbox.write(f"{WORKSPACE}/one", b"22")
        await sandbox.write(f"{WORKSPACE}/new", b"")
        await sandbox.write(f"{HOME}/note", b"x")
        changes = {change.path: change for change in await sandbox.snapshot(bench.folder / "seal")}
    assert {path: change.change for path, change in changes.items()} == {"one": "M", "new": "A"}
    assert changes["one"].size == len(b"22")
    assert changes["one"].sha256 == "785f3ec7eb32f30b90cd0fcf3657d388b5ff4297f2f9716ff66e9b69c05ddd09"


async def session_files_are_collected(bench: Bench) -> None:
    """By glob below HOME alone, under their relative paths; what is too much is named, and the rest still comes."""
    patterns = (".agent/**/*.jsonl", "state/*.db", "**/deep.txt", "big")
    files = {
        ".agent/one.jsonl": b"1",
        ".agent/a/b/two.jsonl": b"22",
        ".agent/a/other.txt": b"-",
        "state/x.db": b"333",
        "state/sub/y.db": b"-",
        "p/q/deep.txt": b"d",
        "big": b"b" * 100_000,
    }
    async with bench.open(bench.start(big="not of HOME")) as sandbox:
        for path, data in files.items():
            await sandbox.write(f"{HOME}/{path}", data)
        assert await sandbox.collect(patterns, bench.folder / "kept", limit_bytes=50_000) == ("big",)
        assert await sandbox.collect(("none/*",), bench.folder / "none", limit_bytes=50_000) == ()
        sandbox.kill()
        await sandbox.collect(("big",), bench.folder / "after", limit_bytes=200_000)
    kept = {path.relative_to(bench.folder / "kept").as_posix(): path for path in (bench.folder / "kept").rglob("*")}
    held = {name: path.read_bytes() for name, path in kept.items() if path.is_file()}
    wanted = (".agent/one.jsonl", ".agent/a/b/two.jsonl", "state/x.db", "p/q/deep.txt")
    assert held == {name: files[name] for name in wanted}
    assert not (bench.folder / "none").exists()
    assert (bench.folder / "after" / "big").read_bytes() == files["big"]


async def workspace_has_a_name_inside(bench: Bench) -> None:
    """Files written below ``workspace`` are the workspace's."""
    async with bench.open() as sandbox:
        await sandbox.write(f"{sandbox.workspace}/note", b"x")
        assert await sandbox.read(f"{WORKSPACE}/note") == b"x"


async def killed_sandbox_runs_nothing(bench: Bench) -> None:
    """``kill`` may come at any time and twice; a run after it is KILLED, never EXITED."""
    async with bench.open() as sandbox:
        sandbox.kill()
        sandbox.kill()
        record = await sandbox.run(["true"], deadlines=LONG)
        assert record.reason is Exit.KILLED
        assert record.exit_code is None
        sandbox.kill()


async def door_url_says_whether_there_is_a_door(bench: Bench) -> None:
    """None without a door."""
    async with bench.open() as sandbox:
        assert sandbox.door_url is None


async def nothing_stays(bench: Bench) -> None:
    """After exit scratch is empty, also after an error; with ``keep`` something is left to look at."""
    bench.scratch.mkdir()
    async with bench.open(bench.start(one="1")) as sandbox:
        await sandbox.run(["true"], deadlines=Deadlines(10.0))
    assert _left(bench.scratch) == []
    with contextlib.suppress(_OnPurposeError):
        await _fail_inside(bench.open(bench.start(one="1")))
    assert _left(bench.scratch) == []
    async with bench.open(bench.start(one="1"), keep=True) as sandbox:
        kept = sandbox.output().parent
    assert kept.is_dir()
    shutil.rmtree(kept)


class _OnPurposeError(Exception):
    """What a trial may raise between enter and exit."""


async def _fail_inside(sandbox: Sandbox) -> None:
    async with sandbox:
        raise _OnPurposeError


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


FILE_CHECKS = (
    start_is_copied,
    reading_refuses,
    reading_is_bounded,
    writing_makes_folders,
    untouched_snapshot_is_empty,
    snapshot_names_added_and_changed,
    session_files_are_collected,
    workspace_has_a_name_inside,
    killed_sandbox_runs_nothing,
    door_url_says_whether_there_is_a_door,
    nothing_stays,
)
