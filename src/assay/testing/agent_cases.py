"""Cases of real agents, run side by side in one experiment: a start of an agent costs seconds of processor time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from assay.evidence.bodies import read_bodies
from assay.evidence.lock import read_lock
from assay.evidence.normalise import Normalised, normalise
from assay.evidence.sources.base import Source
from assay.evidence.sources.values import texts
from assay.records import Arm, Call, Role
from assay.testing.driving import Driven, drive_all

__all__ = ["Case", "Cases", "Seen", "drive_cases", "texts"]

CASE = "case"
"""The key of ``lab_script`` that names the case; the Lab reads others."""


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt. ``script`` is a ``lab_script``; ``settings`` the arm's; ``profile`` and ``variant`` by name."""

    agent: str
    name: str
    script: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile: str = "plain"
    variant: str = "plain"

    @property
    def arm(self) -> dict[str, Any]:
        """The row of the experiment."""
        settings = {**self.settings, "lab_script": {CASE: self.name, **self.script}}
        names = {"profile": self.profile, "variant": self.variant}
        return {"agent": self.agent, "model": "main", "settings": settings, **names}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one case left, with its facts."""

    driven: Driven
    arm: Arm
    facts: Normalised

    @property
    def sentences(self) -> dict[Source, str]:
        """Each source's verdict against the gateway."""
        return {one.source: one.sentence for one in self.facts.sources}

    @property
    def whole(self) -> list[Call]:
        """Requests that were answered to their end."""
        return [call for call in self.driven.calls if call.tokens.total is not None and not call.in_flight_at_kill]

    def exit(self, step: int = 0) -> Mapping[str, Any]:
        """The exit record of one step, as it was written down."""
        status = json.loads((self.driven.folder / "steps" / str(step) / "status.json").read_text())
        found: Mapping[str, Any] = status["exit"]
        return found

    def requests(self, step: int | None = None) -> list[Mapping[str, Any]]:
        """The bodies of the main loop's answered requests, as the gateway stored them."""
        steps = {
            fact.call.seq: fact.call.step
            for fact in self.facts.calls
            if fact.role is Role.MAIN and fact.call.tokens.total is not None
        }
        wanted = {seq for seq, number in steps.items() if step in {None, number}}
        bodies = (body for body in read_bodies(self.driven.folder) if body.part == "request" and body.seq in wanted)
        return [json.loads(body.unpack()) for body in bodies]


Cases: TypeAlias = Mapping[tuple[str, str], Seen]


async def drive_cases(root: Path, cases: Sequence[Case], **experiment: Any) -> Cases:
    """Run all cases as one experiment below ``root``; by agent and case.

    Variants, profiles and models that no case names are left out, as every row takes its own.
    """
    profiles = {"plain": {}, **experiment.pop("profiles", {})}
    variants = {"plain": {}, **experiment.pop("variants", {})}
    given = {
        "arms": [case.arm for case in cases],
        "profiles": {name: profiles[name] for name in sorted({case.profile for case in cases})},
        "variants": {name: variants[name] for name in sorted({case.variant for case in cases})},
    }
    found = {}
    for driven in await drive_all(root, **given, **experiment):
        arm = next(arm for arm in read_lock(driven.run.lock).arms if arm.id == driven.outcome.trial.arm)
        found[arm.agent, _case(arm)] = Seen(driven, arm, normalise(driven.folder, arm, driven.calls))
    return found


def _case(arm: Arm) -> str:
    script = arm.settings["lab_script"]
    return str((json.loads(script) if isinstance(script, str) else script)[CASE])  # type: ignore[call-overload,index]
