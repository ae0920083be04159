import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Price
from assay.report.json_report import SCHEMA_VERSION, render_json, report_data
from assay.testing.facts import make_facts

Evidence = tuple[Analysis, Lock, Facts]
SCHEMA: dict[str, Any] = json.loads((files("assay.report") / "report.schema.json").read_text(encoding="utf-8"))
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def is_type(value: object, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def problems(value: Any, schema: Mapping[str, Any], where: str = "$") -> list[str]:
    """The part of JSON Schema that the report's schema uses."""
    if "$ref" in schema:
        return problems(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], where)
    if "anyOf" in schema:
        found = [problems(value, option, where) for option in schema["anyOf"]]
        return [] if [] in found else found[0]
    fixed = [schema["const"]] if "const" in schema else schema.get("enum")
    if fixed is not None:
        return [] if value in fixed else [f"{where}: {value!r} is none of {fixed}"]
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(is_type(value, name) for name in allowed):
        return [f"{where}: {value!r} is not {allowed}"]
    if isinstance(value, list):
        return [p for i, item in enumerate(value) for p in problems(item, schema["items"], f"{where}[{i}]")]
    return of_object(value, schema, where) if isinstance(value, dict) else []


def of_object(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> list[str]:
    properties, extra = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{where}: {key} is missing" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        if key in properties:
            found += problems(item, properties[key], f"{where}.{key}")
        elif isinstance(extra, dict):
            found += problems(item, extra, f"{where}.{key}")
        elif extra is False:
            found.append(f"{where}: {key} is not in the schema")
    return found


def test_the_checker_sees_what_is_wrong() -> None:
    arm = SCHEMA["$defs"]["interval"]
    assert problems({"low": "1", "high": None, "target": "all", "n": True, "method": "t"}, arm) == [
        "$: reason is missing",
        "$.low: '1' is not ['number', 'null']",
        "$.target: 'all' is none of ['these tasks', 'tasks like these']",
        "$.n: True is not ['integer']",
    ]


def test_matches_its_schema(evidence: Evidence) -> None:
    data = json.loads(render_json(*evidence))
    assert problems(data, SCHEMA) == []
    assert data["schema_version"] == SCHEMA_VERSION == SCHEMA["properties"]["schema_version"]["const"]


def test_the_text_is_the_data(evidence: Evidence) -> None:
    assert json.loads(render_json(*evidence)) == report_data(*evidence)


def test_carries_what_programs_were_promised(evidence: Evidence) -> None:
    data = report_data(*evidence)
    assert data["simulated"] is True
    assert {"planned", "settled", "lost_attempts", "by_outcome"} <= data["trials"].keys()
    arm = data["arms"][0]
    assert {"id", "label", "n_tasks", "n_trials", "cost_usd", "tokens", "tie_group"} <= arm.keys()
    for measure in ("solved", "score"):
        assert {"mean", "low", "high", "target"} <= arm[measure].keys()
        assert arm[measure]["target"] == "tasks like these"
        assert arm[measure]["these_tasks"]["target"] == "these tasks"
    assert arm["cost_per_solved"] is None or isinstance(arm["cost_per_solved"], float)
    finding = data["findings"][0]
    assert {"a", "b", "difference", "low", "high", "p", "p_corrected", "target", "verdict"} <= finding.keys()
    assert isinstance(data["verdict"], str)


def test_numbers_are_the_analysis(evidence: Evidence) -> None:
    analysis, lock, facts = evidence
    data = report_data(analysis, lock, facts)
    arms = {arm["id"]: arm for arm in data["arms"]}
    for summary in analysis.arms:
        arm = arms[summary.id]
        assert arm["solved"]["mean"] == summary.solved.like.mean
        assert arm["solved"]["these_tasks"]["low"] == summary.solved.these.low
        assert arm["cost_per_solved"] == summary.cost_per_solved.mean
        assert arm["cost_per_solved_interval"]["high"] == summary.cost_per_solved.high
        assert arm["tokens"]["total"] == summary.tokens.total
    assert sum(data["trials"]["by_outcome"].values()) == facts.health.settled
    assert [finding["difference"] for finding in data["findings"]] == [f.difference for f in analysis.findings]
    assert {finding["a"] for finding in data["findings"]} <= arms.keys()


def test_arms_stand_in_order_of_the_primary_measure(evidence: Evidence) -> None:
    means = [arm["solved"]["mean"] for arm in report_data(*evidence)["arms"]]
    assert means == sorted(means, reverse=True)


def test_unknown_is_null_and_never_zero() -> None:
    facts, lock = make_facts(5, n_tasks=9, unpriced=("steady",))
    arms = {arm["label"]: arm for arm in report_data(analyse(facts, lock), lock, facts)["arms"]}
    assert arms["steady"]["cost_usd"] is None
    assert arms["steady"]["cost_per_solved"] is None
    assert arms["steady"]["cost_unknown"] == arms["steady"]["n_trials"]
    assert arms["swift"]["cost_usd"] > 0


def test_prices_of_lock_and_ledger_stand_once(by_hand_evidence: Evidence) -> None:
    analysis, lock, facts = by_hand_evidence
    met = Price("p2", "lab", "lab/deep", 3000, 15000, source="lab", as_of="2026-01-01", simulated=True)
    first = Price("p1", "anthropic", "claude", 1000, None)
    facts = replace(facts, prices=(met, first))
    data = report_data(analysis, replace(lock, prices=(first.to_json(),)), facts)
    assert [price["id"] for price in data["provenance"]["prices"]] == ["p1", "p2"]
    assert data["provenance"]["prices"][0]["output"] is None


def test_keeps_text_but_cannot_steer_a_terminal(hostile: Evidence) -> None:
    text = render_json(*hostile)
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["run"]["name"] == hostile[1].name


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_refuses_what_is_not_json(by_hand_evidence: Evidence, value: float) -> None:
    analysis, lock, facts = by_hand_evidence
    broken = replace(analysis, arms=(replace(analysis.arms[0], wall_s=value), *analysis.arms[1:]))
    with pytest.raises(ValueError, match="Out of range"):
        render_json(broken, lock, facts)
