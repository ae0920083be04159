from pathlib import Path
from typing import Any

import pytest

from assay.scorers.quality import complexity, lint, source_lines


def found(count: int) -> dict[str, Any]:
    return {"json": [{"code": "F401"}] * count}


@pytest.mark.parametrize(("count", "score", "per_100"), [(0, 100.0, 0.0), (10, 50.0, 5.0), (20, 25.0, 10.0)])
def test_lint_halves_with_every_five_per_hundred_lines(count: int, score: float, per_100: float) -> None:
    part = lint("python", ["a.py"], 200, found(count))
    assert (part.score, part.raw) == (score, per_100)


def functions(*values: int) -> dict[str, Any]:
    return {"json": {"a.py": {"functions": [{"complexity": one} for one in values], "lines": 9}}}


def test_complexity() -> None:
    assert complexity("python", ["a.py"], functions(1, 1)).score == 100.0
    part = complexity("python", ["a.py"], functions(1, 25))
    assert part.raw == 13.0
    assert part.score == pytest.approx(50.0)
    tangled = complexity("python", ["a.py"], functions(40, 2)).score
    assert tangled is not None
    assert 0 < tangled < 50


@pytest.mark.parametrize(
    ("language", "files", "lines", "answer", "reason"),
    [
        ("cobol", ["a"], 9, {"json": []}, "not measured for cobol"),
        ("python", [], 0, None, "no file to measure"),
        ("python", ["a.py"], 9, None, "not measured: the verifier gave no report"),
        ("python", ["a.py"], 9, {"error": "exit 1"}, "not measured: exit 1"),
        ("python", ["a.py"], 0, {"json": []}, "no line to measure"),
    ],
)
def test_absent_is_none_with_a_reason(
    language: str, files: list[str], lines: int, answer: dict[str, Any] | None, reason: str
) -> None:
    part = lint(language, files, lines, answer)
    assert (part.score, part.reason) == (None, reason)


def test_no_function_and_unreadable_are_none() -> None:
    assert complexity("python", ["a.py"], functions()).reason == "no function to measure"
    broken = {"json": {"a.py": {"error": "RecursionError"}}}
    assert complexity("python", ["a.py"], broken).reason == "cannot be measured: a.py: RecursionError"


def test_source_lines_are_not_blank_ones(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n\n   \ny = 2\n")
    (tmp_path / "b.py").symlink_to("a.py")
    assert source_lines(tmp_path, ["a.py", "b.py", "missing.py"]) == 2
