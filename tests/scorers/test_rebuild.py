import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.errors import EvidenceError
from assay.sandboxes.base import Change
from assay.scorers.rebuild import last_step, overlay, read_changes, rebuild
from assay.suites.base import Task
from assay.testing.tasks import make_task

FILE, LINK, DIR, FIFO, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE
KINDS = {FILE: "file", LINK: "link", DIR: "dir"}


@pytest.fixture
def task(tmp_path: Path) -> Task:
    made = make_task(tmp_path)
    for name, text in {"test_calc.py": "visible", "pkg/a.txt": "a", "pkg/b.txt": "b", "conftest.py": "ours"}.items():
        (made.start / name).parent.mkdir(exist_ok=True)
        (made.start / name).write_text(text)
    return made


def sealed(folder: Path, *entries: tuple[str, str, Any, bytes | str]) -> Path:
    """Write evidence from (path, change, tar type, content or link target)."""
    step = folder / "steps" / "0"
    step.mkdir(parents=True)
    changes = []
    with tarfile.open(step / "workspace.tar", "w") as archive:
        for path, change, kind, content in entries:
            changes.append(Change(path, change, KINDS.get(kind, "other")).to_json())
            if change == "D":
                continue
            info = tarfile.TarInfo(path)
            info.type, info.mode = kind, 0o755
            data = content if isinstance(content, bytes) else b""
            info.size = len(data) if kind == FILE else 0
            info.linkname = content if isinstance(content, str) else ""
            archive.addfile(info, io.BytesIO(data))
    (step / "workspace.json").write_text(json.dumps({"format": 1, "changes": changes}))
    return step


def files(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_start_plus_changes(task: Task, tmp_path: Path) -> None:
    step = sealed(
        tmp_path / "e",
        ("calc.py", "M", FILE, b"new"),
        ("sub/new.py", "A", FILE, b"x"),
        ("pkg/a.txt", "D", FILE, b""),
        ("link", "A", LINK, "calc.py"),
    )
    found = rebuild(task, step, tmp_path / "w")
    assert files(tmp_path / "w") == {
        "calc.py": "new",
        "sub/new.py": "x",
        "pkg/b.txt": "b",
        "link": "new",
        "test_calc.py": "visible",
        "conftest.py": "ours",
    }
    assert (tmp_path / "w/link").is_symlink()
    assert (tmp_path / "w/calc.py").stat().st_mode & 0o777 == 0o755
    assert not found.dropped
    assert not found.refused
    assert files(task.start)["calc.py"] != "new"


def test_protected_paths_stay_as_they_were(task: Task, tmp_path: Path) -> None:
    task = replace(task, verifier=replace(task.verifier, protected=("fixtures/*",)))
    step = sealed(
        tmp_path / "e",
        ("test_calc.py", "M", FILE, b"edited"),
        ("deep/test_calc.py", "A", FILE, b"fake"),
        ("conftest.py", "D", FILE, b""),
        ("a/conftest.py", "A", FILE, b"evil"),
        ("pytest.ini", "A", FILE, b"evil"),
        ("x/evil.pth", "A", FILE, b"evil"),
        ("sitecustomize.py", "A", FILE, b"evil"),
        ("_pytest/__init__.py", "A", FILE, b"evil"),
        ("pytest.py", "A", FILE, b"evil"),
        ("pyproject.toml", "A", FILE, b"evil"),
        ("__pycache__/calc.cpython-311.pyc", "A", FILE, b"evil"),
        ("calc.cpython-311-x86_64-linux-gnu.so", "A", FILE, b"evil"),
        ("fixtures/data.json", "A", FILE, b"evil"),
    )
    found = rebuild(task, step, tmp_path / "w")
    assert files(tmp_path / "w") == files(task.start)
    assert len(found.dropped) == 13
    assert found.graded == ()


def test_a_settings_file_that_the_task_asks_for_is_graded(task: Task, tmp_path: Path) -> None:
    task = replace(task, writable=("pyproject.toml",))
    rebuild(task, sealed(tmp_path / "e", ("pyproject.toml", "A", FILE, b"x")), tmp_path / "w")
    assert (tmp_path / "w/pyproject.toml").exists()


@pytest.mark.hostile
def test_nothing_is_written_outside(task: Task, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    step = sealed(
        tmp_path / "e",
        ("../outside/a", "A", FILE, b"x"),
        (str(outside / "b"), "A", FILE, b"x"),
        ("pkg/../../outside/c", "A", FILE, b"x"),
        ("absolute", "A", LINK, "/etc/passwd"),
        ("upward", "A", LINK, "pkg/../../outside"),
        ("way", "A", LINK, "pkg"),
        ("way/d", "A", FILE, b"x"),
        ("pipe", "A", FIFO, b""),
        ("hard", "A", HARD, "/etc/passwd"),
    )
    found = rebuild(task, step, tmp_path / "w")
    assert list(outside.iterdir()) == []
    assert {"absolute", "upward", "pipe", "hard"} <= found.refused.keys()
    assert not (tmp_path / "w/absolute").is_symlink()
    assert not (tmp_path / "w/pipe").exists()
    assert not (tmp_path / "w/pkg/d").exists()


def test_a_folder_becomes_a_link_and_a_file_a_folder(task: Task, tmp_path: Path) -> None:
    step = sealed(
        tmp_path / "e",
        ("calc.py", "T", DIR, b""),
        ("calc.py/inner.py", "A", FILE, b"x"),
        ("pkg", "T", LINK, "sub"),
        ("pkg/a.txt", "D", FILE, b""),
        ("pkg/b.txt", "D", FILE, b""),
        ("sub", "A", DIR, b""),
        ("sub/b.txt", "A", FILE, b"moved"),
    )
    found = rebuild(task, step, tmp_path / "w")
    assert found.refused == {}
    assert (tmp_path / "w/calc.py/inner.py").read_text() == "x"
    assert (tmp_path / "w/pkg").is_symlink()
    assert (tmp_path / "w/pkg/b.txt").read_text() == "moved"


def test_a_changed_mode_of_a_folder_keeps_its_files(task: Task, tmp_path: Path) -> None:
    rebuild(task, sealed(tmp_path / "e", ("pkg", "M", DIR, b"")), tmp_path / "w")
    assert (tmp_path / "w/pkg/a.txt").read_text() == "a"


def test_a_start_that_is_missing_is_empty(task: Task, tmp_path: Path) -> None:
    empty = replace(task, root=tmp_path / "elsewhere")
    (tmp_path / "elsewhere/tests").mkdir(parents=True)
    changes = overlay(empty, {"a.py": b"x"}, tmp_path / "w")
    assert files(tmp_path / "w") == {"a.py": "x"}
    assert [one.change for one in changes] == ["A"]


def test_the_last_sealed_step_counts(tmp_path: Path) -> None:
    for number in ("0", "2", "10", "11"):
        (tmp_path / "steps" / number).mkdir(parents=True)
        if number != "11":
            (tmp_path / "steps" / number / "workspace.json").write_text("[]")
    assert last_step(tmp_path).name == "10"
    with pytest.raises(EvidenceError, match="no workspace was sealed"):
        last_step(tmp_path / "steps")


@pytest.mark.parametrize("text", ["", "{", "{}", '[{"path": "a"}]', '{"changes": 3}'])
def test_damaged_evidence_is_an_error_with_a_place(text: str, tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text(text)
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_changes(tmp_path)
