"""Kept sandboxes outlive the scratch space that they were made in."""

import json
import os
from pathlib import Path

import pytest

from assay.run.keeping import holds_kept, rescue_kept
from assay.sandboxes.base import SandboxSpec
from assay.sandboxes.box import OWNER, keep_box, make_box


def kept_box(scratch: Path, label: str = "attempt-1") -> Path:
    box = make_box(SandboxSpec(label=label, start=None, scratch=scratch), separate_user=os.geteuid() == 0)
    (box.workspace / "answer.py").write_text("x = 1\n")
    os.mkfifo(box.workspace / "pipe")
    (box.workspace / "link").symlink_to("/etc/passwd")
    keep_box(box)
    return box.folder


def test_a_kept_sandbox_is_moved_to_the_run_under_its_attempt(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    old = kept_box(scratch)
    (moved,) = rescue_kept(scratch, tmp_path / "kept")
    assert moved == tmp_path / "kept" / "attempt-1"
    assert (moved / "workspace" / "answer.py").read_text() == "x = 1\n"
    assert (moved / "workspace" / "link").is_symlink()
    assert not old.exists()
    assert not (moved / OWNER).exists()
    assert not holds_kept(scratch)


def test_another_file_system_is_no_hindrance(tmp_path: Path) -> None:
    shared = Path("/dev/shm")  # another file system on most machines
    if not os.access(shared, os.W_OK) or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system here")
    scratch = shared / f"assay-test-{os.getpid()}"
    try:
        kept_box(scratch)
        (moved,) = rescue_kept(scratch, tmp_path / "kept")
        assert (moved / "workspace" / "answer.py").read_text() == "x = 1\n"
        assert (moved / "workspace" / "pipe").is_fifo()
        assert not holds_kept(scratch)
    finally:
        scratch.rmdir()


def test_what_cannot_be_moved_stays(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    folder = kept_box(scratch)
    (tmp_path / "kept").mkdir()
    record = next(scratch.glob("*/kept.json"))
    owner = json.loads(record.read_text())
    record.write_text(json.dumps({**owner, "label": "no/such/folder"}))
    assert rescue_kept(scratch, tmp_path / "kept") == ()
    assert holds_kept(scratch)
    assert (folder / "workspace" / "answer.py").is_file()
