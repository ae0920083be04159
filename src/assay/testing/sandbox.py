"""Conformance of a sandbox kind: run by our tests, and by those who write another.

::

    python -m assay.testing.sandbox bubblewrap [CHECK ...]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.sandboxes.base import Capabilities, SandboxKind
from assay.sandboxes.kinds import sandbox_kind
from assay.testing.sandbox_bench import Bench, Check
from assay.testing.sandbox_files import FILE_CHECKS
from assay.testing.sandbox_hostile import (
    LIMIT_CHECKS,
    MEMORY_CHECKS,
    PROCESS_CHECKS,
    memory_without_a_process_is_counted,
)
from assay.testing.sandbox_programs import PROGRAM_CHECKS
from assay.testing.sandbox_walls import DOOR_CHECKS, NETWORK_CHECKS, WALL_CHECKS


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went; ``failure`` is None when it passed."""

    name: str
    failure: str | None
    seconds: float


def checks_for(capabilities: Capabilities, *, programs: bool = True) -> Mapping[str, Check]:
    """Return the checks that a kind must pass, by name: more promises, more checks.

    ``programs=False`` is for doubles that execute nothing.
    """
    chosen: list[Check] = [*FILE_CHECKS]
    if programs:
        chosen += [*PROGRAM_CHECKS, *DOOR_CHECKS, *LIMIT_CHECKS]
        chosen += MEMORY_CHECKS if capabilities.limits_memory else ()
        chosen += PROCESS_CHECKS if capabilities.limits_processes else ()
        chosen += NETWORK_CHECKS if capabilities.isolates_network else ()
        chosen += WALL_CHECKS if capabilities.isolates_files else ()
        if capabilities.limits_memory and capabilities.isolates_files:
            chosen.append(memory_without_a_process_is_counted)
    return {check.__name__: check for check in chosen}


async def check_sandbox(
    kind: SandboxKind,
    folder: Path,
    *,
    python: str = "python3",
    programs: bool = True,
    only: Collection[str] = (),
) -> tuple[CheckResult, ...]:
    """Run every check that applies to ``kind``, each in its own folder below ``folder``; none stops the others.

    ``python`` is a Python 3 inside the sandbox; ``only`` chooses checks by name.
    """
    results = []
    for name, check in checks_for(kind.capabilities, programs=programs).items():
        if only and name not in only:
            continue
        place = folder / name
        place.mkdir(parents=True)
        begun = time.monotonic()
        failure = None
        try:
            await check(Bench(kind, place, python))
        except Exception as error:  # noqa: BLE001  # any failure of a check is a result
            failure = _told(error)
        results.append(CheckResult(name, failure, time.monotonic() - begun))
    return tuple(results)


def _told(error: Exception) -> str:
    """Name the line that failed: a bare assertion says nothing by itself."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}: {frame.line} ({type(error).__name__} {error})"


def main(name: str, *only: str) -> int:
    """Check a kind by name and print one line per check; 1 when any failed or none applied."""
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(check_sandbox(sandbox_kind(name), Path(folder), only=only))
    for result in results:
        sys.stdout.write(f"{'FAILED' if result.failure else 'ok':6} {result.seconds:5.1f} s  {result.name}\n")
        if result.failure:
            sys.stdout.write(f"       {result.failure}\n")
    return int(not results or any(result.failure for result in results))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
