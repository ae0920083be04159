import pytest

from assay.errors import InternalError
from assay.records import Score
from assay.scorers.composite import composite, composite_hash

WEIGHTS = {"tests": 50, "lint": 25, "complexity": 25}


def scores(**values: float | None) -> list[Score]:
    return [
        Score("a", 0, "executed", "h", name, value, None if value is not None else "why")
        for name, value in values.items()
    ]


def values(found: tuple[Score, ...]) -> dict[str, float | None]:
    return {one.metric: one.value for one in found}


def test_parts_by_weight() -> None:
    found = composite(scores(solved=1, tests=1, lint=80, complexity=60), WEIGHTS)
    assert values(found) == {"score": 85.0, "score_ungated": 85.0}
    assert {one.scorer_hash for one in found} == {composite_hash(WEIGHTS)}


def test_weights_are_normalised() -> None:
    parts = scores(solved=1, tests=1, lint=80, complexity=60)
    assert values(composite(parts, {"tests": 2, "lint": 1, "complexity": 1})) == values(composite(parts, WEIGHTS))
    assert composite_hash({"tests": 2, "lint": 1, "complexity": 1, "judge": 0}) == composite_hash(WEIGHTS)
    assert composite_hash({"tests": 1}) != composite_hash(WEIGHTS)


def test_quality_counts_only_where_tests_pass() -> None:
    found = composite(scores(solved=0, tests=0.5, lint=100, complexity=100), WEIGHTS)
    assert values(found) == {"score": 25.0, "score_ungated": 75.0}


def test_a_missing_part_is_not_zero() -> None:
    found = composite(scores(solved=1, tests=1, lint=None, complexity=100), WEIGHTS)
    assert values(found) == {"score": None, "score_ungated": None}
    assert found[0].reason == "lint is missing: why"
    assert values(composite(scores(solved=1, tests=1, complexity=100), WEIGHTS))["score"] is None
    without = {"tests": 1, "lint": 0, "complexity": 1}
    assert values(composite(scores(solved=1, tests=1, lint=None, complexity=100), without))["score"] == 100.0


def test_the_gate_leaves_missing_quality_out() -> None:
    found = composite(scores(solved=0, tests=0.0, lint=None, complexity=None), WEIGHTS)
    assert values(found) == {"score": 0.0, "score_ungated": None}


def test_without_a_verdict_there_is_no_score() -> None:
    found = composite(scores(solved=None, tests=None, lint=None, complexity=None), WEIGHTS)
    assert values(found) == {"score": None, "score_ungated": None}
    assert {one.reason for one in found} == {"why"}


@pytest.mark.parametrize("weights", [{}, {"tests": 0}, {"tests": 2, "lint": -1}])
def test_weights_must_weigh(weights: dict[str, float]) -> None:
    with pytest.raises(InternalError):
        composite(scores(solved=1, tests=1), weights)
