"""Of real attempts with sources taken away and requests left open: every measure is None, or is supported by the whole.

A measure that is 0 must be 0 of the whole attempt too; what the gateway alone measures never depends on the others.
"""

import json
import random
import shutil
from pathlib import Path

import pytest

from assay.evidence.calls import LOG_NAME, read_calls
from assay.evidence.measures import MEASURES
from assay.evidence.normalise import Normalised, normalise
from assay.records import Arm

RECORDED = sorted(path.parent for path in (Path(__file__).parent / "sources").glob("*/*/gateway.jsonl"))
PARTS = ("home", "otlp", "steps", "otlp/logs.bin", "otlp/metrics.bin", "otlp/traces.bin")
GATEWAY = [name for name, measure in MEASURES.items() if measure.source == "gateway"]
COUNTS = ("tool_calls", "tool_calls_failed", "commits", "delegations_invoked")
OF_THE_ENDED = "tool_error_rate"
"""It is of those uses whose end is known, and says so."""
ROUNDS = 8


def facts(folder: Path) -> Normalised:
    agent = folder.parent.name.replace("_", "-")
    arm = Arm(agent, "1", "always", "lab", profile={"agents": [{"name": "coder", "model": "swift"}]})
    return normalise(folder, arm, read_calls(folder))


def changed(folder: Path, open_calls: set[int], unpriced: set[int]) -> None:
    """Leave requests without an end, and others without a price."""
    kept = []
    for line in (folder / LOG_NAME).read_text().splitlines():
        entry = json.loads(line)
        if entry["e"] == "end" and entry["seq"] in open_calls:
            continue
        if entry["e"] == "end" and entry["seq"] in unpriced:
            entry.pop("cost", None)
        kept.append(json.dumps(entry) + "\n")
    (folder / LOG_NAME).write_text("".join(kept))


def without(folder: Path, parts: list[str]) -> None:
    for part in parts:
        path = folder / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_measure_is_unknown_or_supported(recorded: Path, tmp_path: Path) -> None:
    chance = random.Random(recorded.name)
    seqs = [call.seq for call in read_calls(recorded)]
    for number in range(ROUNDS):
        folder = Path(shutil.copytree(recorded, tmp_path / str(number) / recorded.parent.name / "a"))
        open_calls = {seq for seq in seqs if chance.random() < chance.choice((0.0, 0.3, 1.0))}
        unpriced = {seq for seq in seqs if chance.random() < chance.choice((0.0, 0.0, 0.5))}
        changed(folder, open_calls, unpriced)
        whole = facts(folder)
        without(folder, taken := chance.sample(PARTS, chance.randrange(len(PARTS) + 1)))
        some, calls = facts(folder), read_calls(folder)
        said = f"{recorded.name}, without {taken}, open {open_calls}, unpriced {unpriced}"
        assert some.lower_bound == any(call.in_flight_at_kill for call in calls), said
        for name, value in some.measures.items():
            assert value is None or value or name == OF_THE_ENDED or not whole.measures[name], f"{name} is 0: {said}"
            assert name not in GATEWAY or value == whole.measures[name], f"{name}: {said}"
        for name in COUNTS:
            value, more = some.measures[name], whole.measures[name]
            assert value is None or more is None or value <= more, f"{name}: {said}"
        told = [call for call in calls if call.tokens.total is not None]
        assert (some.measures["tokens_total"] is None) == (not told), said
        if not told or any(call.cost is None for call in told):
            assert (some.cost_usd, some.measures["cost_usd"]) == (None, None), said


def test_an_attempt_that_left_nothing_reports_nothing(tmp_path: Path) -> None:
    (tmp_path / "codex").mkdir()
    found = facts(tmp_path / "codex" / "a").measures
    of_no_requests = ("requests", "requests_failed", "delegated_tokens", "delegated_cost_usd", "auxiliary_tokens",
                      "auxiliary_cost_usd")  # fmt: skip
    known = {name: value for name, value in found.items() if value is not None}
    assert known == {**dict.fromkeys(of_no_requests, 0), "delegations_registered": 1}
