"""``assay try`` end to end on simulated models, and what it says before anything is spent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.sandboxes.bubblewrap import BubblewrapKind

MISSING = BubblewrapKind().probe()
ASSAY = str(Path(sys.executable).parent / "assay")
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")

START = "def mean(values):\n    return sum(values) // len(values)\n"
FIXED = "def mean(values):\n    return sum(values) / len(values)\n"
TESTS = "from sums import mean\n\n\ndef test_mean():\n    assert mean([1, 2]) == 1.5\n"


def assay(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in KEYS}
    command = [ASSAY, *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**clean, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def git(repo: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(repo), *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fault, its correction with a test, and a change that no test sees."""
    folder = tmp_path_factory.mktemp("repo")
    git(folder, "init", "-q")
    for message, files in (
        ("Start", {"sums.py": START}),
        (
            "The mean of whole numbers need not be whole\n\nSigned-off-by: a",
            {"sums.py": FIXED, "tests/test_sums.py": TESTS},
        ),
        ("A word in the margin", {"notes.txt": "words\n"}),
    ):
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", message)
    return folder


def test_without_a_model_it_proposes_from_the_keys(tmp_path: Path) -> None:
    done = assay("try", "--json", cwd=tmp_path, OPENAI_API_KEY="sk-x", ANTHROPIC_API_KEY="sk-y")
    said = json.loads(done.stdout)
    assert said["keys"] == ["anthropic", "openai"]
    assert len(said["proposed"]) == 2
    assert "sk-x" not in done.stdout + done.stderr
    assert "assay try lab/swift lab/steady" in assay("try", cwd=tmp_path).stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "says"),
    [
        (["claude-haiku-5-5", "--yes"], {}, 4, "export ANTHROPIC_API_KEY=..."),
        (
            ["openai/made-up-model", "--yes"],
            {"OPENAI_API_KEY": "sk-x"},
            2,
            "no price is known for openai/made-up-model",
        ),
        (["lab/swfit", "--yes"], {}, 2, "Did you mean 'swift'?"),
        (["lab/swift"], {}, 2, "Give --yes"),
        (["lab/swift", "--agent", "nobody", "--yes"], {}, 2, "nobody"),
        (["claude-haiku-5-5", "--yes", "--max-cost", "0.000001"], {"ANTHROPIC_API_KEY": "k"}, 2, "Raise --max-cost"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_spent(
    arguments: list[str], environ: dict[str, str], code: int, says: str, tmp_path: Path
) -> None:
    done = assay("try", *arguments, cwd=tmp_path, **environ)
    assert says in refused(done)
    assert done.returncode == code
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")
def test_an_unreachable_endpoint_is_said_with_the_remedy(tmp_path: Path) -> None:
    away = {"ANTHROPIC_API_KEY": "k", "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = assay("try", "claude-haiku-5-5", "--yes", cwd=tmp_path, **away)
    assert "cannot be reached" in refused(done)
    assert "Check base_url" in done.stderr
    assert done.returncode == 3


@pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")
def test_commits_become_tasks_and_a_verdict(repo: Path, tmp_path: Path) -> None:
    wanted = ["--repo", str(repo), "--verify", "pytest -q", "--commits", "HEAD~2..HEAD"]
    done = assay("try", "lab/swift", "lab/deep", *wanted, "--yes", "--json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 task from 2 commits" in done.stderr
    assert "skipped" in done.stderr
    data = json.loads(done.stdout)
    assert data["verdict"]
    assert [call["served"] for call in data["tried"]["calls"]] == ["deep", "swift"]
    assert data["health"]["planned"] == 6
    (task,) = (tmp_path / "out" / "suite").iterdir()
    assert (task / "instruction.md").read_text().startswith("The mean of whole numbers")
    assert "Signed-off-by" not in (task / "instruction.md").read_text()
    assert (task / "start" / "sums.py").read_text() == START
    assert not (task / "start" / "tests").exists(), "the commit's tests are hidden"
    assert (task / "verifier.lock.json").is_file(), "the ids of its tests are recorded"
    again = assay("run", "out/experiment.yaml", "--out", "out/run", cwd=tmp_path)
    assert again.returncode == 0, again.stderr


@pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")
def test_a_prompt_needs_a_command_that_fails_now(repo: Path, tmp_path: Path) -> None:
    done = assay(
        *("try", "lab/swift", "--repo", str(repo), "--verify", "pytest -q", "--prompt", "Make it better", "--yes"),
        cwd=tmp_path,
    )
    assert "passes already" in refused(done)
    fails = ["--verify", "python -c 'import sums; sums.total'", "--prompt", "Write total(values) in sums.py"]
    done = assay("try", "lab/swift", "--repo", str(repo), *fails, "--yes", "--json", "--out", "o", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]


def test_a_repository_needs_its_command(repo: Path, tmp_path: Path) -> None:
    assert "--repo needs --verify" in refused(assay("try", "lab/swift", "--repo", str(repo), "--yes", cwd=tmp_path))
