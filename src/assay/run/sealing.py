"""Whether evidence is what it was when its attempt was settled: the ledger holds the content id of every folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from assay.evidence.layout import is_as_sealed
from assay.records import Attempt, OwnerKind
from assay.run.opening import Run

NAMED = 5
_ABOUT = "evidence of "


async def differing(run: Run) -> tuple[Attempt, ...]:
    """Hash all sealed evidence; return the attempts whose evidence is gone or not what was sealed."""
    found = []
    for attempt, sealed in await _sealed(run):
        folder = run.folder.attempt(attempt.owner, attempt.number)
        if not await asyncio.to_thread(is_as_sealed, folder, sealed):
            found.append(attempt)
    return tuple(found)


async def missing(run: Run) -> tuple[Attempt, ...]:
    """Return the attempts whose folder of evidence is gone. Reads no file."""
    return tuple(
        attempt for attempt, _ in await _sealed(run) if not run.folder.attempt(attempt.owner, attempt.number).is_dir()
    )


async def _sealed(run: Run) -> list[tuple[Attempt, str]]:
    sealed = await run.ledger.evidence()
    attempts = [attempt for attempt in await run.ledger.attempts() if attempt.owner_kind is OwnerKind.TRIAL]
    return [(attempt, sealed[attempt.id]) for attempt in attempts if attempt.id in sealed]


def name(attempt: Attempt) -> str:
    """Return how people find the attempt: its trial and its number."""
    return f"{attempt.owner}/{attempt.number}"


def differs_sentence(attempts: Sequence[str]) -> str:
    """Say whose evidence differs, naming the first few (``trial/number``)."""
    return f"{_ABOUT}{_count(attempts)} differs from what was sealed: {_some(attempts)}"


def missing_sentence(attempts: Sequence[str]) -> str:
    """Say whose evidence is gone, naming the first few."""
    return f"{_ABOUT}{_count(attempts)} is missing: {_some(attempts)}"


def is_about_evidence(note: str) -> bool:
    """Tell the sentences of this module among the notes of a run."""
    return note.startswith(_ABOUT)


def _count(attempts: Sequence[str]) -> str:
    return f"{len(attempts)} {'attempt' if len(attempts) == 1 else 'attempts'}"


def _some(attempts: Sequence[str]) -> str:
    return ", ".join(attempts[:NAMED]) + (", ..." if len(attempts) > NAMED else "")
