"""The run folder: which file lies where, and how inputs are frozen into it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.identity import content_id, tree_entries


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths below one run's root. Nothing here touches the disk but ``freeze``."""

    root: Path

    @property
    def experiment(self) -> Path:
        """The experiment file as given."""
        return self.root / "experiment.yaml"

    @property
    def lock(self) -> Path:
        """Everything resolved."""
        return self.root / "lock.json"

    @property
    def ledger(self) -> Path:
        """The books."""
        return self.root / "ledger.sqlite"

    @property
    def facts(self) -> Path:
        """Tables derived from ledger and evidence."""
        return self.root / "facts"

    @property
    def kept(self) -> Path:
        """Sandboxes that were kept for a person to look into, by attempt id."""
        return self.root / "kept"

    @property
    def driver_lock(self) -> Path:
        """Held by the one driver that runs this folder."""
        return self.root / ".driver"

    def input(self, digest: str) -> Path:
        """A frozen input by content: the folder that holds it."""
        return self.root / "inputs" / digest

    def attempt(self, owner: str, number: int) -> Path:
        """The evidence of one attempt."""
        return self.root / "evidence" / owner / str(number)

    def probe(self, attempt: str) -> Path:
        """The evidence of one probe, by attempt id."""
        return self.root / "probes" / attempt

    def step(self, owner: str, number: int, step: int) -> Path:
        """The evidence of one step of an attempt."""
        return self.attempt(owner, number) / "steps" / str(step)

    def scores(self, scorer: str, scorer_hash: str, attempt: str) -> Path:
        """Where a scorer leaves what it saw of one attempt."""
        return self.root / "scores" / f"{scorer}@{scorer_hash}" / attempt

    def freeze(self, source: Path, digest: str) -> Path:
        """Copy a folder to ``inputs/<digest>/<its name>``, once; atomic, so that a half copy is never used."""
        holder = self.input(digest)
        if not holder.exists():
            holder.parent.mkdir(parents=True, exist_ok=True)
            half = holder.with_name(f".{digest}.{os.getpid()}")
            shutil.rmtree(half, ignore_errors=True)
            ignored = shutil.ignore_patterns("__pycache__", ".git")
            shutil.copytree(source, half / source.name, symlinks=True, ignore=ignored)
            half.rename(holder)
        return holder / source.name


def evidence_id(folder: Path) -> str:
    """Return the content id of a folder of evidence: names and hashes, no times."""
    return content_id(
        "evidence", [[relative, kind, digest] for relative, kind, _, digest in sorted(tree_entries(folder))]
    )


def seal(folder: Path) -> str:
    """Make evidence read-only, so that no accident changes it, and return its ``evidence_id``."""
    for path, status in _below(folder):
        if stat.S_ISREG(status.st_mode):
            Path(path).chmod(0o444)
    return evidence_id(folder)


def is_as_sealed(folder: Path, sealed: str) -> bool:
    """True when ``folder`` holds what ``seal`` found in it; a file that cannot be read is a difference."""
    try:
        return evidence_id(folder) == sealed
    except OSError:
        return False


def bytes_below(folder: Path) -> int:
    """Return the size of a folder of evidence, so that a large one is sealed apart from the event loop."""
    return sum(status.st_size for _, status in _below(folder))


def _below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for where, _, files in os.walk(folder):
        for name in files:
            path = f"{where}/{name}"
            yield path, os.lstat(path)
