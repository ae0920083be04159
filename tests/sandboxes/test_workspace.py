import json
import os
import tarfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EvidenceError, SandboxError
from assay.sandboxes import workspace
from assay.sandboxes.workspace import Entry, compare, copy_tree, printable, seal, take_manifest
from assay.sandboxes.workspace_files import read_file, walk, write_file


@pytest.fixture
def start(tmp_path: Path) -> Path:
    root = tmp_path / "start"
    (root / "package" / "empty").mkdir(parents=True)
    (root / "package" / "module.py").write_text("value = 1\n", encoding="utf-8")
    (root / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("package/module.py")
    (root / "dangling").symlink_to("/nowhere")
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref", encoding="utf-8")
    return root


@pytest.fixture
def copied(start: Path, tmp_path: Path) -> tuple[Path, workspace.Manifest]:
    target = tmp_path / "target"
    target.mkdir()
    return target, copy_tree(start, target, None)


def test_a_copy_is_equal(copied: tuple[Path, workspace.Manifest], start: Path) -> None:
    target, manifest = copied
    assert manifest == take_manifest(target) == take_manifest(start)
    assert set(manifest) == {"package", "package/empty", "package/module.py", "run.sh", "link", "dangling"}
    assert (target / "link").readlink() == Path("package/module.py")
    assert (target / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (target / ".git" / "HEAD").read_text(encoding="utf-8") == "ref"


@pytest.mark.parametrize("mode", [0o000, 0o500, 0o2755, 0o4755])
def test_odd_modes_are_kept(mode: int, tmp_path: Path) -> None:
    for name in ("start", "target"):
        (tmp_path / name).mkdir()
    (tmp_path / "start" / "folder").mkdir()
    (tmp_path / "start" / "folder" / "file").write_text("x", encoding="utf-8")
    (tmp_path / "start" / "folder" / "file").chmod(mode)
    (tmp_path / "start" / "folder").chmod(mode)
    manifest = copy_tree(tmp_path / "start", tmp_path / "target", os.geteuid() or 12345)
    assert manifest == take_manifest(tmp_path / "target")
    assert manifest["folder"].mode == mode
    assert manifest["folder/file"].mode == mode
    for name in ("start", "target"):
        (tmp_path / name / "folder").chmod(0o700)


def test_a_special_file_in_a_start_is_an_error(start: Path, tmp_path: Path) -> None:
    os.mkfifo(start / "pipe")
    (tmp_path / "target").mkdir()
    with pytest.raises(SandboxError, match="special file"):
        copy_tree(start, tmp_path / "target", None)


def test_a_change_that_keeps_size_and_time_is_seen(copied: tuple[Path, workspace.Manifest], tmp_path: Path) -> None:
    target, before = copied
    module = target / "package" / "module.py"
    state = module.stat()
    module.write_text("value = 2\n", encoding="utf-8")
    os.utime(module, ns=(state.st_atime_ns, state.st_mtime_ns))
    (change,) = seal(before, target, tmp_path / "seal")
    assert (change.path, change.change) == ("package/module.py", "M")


def test_the_seal_can_be_read_back(copied: tuple[Path, workspace.Manifest], tmp_path: Path) -> None:
    target, before = copied
    (target / "run.sh").unlink()
    (target / "link").unlink()
    (target / "link").write_text("a file now", encoding="utf-8")
    (target / "package").rename(target / "renamed")
    changes = seal(before, target, tmp_path / "seal")
    data = json.loads((tmp_path / "seal" / "workspace.json").read_text(encoding="utf-8"))
    assert data["format"] == 1
    assert data["changes"] == [change.to_json() for change in changes]
    assert {change.path: change.change for change in changes} == {
        "run.sh": "D",
        "link": "T",
        "package": "D",
        "package/empty": "D",
        "package/module.py": "D",
        "renamed": "A",
        "renamed/empty": "A",
        "renamed/module.py": "A",
    }
    with tarfile.open(tmp_path / "seal" / "workspace.tar") as tar:
        assert tar.getnames() == ["link", "renamed", "renamed/empty", "renamed/module.py"]
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}


def test_the_same_workspace_gives_the_same_bytes(copied: tuple[Path, workspace.Manifest], tmp_path: Path) -> None:
    target, before = copied
    (target / "new").write_text("x", encoding="utf-8")
    for name in ("one", "two"):
        seal(before, target, tmp_path / name)
        os.utime(target / "new")
    for file in ("workspace.json", "workspace.tar"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_huge_file_is_on_record_without_content(
    copied: tuple[Path, workspace.Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "MAX_FILE", 1000)
    target, before = copied
    with (target / "huge").open("wb") as stream:
        stream.truncate(5 << 30)
    (change,) = seal(before, target, tmp_path / "seal")
    assert (change.size, change.sha256) == (5 << 30, None)
    assert (tmp_path / "seal" / "workspace.tar").stat().st_size < 20_000


def test_a_seal_that_cannot_be_written_is_one_line(copied: tuple[Path, workspace.Manifest], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(EvidenceError, match="cannot be sealed"):
        seal(copied[1], copied[0], tmp_path / "file" / "seal")


def test_special_files_are_listed_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "pipe")  # opening it for reading would block for ever
    assert take_manifest(tmp_path / "root")["pipe"].kind == "other"
    changes = seal({}, tmp_path / "root", tmp_path / "seal")
    assert [(change.path, change.kind, change.sha256) for change in changes] == [("pipe", "other", None)]


def test_a_tree_without_a_bottom_is_walked_to_a_floor(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(300):
            os.mkdir("d")  # noqa: PTH102  # the path as a whole is too long for pathlib
            os.chdir("d")
    finally:
        os.chdir(here)
    found = list(walk(tmp_path))
    assert len(found) == 200
    assert found[-1].kind == "other"


def test_reading_and_writing_stay_below_the_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_text("theirs", encoding="utf-8")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "file")
    for name in ("file", "folder/file", "missing"):
        with pytest.raises(FileNotFoundError):
            read_file(root, PurePosixPath(name), 100)
    with pytest.raises(OSError, match="folder"):
        write_file(root, PurePosixPath("folder/new"), b"x", 0o644, None)
    write_file(root, PurePosixPath("file"), b"ours", 0o600, None)
    assert (outside / "file").read_text(encoding="utf-8") == "theirs"
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (root / "file").stat().st_mode & 0o777 == 0o600


def test_names_that_are_not_text_become_text() -> None:
    assert printable(os.fsdecode(b"caf\xc3\xa9/\xff")) == "café/\\xff"


ENTRIES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(Entry, st.sampled_from(("file", "link", "dir")), st.just(0o644), st.just(1), st.sampled_from(("x", "y"))),
)


@given(ENTRIES, ENTRIES)
def test_applying_the_changes_gives_the_other_manifest(before: dict[str, Entry], after: dict[str, Entry]) -> None:
    changes = compare(before, after)
    rebuilt = {path: entry for path, entry in before.items() if path not in changes}
    rebuilt |= {path: entry for path, (change, entry) in changes.items() if change != "D"}
    assert rebuilt == after
    for path, (change, _) in changes.items():
        assert (
            change
            == {
                (False, True): "A",
                (True, False): "D",
                (True, True): "T"
                if path in before and path in after and before[path].kind != after[path].kind
                else "M",
            }[path in before, path in after]
        )
