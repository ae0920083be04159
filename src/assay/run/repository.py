"""From somebody's repository to a small native suite: its commits, or one prompt, verified by its own command.

The repository is only read: trees are written out through an index of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assay.errors import TaskError
from assay.records import Record
from assay.run.check import TaskCheck, check_task
from assay.scorers.grading import grade
from assay.scorers.rebuild import overlay
from assay.scorers.verification import Bench
from assay.suites.native import load_task
from assay.suites.soundness import faults

MOST_COMMITS = 50
MOST_BYTES = 64 << 20
VERIFY_S = 300.0
EASY, MEDIUM = 20, 100  # changed lines
TRAILER = re.compile(r"^(signed-off-by|co-authored-by|change-id|reviewed-by|cc|fixes|closes)\s*:", re.IGNORECASE)
_TEST_FILE = re.compile(r"(test_.*|.*_test|.*\.test|.*\.spec|conftest)\.[A-Za-z0-9]+")
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs"})
LANGUAGES = {".py": "python", ".js": "javascript", ".ts": "typescript", ".go": "go", ".rs": "rust", ".java": "java"}

# Hidden tests are laid over the answer, then the command runs; pytest also writes which tests passed.
_RUN = """\
import os, shutil, subprocess, sys
shutil.copytree(os.environ["ASSAY_TESTS"], ".", dirs_exist_ok=True)
words = sys.argv[1:]
if words[0] == "pytest":
    report = os.path.join(os.environ["ASSAY_OUTPUT"], "junit.xml")
    words = [sys.executable, "-m", *words, "-p", "no:cacheprovider", "--junitxml=" + report]
elif words[0] in ("python", "python3"):
    words[0] = sys.executable
sys.exit(subprocess.run(words).returncode)
"""


@dataclass(frozen=True, slots=True)
class Skipped(Record):
    """A commit that makes no task, and why."""

    commit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A repository and the command that verifies it."""

    repo: Path
    verify: tuple[str, ...]

    def git(self, *arguments: str, index: Path | None = None) -> str:
        """Run git there. Raises ``TaskError`` with git's own words."""
        environ = {**os.environ, **({"GIT_INDEX_FILE": str(index)} if index else {})}
        try:
            done = subprocess.run(
                ["git", "-C", str(self.repo), *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env=environ,
            )
        except OSError as error:
            raise TaskError(f"git cannot be run: {error.strerror}", remedy="Install git") from error
        if done.returncode:
            raise TaskError(f"git {arguments[0]}: {done.stderr.strip() or 'failed'}", where=self.repo)
        return done.stdout


def source(repo: Path, verify: str) -> Source:
    """Check repository and command. Raises ``TaskError``."""
    try:
        words = tuple(shlex.split(verify))
    except ValueError as error:
        raise TaskError(f"--verify cannot be read: {error}", remedy='For example: --verify "pytest -q"') from error
    if not words:
        raise TaskError("--verify is empty", remedy='For example: --verify "pytest -q"')
    if not repo.is_dir():
        raise TaskError("there is no such folder", where=repo)
    made = Source(repo, words)
    made.git("rev-parse", "--git-dir")
    return made


async def suite_of_commits(
    made: Source, span: str, into: Path, bench: Bench
) -> tuple[tuple[TaskCheck, ...], tuple[Skipped, ...]]:
    """Write a task for each commit of ``A..B`` that proves sound; say of the others why not.

    A commit is sound when the command fails before it and passes after it, five times over. Raises ``TaskError``
    when none is.
    """
    commits = made.git("rev-list", "--no-merges", "--reverse", f"--max-count={MOST_COMMITS}", span).split()
    kept, skipped = [], []
    for commit in commits:
        folder = into / f"commit-{commit[:10]}"
        found = _changes(made, commit)
        reason: str | None = None
        if not made.git("rev-list", "--parents", "-n1", commit).split()[1:]:
            reason = "it has no parent"
        elif not found[1]:
            reason = "it changes nothing but tests"
        else:
            check, reason = await _proved(made, commit, folder, found, bench)
            if check is not None:
                kept.append(check)
        if reason is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            skipped.append(Skipped(commit[:10], reason))
    if not kept:
        said = "; ".join(f"{one.commit}: {one.reason}" for one in skipped[:3]) or "the range is empty"
        raise TaskError(
            f"no commit of {span} makes a task ({said})",
            where=made.repo,
            remedy="Take commits whose tests fail before and pass after, with what the machine has installed",
        )
    return tuple(kept), tuple(skipped)


async def suite_of_prompt(made: Source, prompt: str, into: Path, bench: Bench) -> None:
    """Write one task: the repository as committed, the prompt, the command. Nobody knows its solution.

    Raises ``TaskError`` when the command passes already: then it could not tell a good answer from none.
    """
    folder = into / "prompt"
    for part in ("tests", "solution"):
        (folder / part).mkdir(parents=True)
    _check_out(made, "HEAD", folder / "start")
    _write(made, folder, prompt, ("medium", _language(made.git("ls-files").split("\n"))), "exit_code")
    task = load_task(folder, need_recorded=False)
    workspace = bench.scratch / "prompt-start"
    await asyncio.to_thread(overlay, task, {}, workspace, start=True)
    found = (await grade(task, workspace, [], bench)).verdict
    shutil.rmtree(workspace, ignore_errors=True)
    if found.solved is None:
        raise TaskError(f"the verify command cannot be run: {found.detail}", where=made.repo)
    if found.solved:
        raise TaskError(
            f"'{shlex.join(made.verify)}' passes already, before anything is done",
            where=made.repo,
            remedy="Give a command that fails until the prompt is carried out, or a range: --commits A..B",
        )


def _changes(made: Source, commit: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the test files and the other files that a commit adds or changes."""
    listed = made.git(
        "diff-tree", "--no-commit-id", "-r", "--no-renames", "-z", "--name-only", "--diff-filter=AM", commit
    )
    files = [name for name in listed.split("\0") if name]
    return tuple(name for name in files if is_test(name)), tuple(name for name in files if not is_test(name))


def is_test(name: str) -> bool:
    """Tell a test file by its name or folder."""
    pure = PurePosixPath(name)
    return bool(_TEST_FOLDERS & set(pure.parts[:-1]) or _TEST_FILE.fullmatch(pure.name))


async def _proved(
    made: Source, commit: str, folder: Path, found: tuple[tuple[str, ...], tuple[str, ...]], bench: Bench
) -> tuple[TaskCheck | None, str | None]:
    """Write the task of a commit and prove it; with pytest by the ids of its tests where that can be done."""
    tests, sources = found
    try:
        _check_out(made, f"{commit}^", folder / "start")
        for part, names in (("tests", tests), ("solution", sources)):
            (folder / part).mkdir()
            _check_out(made, commit, folder / part, names)
    except TaskError as error:
        return None, error.what
    rows = made.git("diff-tree", "--no-commit-id", "-r", "--numstat", commit, "--", *sources).splitlines()
    lines = sum(int(n) for row in rows for n in row.split("\t")[:2] if n.isdigit())
    kind = ("easy" if lines < EASY else "medium" if lines < MEDIUM else "hard", _language(sources))
    said = _instruction(made.git("log", "-1", "--format=%B", commit), sources)
    reason = None
    for verifier in ("junit", "exit_code") if made.verify[0] == "pytest" else ("exit_code",):
        _write(made, folder, said, kind, verifier)
        check = await check_task(folder, bench, record=True)
        static = set(faults(load_task(folder, need_recorded=False)))
        wrong = [fault for fault in check.faults if fault not in static]
        if not wrong:
            return check, None
        reason = wrong[0].what
    return None, reason


def _instruction(message: str, sources: Sequence[str]) -> str:
    lines = [line for line in message.strip().splitlines() if not TRAILER.match(line)]
    return "\n".join(lines).strip() + f"\n\nFiles that this concerns: {', '.join(sources)}\n"


def _language(names: Sequence[str]) -> str:
    found = [LANGUAGES[suffix] for name in names if (suffix := PurePosixPath(name).suffix) in LANGUAGES]
    return max(sorted(set(found)), key=found.count) if found else "text"


def _write(made: Source, folder: Path, instruction: str, kind: tuple[str, str], verifier: str) -> None:
    """Write ``task.yaml`` (JSON is YAML) and ``instruction.md``."""
    difficulty, language = kind
    command = ["python", "-c", _RUN, *made.verify]
    task = {
        "type": "commit" if folder.name.startswith("commit-") else "prompt",
        "difficulty": difficulty,
        "language": language,
        "verifier": {"kind": verifier, "time_s": VERIFY_S, "command": command},
        "contamination": "Taken from a repository; a public one may be part of a model's training.",
    }
    (folder / "task.yaml").write_text(json.dumps(task, indent=2) + "\n", encoding="utf-8")
    (folder / "instruction.md").write_text(instruction, encoding="utf-8")


def _check_out(made: Source, commit: str, into: Path, names: Sequence[str] | None = None) -> None:
    """Write files of a commit (default: all). Raises ``TaskError`` for a tree that is too large."""
    sizes = made.git("ls-tree", "-r", "-l", commit, *(["--", *names] if names else [])).splitlines()
    if names is None and sum(int(size) for row in sizes if (size := row.split()[3]).isdigit()) > MOST_BYTES:
        raise TaskError(f"its files are larger than {MOST_BYTES >> 20} MB", where=made.repo)
    into.mkdir(parents=True, exist_ok=True)
    if names is not None and not names:
        return
    with tempfile.TemporaryDirectory(prefix="assay-index-") as scratch:
        index = Path(scratch) / "index"
        made.git("read-tree", commit, index=index)
        wanted = ["--", *names] if names is not None else ["-a"]
        made.git("checkout-index", f"--prefix={into.resolve()}/", *wanted, index=index)
