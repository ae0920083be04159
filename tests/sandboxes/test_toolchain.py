import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assay.errors import SandboxError
from assay.sandboxes import cache, interpreter
from assay.sandboxes.base import Deadlines, SandboxSpec
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.cache import built
from assay.sandboxes.library import inside_library
from assay.sandboxes.toolchain import Toolchain, toolchain
from assay.testing.sandbox_bench import printed

TEN = Deadlines(20)


@pytest.fixture
def python() -> Toolchain:
    return toolchain("python")


async def said(kind: BubblewrapKind, chain: Toolchain, scratch: Path, *argv: str, start: Path | None = None) -> str:
    async with kind.open(SandboxSpec("toolchain", start, scratch, mounts=chain.mounts)) as sandbox:
        record = await sandbox.run(argv, env=chain.env, deadlines=TEN)
        return f"{record.exit_code} {printed(sandbox)}{printed(sandbox, 2)}"


async def test_it_runs_its_tools(bubblewrap: BubblewrapKind, python: Toolchain, tmp_path: Path) -> None:
    versions = python.versions
    assert await said(bubblewrap, python, tmp_path, "ruff", "--version") == f"0 ruff {versions['ruff']}\n"
    assert await said(bubblewrap, python, tmp_path, "lizard", "--version") == f"0 {versions['lizard']}\n"
    assert await said(bubblewrap, python, tmp_path, "pytest", "--version") == f"0 pytest {versions['pytest']}\n"
    tell = "import platform; print(platform.python_version())"
    assert await said(bubblewrap, python, tmp_path, python.python, "-c", tell) == f"0 {versions['python']}\n"


async def test_packages_are_found_in_isolated_mode_and_nowhere_else(
    bubblewrap: BubblewrapKind, python: Toolchain, tmp_path: Path
) -> None:
    code = (
        "import sys, pytest, lizard\nprint(pytest.__file__.startswith('/opt/toolchain/'))\n"
        "print([p for p in sys.path if 'dist-packages' in p or 'local' in p])"
    )
    assert await said(bubblewrap, python, tmp_path, python.python, "-I", "-c", code) == "0 True\n[]\n"


async def test_it_cannot_be_changed_from_inside(bubblewrap: BubblewrapKind, python: Toolchain, tmp_path: Path) -> None:
    code = "open('/opt/toolchain/sitecustomize.py', 'w')"
    assert "Read-only file system" in await said(bubblewrap, python, tmp_path, python.python, "-c", code)


async def test_a_failing_test_fails(bubblewrap: BubblewrapKind, python: Toolchain, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    (start / "test_it.py").write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2\n", encoding="utf-8")
    text = await said(bubblewrap, python, tmp_path, python.python, "-I", "-m", "pytest", "-q", ".", start=start)
    assert text.startswith("1 ")
    assert "1 failed, 1 passed" in text
    assert "assert 1 == 2" in text


def test_it_is_built_once_and_named_by_content(python: Toolchain) -> None:
    assert toolchain() == python
    assert python.mounts[0].host.name == python.hash
    assert {"python", "pytest", "ruff", "lizard"} <= set(python.versions)
    assert not list(python.mounts[0].host.parent.glob(".building-*"))
    tree = python.mounts[0].host
    assert all(path.is_symlink() or path.stat().st_mode & 0o004 for path in tree.rglob("*"))
    assert any(tree.rglob("*.pyc"))


def test_an_unknown_toolchain_is_an_error() -> None:
    with pytest.raises(SandboxError, match="no toolchain 'rust'"):
        toolchain("rust")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path)
    return tmp_path


def test_concurrent_builders_agree(own_cache: Path) -> None:
    def build(folder: Path) -> None:
        for number in range(50):
            (folder / f"{number}").write_text("x" * 1000, encoding="utf-8")

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _: built("family", "key", build), range(32)))
    assert places == {own_cache / "family" / "key"}
    assert len(list((own_cache / "family" / "key").iterdir())) == 50
    assert [path.name for path in (own_cache / "family").iterdir()] == ["key"]


def test_a_failed_build_leaves_nothing(own_cache: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "half").write_text("", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(SandboxError, match="No space left"):
        built("family", "key", build)
    assert list((own_cache / "family").iterdir()) == []


def test_a_closed_umask_does_not_close_the_cache(own_cache: Path) -> None:
    previous = os.umask(0o077)
    try:
        place = built("family", "key", lambda folder: (folder / "deep").mkdir())
    finally:
        os.umask(previous)
    assert place.stat().st_mode & 0o777 == 0o755
    assert (place / "deep").stat().st_mode & 0o777 == 0o755


def test_without_a_new_system_python_ours_is_copied(
    bubblewrap: BubblewrapKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The copy runs by itself, from another place, with all that the supervisor needs."""
    interpreter.interpreter.cache_clear()
    monkeypatch.setattr(interpreter, "SYSTEM", tmp_path / "no-python")
    try:
        copy = interpreter.interpreter()
    finally:
        interpreter.interpreter.cache_clear()
    assert copy.inside.startswith("/opt/python/bin/python3")
    (mount,) = copy.mounts
    moved = tmp_path / "moved"
    shutil.copytree(mount.host, moved, symlinks=True)
    told = subprocess.run(
        [moved / "bin" / copy.host.name, "-I", "-c", "import sys, os, json, ctypes; print(sys.prefix, os.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split()[0] == str(moved)
    assert told.split()[1].startswith(str(moved))
    assert (inside_library(copy.host) / "inside" / "supervisor.pyc").exists()


async def test_sandboxes_work_with_a_copied_python(
    bubblewrap: BubblewrapKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    interpreter.interpreter.cache_clear()
    monkeypatch.setattr(interpreter, "SYSTEM", tmp_path / "no-python")
    try:
        async with bubblewrap.open(SandboxSpec("copied", None, tmp_path)) as sandbox:
            record = await sandbox.run(["echo", "supervised"], deadlines=TEN)
            assert printed(sandbox) == "supervised\n", record
    finally:
        interpreter.interpreter.cache_clear()
