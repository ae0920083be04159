import json
import re
from collections.abc import Callable

import pytest

from assay.report.charts import RATE, Axis, Canvas, Part, Span, Square, heat_chart, interval_chart, stacked_chart
from assay.report.document import Spec
from assay.report.drawing import PALETTE, draw, inline
from assay.report.points import Dot, Spot, scatter_chart, strip_chart

SPANS = (
    Span("one", 0.5, 0.3, 0.7, 0.45, 0.55, "50.0% (30.0 to 70.0)  a"),
    Span("two", 0.2, None, None, None, None, "20.0% (no interval)"),
    Span("none", None, None, None, None, None, "no value"),
)
SPOTS = (
    Spot("cheap", 0.05, 0.04, 0.06, 0.5, 0.4, 0.6),
    Spot("dear", 5.0, None, None, 0.52, None, None),
    Spot("twin", 5.0, 4.0, 9.0, 0.52, 0.3, 0.7),
)
LOG = Axis(0.03, 12.0, "$~r", "USD", log=True, ticks=(0.1, 1.0, 10.0))
COST = Axis(0.0, 6.0, "$.2f", "USD")


def interval(canvas: Canvas) -> Spec:
    return interval_chart(SPANS, RATE, canvas)


def stacked(canvas: Canvas) -> Spec:
    rows = [("one", "of 4", [Part("solved", 0.75, "3"), Part("failed", 0.25, "1")]), ("two", "of 0", [])]
    return stacked_chart(rows, {"solved": PALETTE["series-blue"], "failed": PALETTE["series-orange"]}, RATE, canvas)


def heat(canvas: Canvas) -> Spec:
    squares = {(0, 0): Square(1.0, "100.0%"), (0, 1): Square(None, "no value"), (1, 0): Square(0.0, "0.0%")}
    return heat_chart(("one", "two"), ("bug-fix", "instruction-following"), squares, canvas)


def scatter(canvas: Canvas) -> Spec:
    return scatter_chart(SPOTS, LOG, RATE, canvas)


def strip(canvas: Canvas) -> Spec:
    tasks = [(f"t{i}", "bug-fix" if i < 30 else "refactoring") for i in range(60)]
    dots = {(0, i): Dot(f"t{i}", "x", None if i == 3 else i / 59) for i in range(60)}
    return strip_chart(("one", "two"), tasks, dots, canvas)


CHARTS = (interval, stacked, heat, scatter, strip)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("make", CHARTS)
def test_is_plain_data_that_draws_inside_its_frame(make: Callable[[Canvas], Spec], wide: bool) -> None:
    spec = make(Canvas(wide, simulated=True))
    assert json.loads(json.dumps(spec)) == spec
    svg = draw(spec)
    assert draw(spec) == svg
    width = float(re.findall(r'width="([\d.]+)"', svg)[0])
    assert width == (960 if wide else 350)
    assert " style=" not in svg
    assert "<script" not in svg
    assert "NaN" not in svg


@pytest.mark.parametrize("make", CHARTS)
def test_is_stamped_only_when_simulated(make: Callable[[Canvas], Spec]) -> None:
    assert "SIMULATED" in draw(make(Canvas(wide=True, simulated=True)))
    assert "SIMULATED" not in draw(make(Canvas(wide=True, simulated=False)))


def test_marks_lie_where_the_numbers_say() -> None:
    canvas = Canvas(wide=True, simulated=False, longest=10)
    svg = draw(interval(canvas))
    plot = 960 - canvas.left - 190
    points = [float(x) for x in re.findall(r'translate\(([\d.]+),[\d.]+\)" d="M4', svg)]
    assert any(abs(x - 0.5 * plot) < 1 for x in points)
    assert any(abs(x - 0.2 * plot) < 1 for x in points)


def test_names_of_a_scatter_do_not_cover_each_other() -> None:
    svg = draw(scatter_chart(SPOTS, COST, RATE, Canvas(wide=True, simulated=False)))
    places = re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*>(cheap|dear|twin)<', svg)
    assert len(places) == 3
    heights = {name: (float(x), float(y)) for x, y, name in places}
    (x1, y1), (x2, y2) = heights["dear"], heights["twin"]
    assert abs(y1 - y2) >= 12 or abs(x1 - x2) >= 6.4 * 4


def test_text_of_others_is_escaped_in_pictures() -> None:
    spans = (Span("<script>alert(1)</script>&\"'", 0.5, 0.4, 0.6, None, None, "<b>"),)
    svg = inline(interval_chart(spans, RATE, Canvas(wide=True, simulated=False)), '"><script>', "wide")
    assert "<script" not in svg
    assert "<b>" not in svg


def test_palette_names_are_unique_and_safe() -> None:
    assert len(set(PALETTE.values())) == len(PALETTE)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for value in PALETTE.values())


@pytest.mark.parametrize("wide", [True, False])
def test_what_is_printed_behind_a_row_has_room(wide: bool) -> None:
    canvas = Canvas(wide, simulated=False)
    long = "100.0% abcdefghij" if not wide else "100.0% (100.0 to 100.0)  abcdefghijkl"
    spec = interval_chart((Span("one", 1.0, 0.9, 1.0, 0.95, 1.0, long),), RATE, canvas)
    assert spec["padding"]["right"] >= 14 + 6.5 * len(long)
    assert spec["width"] + spec["padding"]["left"] + spec["padding"]["right"] == canvas.width
    rows = [("one", "of 1,234,567", [Part("solved", 1.0, "1,234,567")])]
    spec = stacked_chart(rows, {"solved": PALETTE["series-blue"]}, RATE, canvas)
    assert spec["padding"]["right"] >= 14 + 6.5 * len("of 1,234,567")


def test_zero_tokens_have_no_magnitude() -> None:
    rows = [("one", "378k", [Part("solved", 378_000.0, "378k")])]
    axis = Axis(0.0, 378_000.0, "~s", "tokens")
    svg = draw(stacked_chart(rows, {"solved": PALETTE["series-blue"]}, axis, Canvas(wide=True, simulated=False)))
    assert ">0k<" not in svg
    assert ">0<" in svg
    assert ">0%<" in draw(interval(Canvas(wide=True, simulated=False)))
