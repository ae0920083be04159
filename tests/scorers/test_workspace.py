import io
import json
import tarfile
from pathlib import Path

from assay.records import Attempt, Ended, OwnerKind
from assay.sandboxes.base import Change
from assay.sandboxes.memory import MemorySandboxKind
from assay.scorers.base import Subject
from assay.scorers.workspace import Workspace, count_changes
from assay.suites.base import Task
from assay.testing.tasks import make_task


def sealed(folder: Path, files: dict[str, tuple[str, bytes]]) -> Path:
    step = folder / "steps" / "0"
    step.mkdir(parents=True)
    with tarfile.open(step / "workspace.tar", "w") as archive:
        for path, (change, data) in files.items():
            if change != "D":
                info = tarfile.TarInfo(path)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    changes = [Change(path, change, "file").to_json() for path, (change, _) in files.items()]
    (step / "workspace.json").write_text(json.dumps(changes))
    return step


def make(tmp_path: Path, text: str) -> Task:
    task = make_task(tmp_path)
    (task.start / "old.txt").write_text(text)
    return task


def test_counts(tmp_path: Path) -> None:
    task = make(tmp_path, "a\nb\nc\n")
    step = sealed(
        tmp_path / "e", {"old.txt": ("M", b"a\nB\nc\nd\n"), "new.bin": ("A", b"\0\1\n"), "new.txt": ("A", b"x\ny\n")}
    )
    assert count_changes(task, step) == (3, 4, 1)


def test_what_tools_leave_behind_is_nobodys_work(tmp_path: Path) -> None:
    task = make(tmp_path, "a\n")
    left = {f"{folder}/x.txt": ("A", b"x\n") for folder in (".pytest_cache/v", "src/__pycache__", "node_modules/y")}
    assert count_changes(task, sealed(tmp_path / "e", {"old.txt": ("M", b"b\n"), **left})) == (1, 1, 1)


def test_a_deleted_file_loses_its_lines(tmp_path: Path) -> None:
    task = make(tmp_path, "a\nb\nc\n")
    assert count_changes(task, sealed(tmp_path / "e", {"old.txt": ("D", b"")})) == (1, 0, 3)


def test_long_hostile_texts_take_bounded_time(tmp_path: Path) -> None:
    task = make(tmp_path, "a\nb\n" * 20_000)
    files, added, removed = count_changes(task, sealed(tmp_path / "e", {"old.txt": ("M", b"b\na\nc\n" * 20_000)}))
    assert (files, added, removed) == (1, 20_000, 0)


def subject(tmp_path: Path, task: Task, ended: Ended) -> Subject:
    attempt = Attempt("t/1", "r", OwnerKind.TRIAL, "t", 1, 1, "w", 0, 1, ended)
    return Subject(attempt, task, tmp_path / "e", tmp_path / "o", tmp_path)


async def test_scores(tmp_path: Path) -> None:
    task = make(tmp_path, "a\n")
    sealed(tmp_path / "e", {"old.txt": ("M", b"a\nb\n")})
    found = await Workspace().score(subject(tmp_path, task, Ended.TIMEOUT), MemorySandboxKind())
    assert {one.metric: one.value for one in found} == {"files_changed": 1, "lines_added": 1, "lines_removed": 0}


async def test_missing_is_not_zero(tmp_path: Path) -> None:
    task = make(tmp_path, "a\n")
    for ended, reason in ((Ended.PROVIDER_ERROR, "provider_error"), (Ended.AGENT_CRASH, "not_verified")):
        found = await Workspace().score(subject(tmp_path, task, ended), MemorySandboxKind())
        assert {one.value for one in found} == {None}
        assert all(one.reason is not None and one.reason.startswith(reason) for one in found)
