from pathlib import Path

import pytest

from assay.lab.models import ALWAYS, DEEP, NEVER, STEADY, SWIFT, TASK_TYPES, true_success
from assay.lab.truth import routing_gain, truth_table
from assay.testing.tasks import make_task


def test_the_table_averages_over_tasks(tmp_path: Path) -> None:
    levels = ("floor", "medium")
    tasks = [
        make_task(tmp_path, id=f"{kind}-{level}", type=kind, difficulty=level)
        for kind in TASK_TYPES
        for level in levels
    ]
    table = truth_table(tasks)
    assert table.keys() == {"swift", "steady", "deep"}
    expected = [true_success(DEEP, "bug-fix", level, f"bug-fix-{level}") for level in levels]
    assert table["deep"]["bug-fix"] == pytest.approx(sum(expected) / 2)
    assert table["deep"]["all"] == pytest.approx(sum(table["deep"][kind] for kind in TASK_TYPES) / 4)
    assert 0 < routing_gain(table, tasks) < 0.2
    sure = truth_table(tasks, (ALWAYS, NEVER))
    assert sure["always"]["all"] > 1 - 1e-9
    assert sure["never"]["all"] < 1e-9
    assert routing_gain(sure, tasks) == pytest.approx(0, abs=1e-9)


def test_a_system_text_moves_the_table_a_little(tmp_path: Path) -> None:
    tasks = [make_task(tmp_path, id="t", difficulty="medium")]
    plain, told = (truth_table(tasks, (SWIFT, STEADY, DEEP), variant) for variant in ({}, {"system": "Take care."}))
    moves = {name: told[name]["all"] - plain[name]["all"] for name in plain}
    assert moves["swift"] > moves["steady"] > 0 > moves["deep"] > -0.05
