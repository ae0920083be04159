"""One attempt through everything that is real: experiment, gateway, Lab, sandbox, agent, ledger, verifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.agents.kinds import agent
from assay.errors import MachineError
from assay.evidence.calls import read_calls
from assay.evidence.layout import RunFolder
from assay.evidence.outcomes import TrialOutcome
from assay.experiment.load import experiment_from
from assay.records import Attempt, Call
from assay.run.driver import DriveOptions
from assay.run.execute import execute
from assay.run.facts import outcomes_of
from assay.run.opening import open_run


@dataclass(frozen=True, slots=True)
class Driven:
    """What one attempt left. ``folder`` is its evidence, ``run`` the whole run folder."""

    run: RunFolder
    attempt: Attempt
    outcome: TrialOutcome
    folder: Path
    calls: tuple[Call, ...]


def missing_agent(name: str) -> str | None:
    """Say why an agent cannot be driven here, for a test's skip; None when it can."""
    try:
        agent(name).version()
    except MachineError as error:
        return str(error)
    return None


async def drive_all(root: Path, **experiment: Any) -> tuple[Driven, ...]:
    """Run an experiment (keys as in the file) below ``root`` and return its trials in plan order."""
    given: Mapping[str, Any] = {"name": "driven", "suite": "focused", "reps": 1, "retries": 0, **experiment}
    folder = RunFolder(root / "run")
    options = DriveOptions(probe=False, anchors=False)
    await execute(experiment_from(folder=root, **given), folder, options)
    run = await open_run(folder)
    try:
        outcomes = await outcomes_of(run)
    finally:
        await run.ledger.close()
    return tuple(_driven(folder, outcome) for outcome in outcomes)


async def drive_one(root: Path, **experiment: Any) -> Driven:
    """Run an experiment of one trial."""
    (only,) = await drive_all(root, **experiment)
    return only


def _driven(folder: RunFolder, outcome: TrialOutcome) -> Driven:
    assert outcome.attempt is not None, "the trial settled"
    evidence = folder.attempt(outcome.attempt.owner, outcome.attempt.number)
    return Driven(folder, outcome.attempt, outcome, evidence, read_calls(evidence))
