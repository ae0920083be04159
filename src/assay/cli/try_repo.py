"""``assay try --repo``: somebody's own repository as the suite."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from assay.cli.output import counted, progress
from assay.errors import InputError
from assay.run.repository import source, suite_of_commits, suite_of_prompt
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.verification import Bench


@dataclass(frozen=True, slots=True)
class Wanted:
    """A repository, its verify command, and either a prompt or a range of commits."""

    repo: Path
    verify: str
    prompt: str | None
    commits: str | None

    @staticmethod
    def of(repo: Path | None, verify: str | None, prompt: str | None, commits: str | None) -> Wanted | None:
        """Put the options together; None when the built-in tasks are meant. Raises a usage error."""
        if repo is None:
            if verify or prompt or commits:
                raise click.UsageError("--verify, --prompt and --commits go with --repo PATH")
            return None
        if verify is None or (prompt is None) == (commits is None):
            raise click.UsageError("--repo needs --verify COMMAND, and either --prompt TEXT or --commits A..B")
        return Wanted(repo, verify, prompt if prompt is None else _words(prompt), commits)


def _words(prompt: str) -> str:
    if not prompt.startswith("@"):
        return prompt
    path = Path(prompt[1:]).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the prompt cannot be read: {error}", where=path) from error


def write_suite(wanted: Wanted, into: Path, scratch: Path, sandbox: str | None) -> None:
    """Write the suite and say what became a task and what did not. Raises ``TaskError`` when nothing did."""
    console = progress()
    made = source(wanted.repo, wanted.verify)
    scratch.chmod(0o711)  # the sandbox's user must be able to reach what lies in it
    python = toolchain("python")
    bench = Bench(sandbox_kind(sandbox), scratch, python.mounts, python.python, python.env)
    if wanted.prompt is not None:
        asyncio.run(suite_of_prompt(made, wanted.prompt, into, bench))
        console.print("one task from the prompt: the verify command fails now, as it should")
        return
    console.print(f"proving each commit of {wanted.commits} with '{shlex.join(made.verify)}', in a sandbox, offline")
    kept, skipped = asyncio.run(suite_of_commits(made, str(wanted.commits), into, bench))
    for one in skipped:
        console.print(f"skipped {one.commit}: {one.reason}")
    console.print(f"{counted(len(kept), 'task')} from {counted(len(kept) + len(skipped), 'commit')}")
