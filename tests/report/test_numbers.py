import pytest

from assay.report import numbers

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.31, "$0.310"),
        (0.0832, "$0.0832"),
        (0.00042, "$0.000420"),
        (1e-12, "<$0.000000001"),
    ],
)
def test_usd(value: float | None, text: str) -> None:
    assert numbers.usd(value) == text


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("solved", 0.6667, "66.7%"),
        ("score", 71.34, "71.3"),
        ("solved", None, "\N{EN DASH}"),
        ("solved", 0.0, "0.0%"),
        ("score", -0.01, "0.0"),
    ],
)
def test_amount(measure: str, value: float | None, text: str) -> None:
    assert numbers.amount(measure, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.125, "+12.5"), (-0.04, f"{MINUS}4.0"), (0.0, "0.0"), (-0.00001, "0.0"), (None, "\N{EN DASH}")],
)
def test_difference(value: float | None, text: str) -> None:
    assert numbers.difference("solved", value) == text


def test_intervals_need_both_ends() -> None:
    assert numbers.interval("solved", 0.5, None) == ""
    assert numbers.interval("solved", 0.5, 0.75) == "50.0 to 75.0"
    assert numbers.difference_interval("score", -1.0, 2.0) == f"{MINUS}1.0 to +2.0"
    assert numbers.usd_interval(0.5, None) == "$0.500 to no upper bound"


def test_lower_bounds_mark_numbers_only() -> None:
    assert numbers.at_least("$1.00", lower_bound=True) == "≥ $1.00"
    assert numbers.at_least("unknown", lower_bound=True) == "unknown"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "\N{EN DASH}"), (0.00099, "<0.001"), (0.0421, "0.042"), (1.0, "1.000")]
)
def test_p(value: float | None, text: str) -> None:
    assert numbers.p_value(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "unknown"), (0.25, "250 ms"), (3.21, "3.2 s"), (300.0, "5.0 min")])
def test_seconds(value: float | None, text: str) -> None:
    assert numbers.seconds(value) == text


def test_counts_and_moments() -> None:
    assert numbers.count(1234567) == "1,234,567"
    assert numbers.count(None) == "unknown"
    assert numbers.plural(1, "task") == "1 task"
    assert numbers.plural(0, "task") == "0 tasks"
    assert numbers.moment(0) == "1970-01-01 00:00 UTC"
