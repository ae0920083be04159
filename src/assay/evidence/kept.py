"""``facts/normalised/<attempt>.json.gz``: what normalisation made of an attempt, kept for the next report.

Derived, and never the truth: it may be deleted at any time, and what is damaged, or was made of other evidence, by
other code or for another arm, is passed over. Calls are not in it, as they are read from the gateway's log anyway.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from assay.evidence.normalise import NORMALISE_VERSION, CallFact, Normalised
from assay.evidence.plain import from_plain
from assay.evidence.sources.readers import BUILT_IN
from assay.identity import content_id
from assay.records import Arm, Call, Role

FOLDER = "normalised"
_FAST = 1
_TOLD = ("agent_name", "effort", "stop_reason", "tries", "cost_reported", "seen_by")


def key(evidence: str, arm: Arm) -> str | None:
    """Return what the facts of sealed evidence depend on, as one id; None where that cannot be known.

    ``evidence`` is the id that the ledger has of it. A reader that is a plug-in may change unseen: None.
    """
    name = arm.agent.partition("@")[0]
    if name not in BUILT_IN:
        return None
    declared = (arm.agent, arm.model, arm.profile, arm.settings)
    return content_id("normalised", [NORMALISE_VERSION, code(), evidence, *declared])


@lru_cache(maxsize=1)
def code() -> str:
    """Return the id of the code that makes facts, so that what an older reader saw is never taken for a newer one's."""
    root = Path(__file__).parent
    files = [*sorted(root.rglob("*.py")), root.parent / "records.py"]
    return sha256(b"\0".join(path.read_bytes() for path in files if path.is_file())).hexdigest()


def load(folder: Path, attempt: str, wanted: str, calls: Sequence[Call]) -> Normalised | None:
    """Return what ``store`` kept below ``folder`` (``facts/``); None when it is not there, or not of ``wanted``."""
    try:
        data = json.loads(gzip.decompress(_path(folder, attempt).read_bytes()))
        if data["key"] != wanted or [row["seq"] for row in data["calls"]] != [call.seq for call in calls]:
            return None
        rows = zip(calls, data["calls"], strict=True)
        return replace(from_plain(Normalised, data["facts"]), calls=tuple(_with_call(*pair) for pair in rows))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def store(folder: Path, attempt: str, made_of: str, facts: Normalised) -> None:
    """Keep the facts of an attempt below ``folder``, its file replaced whole; nothing where that cannot be done."""
    rows = [{"seq": one.call.seq, **{name: getattr(one, name) for name in ("role", *_TOLD)}} for one in facts.calls]
    data = {"key": made_of, "calls": rows, "facts": replace(facts, calls=()).to_json()}
    path = _path(folder, attempt)
    half = path.with_suffix(f".{os.getpid()}.half")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(gzip.compress(json.dumps(data, separators=(",", ":")).encode(), _FAST, mtime=0))
        half.replace(path)


def _with_call(call: Call, row: Mapping[str, Any]) -> CallFact:
    role = row["role"]
    told = {name: row[name] for name in _TOLD}
    return CallFact(call, None if role is None else Role(role), **told)


def _path(folder: Path, attempt: str) -> Path:
    return folder / FOLDER / f"{attempt}.json.gz"
