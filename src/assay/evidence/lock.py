"""``lock.json``: everything a run resolved before its first claim. It never changes afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.errors import RunError
from assay.identity import content_id
from assay.records import Arm, Record

LOCK_VERSION = 1


@dataclass(frozen=True, slots=True)
class LockedTask(Record):
    """One task as frozen under ``inputs/<hash>``."""

    id: str
    hash: str
    type: str
    difficulty: str
    language: str
    tags: tuple[str, ...] = ()
    expects_start_to_pass: bool = False


@dataclass(frozen=True, slots=True)
class Lock(Record):
    """The resolved experiment.

    ``arms`` in declared order. ``experiment`` is the validated file as plain data; ``predict`` what was predicted,
    with ``prediction_id`` its hash. ``weights`` are the composite's declared weights (sum 1). ``machine``
    names versions, toolchain hash, sandbox mechanism and git state.
    """

    run_id: str
    name: str
    created: int
    experiment_id: str
    experiment: Mapping[str, Any]
    arms: tuple[Arm, ...]
    tasks: tuple[LockedTask, ...]
    repetitions: int
    seed: int
    simulated: bool
    primary: str = "solved"
    weights: Mapping[str, float] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prices: tuple[Mapping[str, Any], ...] = ()
    predict: Mapping[str, Any] = field(default_factory=dict)
    prediction_id: str | None = None
    excluded: tuple[Mapping[str, Any], ...] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)
    version: int = LOCK_VERSION

    @property
    def without_isolation(self) -> str | None:
        """Name of the kind of sandbox where it walls off not both files and network; None where it does."""
        kind = str(self.machine.get("sandbox", ""))
        return None if self.machine.get("sandbox_isolates", "unsafe" not in kind) else kind

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Providers that a subscription pays: what their arms cost is API-equivalent, and billed to nobody."""
        return tuple(name for name, one in sorted(self.providers.items()) if one.get("billing") == "subscription")

    def write(self, path: Path) -> None:
        """Write once; raises ``RunError`` when a different lock is there."""
        text = json.dumps(self.to_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise RunError("the lock of a run never changes", where=path, remedy="Start a new run with --out")
        half = path.with_name(f".{path.name}.half")
        half.write_text(text, encoding="utf-8")
        half.replace(path)

    @property
    def id(self) -> str:
        """Content id of the whole lock."""
        return content_id("lock", self.to_json())


def _made_by(data: object) -> str:
    """Name the version that can read a lock, where the lock says which one wrote it."""
    machine = data.get("machine") if isinstance(data, dict) else None
    version = machine.get("assay") if isinstance(machine, dict) else None
    return f"Read it with Assay {version}, which wrote it" if version else "Read it with the version that wrote it"


def read_lock(path: Path) -> Lock:
    """Read ``lock.json``. Raises ``RunError`` for a missing, broken or newer file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunError("not a run folder: it has no lock.json", where=path.parent) from error
    except OSError as error:
        raise RunError(f"cannot be read: {(error.strerror or str(error)).lower()}", where=path) from error
    except ValueError as error:
        raise RunError(f"cannot be read: {error}", where=path) from error
    version = data.get("version") if isinstance(data, dict) else None
    if version != LOCK_VERSION:
        raise RunError(
            f"was written by another version of Assay (format {version}, this one reads {LOCK_VERSION})",
            where=path,
            remedy=_made_by(data),
        )
    try:
        data["arms"] = tuple(Arm.from_json(arm) for arm in data["arms"])
        data["tasks"] = tuple(LockedTask.from_json({**task, "tags": tuple(task["tags"])}) for task in data["tasks"])
        for key in ("prices", "excluded"):
            data[key] = tuple(data[key])
        return Lock.from_json(data)
    except (KeyError, TypeError) as error:
        raise RunError(f"is not a lock: {error}", where=path) from error
