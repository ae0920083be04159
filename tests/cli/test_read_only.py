"""A run folder that cannot be written: archived, on read-only media, or somebody else's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.tasks import make_task

MISSING = BubblewrapKind().probe()
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}"),
    pytest.mark.skipif(
        os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0,
        reason="needs root to mount a folder read-only",
    ),
]

ASSAY = str(Path(sys.executable).parent / "assay")
EXPERIMENT = "name: closed\nsuite: suite\nmodel: lab/swift\nreps: 1\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    (folder / "suite").mkdir()
    make_task(folder / "suite", id="tiny-0")
    (folder / "experiment.yaml").write_text(EXPERIMENT)
    done = subprocess.run(
        [ASSAY, "run", "experiment.yaml", "--out", "out"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "out" / "facts")
    return folder


def closed(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where ``out`` is mounted read-only."""
    script = 'mount --bind out out && mount -o remount,ro,bind out && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", ASSAY, *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("report", "out", "--format", "text"), "1 trial planned"),
        (("report", "out", "--json"), '"verdict"'),
        (("report", "out", "-o", "elsewhere.md"), "report: elsewhere.md"),
        (("show", "out"), "tiny-0"),
        (("show", "out", "swift/tiny-0/0", "--diff"), "b/calc.py"),
        (("watch", "out", "--json"), '"settled": 1'),
        (("facts", "out", "--verify"), "all evidence is as it was sealed"),
        (("route", "fit", "out"), "default:"),
    ],
)
def test_reading_works(place: Path, arguments: tuple[str, ...], shown: str) -> None:
    done = closed(place, *arguments)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert not (place / "out" / "facts").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("report", "out"), "--format"),
        (("score", "out"), "out"),
        (("run", "experiment.yaml", "--out", "out"), "out"),
        (("run", "experiment.yaml", "--out", "out/new"), "out/new"),
    ],
)
def test_writing_is_one_clear_line(place: Path, arguments: tuple[str, ...], named: str) -> None:
    done = closed(place, *arguments)
    assert done.returncode in {3, 4}
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("error:"))
    assert named in line
    assert "unexpected" not in done.stderr
    assert "report it" not in done.stderr


def test_a_route_that_cannot_be_stored_is_shown_and_said(place: Path) -> None:
    done = closed(place, "route", "fit", "out", "--json")
    assert json.loads(done.stdout)["default"]
    assert "choose a file with -o" in done.stderr


def test_one_report_on_stdout_writes_nothing_anywhere(place: Path) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in (place / "out").rglob("*") if path.is_file())

    before = state()
    done = subprocess.run([ASSAY, "report", "out", "--format", "csv"], cwd=place, capture_output=True, check=False)
    assert done.returncode == 0
    assert state() == before
