"""The charts of a report as plain Vega-Lite specifications. Every one of them reads without colour.

Each function takes rows of plain values (fractions stay fractions) and a ``Canvas``; rows keep their order, top to
bottom. Shapes, direct labels and the order of a legend carry what colour carries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.report.document import Spec
from assay.report.drawing import HEAT_STEPS, PALETTE, as_it_is, chart, marks_at, text_at
from assay.report.text import cut, cut_middle, fold

WIDE = 960
NARROW = 350
LONGEST_LABEL = 32
GAP = 14  # pixels between a plot and what is printed behind it
NARROWER = 0.86  # the font that text is measured in, against the widest that it may be shown in
DARK_FROM = 4  # steps of the heat scale that carry light text
LETTER = 7.0  # pixels of one average letter at 12 px, in the widest of the fonts that a page may be shown in


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a chart goes: ``wide`` for a screen or paper, narrow for a telephone; stamped when simulated.

    ``longest`` is the number of letters of the longest row label.
    """

    wide: bool
    simulated: bool
    longest: int = 24

    @property
    def width(self) -> int:
        """Whole width in pixels."""
        return WIDE if self.wide else NARROW

    @property
    def left(self) -> int:
        """Room for row labels: beside the rows when wide, none when narrow (they stand above the rows)."""
        return max(90, round(LETTER * min(self.longest, LONGEST_LABEL)) + 26) if self.wide else 8

    @property
    def step(self) -> int:
        """Height of one row."""
        return 32 if self.wide else 46

    def centre(self, row: int) -> float:
        """The y of the middle of a row's mark."""
        return row * self.step + (self.step / 2 if self.wide else self.step - 14)

    def right(self, texts: Sequence[str], usual: int) -> int:
        """Room for what is printed behind the rows: ``usual`` when wide, 66 when narrow, more for a longer text."""
        longest = max(map(len, texts), default=0)
        return max(usual if self.wide else 66, GAP + round(LETTER * longest) + 4)

    def labels(self, names: Sequence[str]) -> Spec:
        """Row labels, flush with the left edge."""
        if self.wide:
            items = [(cut_middle(name, LONGEST_LABEL), -self.left, self.centre(row)) for row, name in enumerate(names)]
            return text_at(items, limit=NARROWER * (self.left - 12))
        return text_at(
            [(cut_middle(name, 44), 0, row * self.step + 12) for row, name in enumerate(names)],
            limit=NARROWER * (NARROW - 16),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """One row of an interval chart: mean, the default target's interval, the other target's, and what to print."""

    name: str
    mean: float | None
    low: float | None
    high: float | None
    inner_low: float | None
    inner_high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A quantitative axis: its domain, its number format (d3), its title."""

    low: float
    high: float
    format: str
    title: str
    log: bool = False
    ticks: tuple[float, ...] = ()

    def place(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def encoding(self, field: str, canvas: Canvas) -> Spec:
        """The channel of a field on this axis."""
        scale: Spec = {"domain": [self.low, self.high], "nice": False}
        if self.log:
            scale["type"] = "log"
        axis: Spec = {"format": self.format, "title": self.title, "grid": True, "tickCount": 6 if canvas.wide else 4}
        # Beside a wide plot there is room for an end's label under its own line; zero has no magnitude ("0k").
        axis["labelFlush"] = not canvas.wide
        if self.format.endswith("s"):
            axis["labelExpr"] = "datum.value === 0 ? '0' : datum.label"
        if self.ticks:
            axis["values"] = list(self.ticks)
        return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


RATE = Axis(0.0, 1.0, ".0%", "solved (mean over tasks)")
SCORE = Axis(0.0, 100.0, ".0f", "score, 0 to 100 (mean over tasks)")


def _y(field: str = "py") -> Spec:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _values(rows: Sequence[Mapping[str, Any]]) -> Spec:
    return {"values": list(rows)}


def _clamp(value: float, axis: Axis) -> float:
    return min(max(value, axis.low), axis.high)


def interval_chart(spans: Sequence[Span], axis: Axis, canvas: Canvas) -> Spec:
    """Mean as a point, the interval of the default target as a line with ends, the other target's as a pale bar."""
    rows = [
        {
            "py": canvas.centre(row),
            "mean": span.mean,
            "low": None if span.low is None else _clamp(span.low, axis),
            "high": None if span.high is None else _clamp(span.high, axis),
            "inner_low": None if span.inner_low is None else _clamp(span.inner_low, axis),
            "inner_high": None if span.inner_high is None else _clamp(span.inner_high, axis),
        }
        for row, span in enumerate(spans)
    ]
    outer = [row for row in rows if row["low"] is not None and row["high"] is not None]
    inner = [row for row in rows if row["inner_low"] is not None and row["inner_high"] is not None]
    means = [row for row in rows if row["mean"] is not None]
    right = canvas.right([span.text for span in spans], 190)
    end = canvas.width - canvas.left - right + GAP

    def line(data: Sequence[Mapping[str, Any]], low: str, high: str, mark: Spec) -> Spec:
        encoding = {"x": axis.encoding(low, canvas), "x2": {"field": high}, "y": _y()}
        return {"data": _values(data), "mark": {"type": "rule", **mark}, "encoding": encoding}

    def point(field: str, data: Sequence[Mapping[str, Any]], mark: Spec) -> Spec:
        return {
            "data": _values(data),
            "mark": {"type": "point", "opacity": 1, **mark},
            "encoding": {"x": axis.encoding(field, canvas), "y": _y()},
        }

    ends = {"shape": "stroke", "angle": 90, "size": 120, "stroke": PALETTE["ink"], "strokeWidth": 2}
    layers = [
        _base(axis, canvas),
        line(inner, "inner_low", "inner_high", {"strokeWidth": 12, "stroke": PALETTE["pale"]}),
        line(outer, "low", "high", {"strokeWidth": 2, "stroke": PALETTE["ink"]}),
        point("low", outer, ends),
        point("high", outer, ends),
        point("mean", means, {"size": 95, "filled": True, "fill": PALETTE["accent"]}),
        canvas.labels([span.name for span in spans]),
        text_at([(span.text, end, canvas.centre(row)) for row, span in enumerate(spans)]),
    ]
    return chart(canvas.width, canvas.step * len(spans), (24, right, 44, canvas.left), layers, canvas.simulated)


def _base(axis: Axis, canvas: Canvas) -> Spec:
    """Carry the axis even where no row has a value."""
    row = {"low": axis.low, "py": 0}
    encoding = {"x": axis.encoding("low", canvas), "y": _y()}
    return {
        "data": _values([row]),
        "mark": {"type": "point", "opacity": 0, "stroke": PALETTE["paper"]},
        "encoding": encoding,
    }


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of a stacked bar."""

    key: str
    value: float
    text: str


def stacked_chart(
    rows: Sequence[tuple[str, str, Sequence[Part]]],
    colours: Mapping[str, str],
    axis: Axis,
    canvas: Canvas,
) -> Spec:
    """Bars of parts in the order of the legend (``colours``); a part with room carries its number.

    A row is its name, its total as text, and its parts.
    """
    right = canvas.right([total for _, total, _ in rows], 110)
    plot = canvas.width - canvas.left - right
    bars: list[Spec] = []
    texts: list[tuple[str, float, float, str]] = []
    for row, (_, _, parts) in enumerate(rows):
        start = 0.0
        for part in parts:
            bars.append(
                {"low": start, "high": start + part.value, "py": canvas.centre(row), "colour": colours[part.key]}
            )
            room = part.value / (axis.high - axis.low) * plot
            if room > LETTER * len(part.text) + 6:
                middle = (start + part.value / 2) / (axis.high - axis.low) * plot
                texts.append((part.text, middle, canvas.centre(row), on_top(colours[part.key])))
            start += part.value
    legend, top = _legend(colours, canvas)
    encoding = {
        "x": axis.encoding("low", canvas),
        "x2": {"field": "high"},
        "y": _y(),
        "color": as_it_is("colour"),
    }
    layers = [
        _base(axis, canvas),
        {"data": _values(bars), "mark": {"type": "rule", "strokeWidth": 19}, "encoding": encoding},
        # A hair of paper between neighbours, so that two segments of like lightness stay two.
        marks_at(
            [{"px": bar["high"] / (axis.high - axis.low) * plot, "py": bar["py"]} for bar in bars],
            {"type": "point", "shape": "stroke", "angle": 90, "size": 361, "stroke": PALETTE["paper"], "opacity": 1},
            {},
        ),
        *(
            text_at([(t, x, y) for t, x, y, c in texts if c == colour], color=colour, align="center", fontSize=11)
            for colour in sorted({c for *_, c in texts})
        ),
        canvas.labels([name for name, _, _ in rows]),
        text_at([(total, plot + GAP, canvas.centre(row)) for row, (_, total, _) in enumerate(rows)]),
        *legend,
    ]
    return chart(canvas.width, canvas.step * len(rows), (top, right, 44, canvas.left), layers, canvas.simulated)


def on_top(colour: str) -> str:
    """The text colour that reads on a segment's colour."""
    dark = {PALETTE["series-blue"], PALETTE["series-red"], PALETTE["series-green"]}
    return PALETTE["on-dark"] if colour in dark else PALETTE["on-light"]


def _legend(colours: Mapping[str, str], canvas: Canvas) -> tuple[list[Spec], int]:
    """Squares with words above the plot, in the order of the segments; returns layers and the room they need."""
    room = canvas.width - canvas.left - 20
    places: list[tuple[str, str, float, int]] = []
    x, line = 0.0, 0
    for key, colour in colours.items():
        needed = 22 + LETTER * len(key) + 14
        if x and x + needed > room:
            x, line = 0.0, line + 1
        places.append((key, colour, x, line))
        x += needed
    lines = line + 1
    top = 26 + 20 * lines
    squares = [{"px": x + 6, "py": 20 * line - 20 * lines + 4, "colour": colour} for _, colour, x, line in places]
    mark = {"type": "point", "shape": "square", "filled": True, "size": 130, "opacity": 1}
    words = [(key, x + 18, 20 * line - 20 * lines + 4) for key, _, x, line in places]
    return [marks_at(squares, mark, {"color": as_it_is("colour")}), text_at(words)], top


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of a heatmap: shade from 0 to 1, or None with what to print instead."""

    shade: float | None
    text: str


def heat_chart(
    rows: Sequence[str], columns: Sequence[str], squares: Mapping[tuple[int, int], Square], canvas: Canvas
) -> Spec:
    """Rows x columns; every cell prints its number, so the shade only helps the eye."""
    right = 12
    plot = canvas.width - canvas.left - right
    cell = plot / max(1, len(columns))
    height = 27 if canvas.wide else 25
    rects: list[Spec] = []
    texts: dict[str, list[tuple[str, float, float]]] = {}
    for (row, column), square in squares.items():
        step = None if square.shade is None else min(HEAT_STEPS - 1, max(0, int(square.shade * HEAT_STEPS)))
        middle = canvas.centre(row)
        rects.append(
            {
                "px": column * cell + 1,
                "px2": (column + 1) * cell - 1,
                "py": middle - height / 2,
                "py2": middle + height / 2,
                "colour": PALETTE["paper"] if step is None else PALETTE[f"heat-{step}"],
            }
        )
        tone = "muted" if step is None else "heat-dark-text" if step >= DARK_FROM else "heat-light-text"
        room = max(3, int(cell / LETTER))
        texts.setdefault(tone, []).append((cut(square.text, room), (column + 0.5) * cell, middle))
    heads = [
        (fold(name, max(4, int(cell / LETTER) + 1)), (column + 0.5) * cell, -10) for column, name in enumerate(columns)
    ]
    encoding = {
        "x2": {"field": "px2"},
        "y2": {"field": "py2"},
        "fill": as_it_is("colour"),
    }
    layers = [
        marks_at(rects, {"type": "rect", "stroke": PALETTE["line"], "cornerRadius": 3}, encoding),
        *(text_at(items, color=PALETTE[tone], align="center") for tone, items in sorted(texts.items())),
        text_at(
            heads, align="center", baseline="line-bottom", lineBreak="\n", limit=NARROWER * cell, color=PALETTE["muted"]
        ),
        canvas.labels(rows),
    ]
    return chart(canvas.width, canvas.step * len(rows), (50, right, 8, canvas.left), layers, canvas.simulated)
