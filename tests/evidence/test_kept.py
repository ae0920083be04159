"""Facts of an attempt that are kept: the same as those made anew, or passed over."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from assay.evidence import kept
from assay.evidence.calls import read_calls
from assay.evidence.normalise import Normalised, normalise
from assay.records import Arm, Call

RECORDED = sorted(path.parent for path in (Path(__file__).parent / "sources").glob("*/*/gateway.jsonl"))
ARM = Arm("codex", "1", "always", "lab", profile={"agents": [{"name": "coder", "model": "swift"}]})


def made(folder: Path) -> tuple[Arm, tuple[Call, ...], Normalised]:
    arm = replace(ARM, agent=folder.parent.name.replace("_", "-"))
    calls = read_calls(folder)
    return arm, calls, normalise(folder, arm, calls)


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_kept_is_what_was_made(folder: Path, tmp_path: Path) -> None:
    _, calls, facts = made(folder)
    kept.store(tmp_path, "a", "k", facts)
    assert kept.load(tmp_path, "a", "k", calls) == facts
    assert kept.load(tmp_path, "a", "other", calls) is None
    assert kept.load(tmp_path, "b", "k", calls) is None
    assert kept.load(tmp_path, "a", "k", calls[:-1]) is None, "another log"


@pytest.mark.parametrize("damage", ["cut", "bytes", "no gzip", "other shape", "unknown field", "missing field"])
def test_what_is_damaged_or_foreign_is_passed_over(tmp_path: Path, damage: str) -> None:
    _, calls, facts = made(RECORDED[0])
    kept.store(tmp_path, "a", "k", facts)
    (path,) = (tmp_path / kept.FOLDER).iterdir()
    packed = path.read_bytes()
    data = json.loads(gzip.decompress(packed))
    unknown = {**data, "facts": {**data["facts"], "sources": [{"colour": "blue"}]}}
    missing = {**data, "facts": {**data["facts"], "tool_calls": [{"id": "1"}]}}
    path.write_bytes(
        {
            "cut": packed[: len(packed) // 2],
            "bytes": packed[:200] + b"\0\0\0\0" + packed[204:],
            "no gzip": b"{}",
            "other shape": gzip.compress(b"[]"),
            "unknown field": gzip.compress(json.dumps(unknown).encode()),
            "missing field": gzip.compress(json.dumps(missing).encode()),
        }[damage]
    )
    assert kept.load(tmp_path, "a", "k", calls) is None


def test_the_key_is_evidence_arm_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    key = kept.key("seal", ARM)
    assert key is not None
    assert key == kept.key("seal", replace(ARM, label="another name"))
    assert kept.key("other", ARM) != key
    assert kept.key("seal", replace(ARM, profile={})) != key, "what is declared decides what has leaked"
    assert kept.key("seal", replace(ARM, settings={"built_in_agents": True})) != key, "and so do settings"
    assert kept.key("seal", replace(ARM, model="swift")) != key, "and whose a request is"
    assert kept.key("seal", replace(ARM, agent="from-a-plug-in")) is None
    monkeypatch.setattr(kept, "code", lambda: "another reader")
    assert kept.key("seal", ARM) != key


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / kept.FOLDER).write_text("a file")
    kept.store(tmp_path, "a", "k", Normalised())
    assert kept.load(tmp_path, "a", "k", ()) is None
