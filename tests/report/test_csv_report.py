import csv
import io
from dataclasses import replace

import pytest

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report.csv_report import render_csv
from assay.report.json_report import report_data

Evidence = tuple[Analysis, Lock, Facts]


def rows_of(evidence: Evidence) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(*evidence), newline="")))


def test_one_row_for_each_arm_and_task(evidence: Evidence) -> None:
    rows = rows_of(evidence)
    assert {(row["arm_id"], row["task"]) for row in rows} == {(cell.arm, cell.task) for cell in evidence[2].cells}
    assert len(rows) == len(evidence[2].cells)
    assert {row["simulated"] for row in rows} == {"true"}


def test_numbers_are_the_numbers_for_programs(evidence: Evidence) -> None:
    rows = {(row["arm_id"], row["task"]): row for row in rows_of(evidence)}
    for task in report_data(*evidence)["tasks"]:
        row = rows[task["arm"], task["task"]]
        for column in ("mean", "sd"):
            text = row[f"{task['measure']}_{column}"]
            if task[column] is None:
                assert not text
            else:
                assert float(text) == pytest.approx(task[column])
        assert int(row[f"{task['measure']}_n"]) == task["n"]


def test_money_adds_up(evidence: Evidence) -> None:
    rows = rows_of(evidence)
    for arm in report_data(*evidence)["arms"]:
        known = [float(row["cost_usd"]) for row in rows if row["arm_id"] == arm["id"] and row["cost_usd"]]
        if arm["cost_usd"] is None:
            assert known == []
        else:
            assert sum(known) == pytest.approx(arm["cost_usd"])


def test_outcomes_add_up(evidence: Evidence) -> None:
    rows = rows_of(evidence)
    for outcome, number in report_data(*evidence)["trials"]["by_outcome"].items():
        assert sum(int(row[f"outcome_{outcome}"]) for row in rows) == number


def test_no_formula_and_no_control_characters(hostile: Evidence) -> None:
    analysis, lock, facts = hostile
    text = render_csv(analysis, lock, facts)
    assert not set(text) & {"\x1b", "\x00", "\u202e"}
    assert '"=' not in text


def test_a_formula_becomes_text(by_hand_evidence: Evidence) -> None:
    analysis, lock, facts = by_hand_evidence
    bad = replace(analysis.arms[0], label="=1+1")
    other = replace(analysis, arms=(bad, *analysis.arms[1:]))
    names = {row["arm"] for row in rows_of((other, lock, facts))}
    assert "'=1+1" in names
    assert "=1+1" not in names
