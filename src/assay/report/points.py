"""Charts made of points: cost against solving with both intervals, and the strip with one dot for each task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from assay.report.charts import LETTER, LONGEST_LABEL, NARROWER, Axis, Canvas
from assay.report.document import Spec
from assay.report.drawing import PALETTE, as_it_is, chart, marks_at, text_at
from assay.report.text import cut_middle, fold

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
Box: TypeAlias = tuple[float, float, float, float]

COLOURS = ("series-blue", "series-red", "series-green", "series-orange", "series-pink", "series-sky")


@dataclass(frozen=True, slots=True)
class Spot:
    """An arm in the plane: x and y, each with bounds when there are any."""

    name: str
    x: float
    x_low: float | None
    x_high: float | None
    y: float
    y_low: float | None
    y_high: float | None


def scatter_chart(spots: Sequence[Spot], x: Axis, y: Axis, canvas: Canvas) -> Spec:
    """Points with error bars in both directions and the name beside each; shape and colour tell arms apart too."""
    left, right, height = (52, 40, 400) if canvas.wide else (40, 16, 320)
    plot = canvas.width - left - right
    rows = [
        {
            "x": spot.x,
            "x_low": max(x.low, spot.x if spot.x_low is None else spot.x_low),
            "x_high": min(x.high, spot.x if spot.x_high is None else spot.x_high),
            "y": spot.y,
            "y_low": max(y.low, spot.y if spot.y_low is None else spot.y_low),
            "y_high": min(y.high, spot.y if spot.y_high is None else spot.y_high),
            "shape": SHAPES[number % len(SHAPES)],
            "colour": PALETTE[COLOURS[number % len(COLOURS)]],
        }
        for number, spot in enumerate(spots)
    ]
    data = {"values": rows}
    colour, shape = as_it_is("colour"), as_it_is("shape")

    def channel(axis: Axis, field: str) -> Spec:
        encoding = axis.encoding(field, canvas)
        return encoding if axis is x else {**encoding, "axis": {**encoding["axis"], "title": None}}

    bars: Spec = {"type": "rule", "strokeWidth": 1.6, "opacity": 0.75}
    layers: list[Spec] = [
        {
            "data": data,
            "mark": bars,
            "encoding": {"x": channel(x, "x_low"), "x2": {"field": "x_high"}, "y": channel(y, "y"), "color": colour},
        },
        {
            "data": data,
            "mark": bars,
            "encoding": {"x": channel(x, "x"), "y": channel(y, "y_low"), "y2": {"field": "y_high"}, "color": colour},
        },
        {
            "data": data,
            "mark": {"type": "point", "filled": True, "size": 140, "opacity": 1},
            "encoding": {"x": channel(x, "x"), "y": channel(y, "y"), "color": colour, "shape": shape},
        },
        *_names(spots, x, y, (plot, height), canvas),
    ]
    title = text_at([(y.title, -left, -16)], color=PALETTE["muted"])
    return chart(canvas.width, height, (34, right, 46, left), [*layers, title], canvas.simulated)


def _names(spots: Sequence[Spot], x: Axis, y: Axis, size: tuple[int, int], canvas: Canvas) -> Iterator[Spec]:
    """Put each name where it covers no point, no other name and, if it can be, no error bar."""
    centres = [(x.place(spot.x) * size[0], (1 - y.place(spot.y)) * size[1]) for spot in spots]
    taken: list[Box] = [(px - 8, py - 8, px + 8, py + 8) for px, py in centres]
    bars = [bar for centre, spot in zip(centres, spots, strict=True) for bar in _bars(spot, centre, x, y, size)]
    for (px, py), spot in zip(centres, spots, strict=True):
        name = cut_middle(spot.name, 34 if canvas.wide else 20)
        boxes = [
            box
            for box in _around(px, py, LETTER * len(name))
            if box[0] >= 0 and box[2] <= size[0] and box[1] >= 0 and box[3] <= size[1]
        ]
        free = [box for box in boxes if not any(_overlap(box, other) for other in taken)]
        clear = [box for box in free if not any(_overlap(box, bar) for bar in bars)]
        box = (clear or free or boxes or list(_around(px, py, LETTER * len(name))))[0]
        taken.append(box)
        yield text_at([(name, box[0], (box[1] + box[3]) / 2)])


def _around(px: float, py: float, long: float) -> Iterator[Box]:
    """Places for a name beside a point, the nearest first."""
    for dy in (-14, 15, -30, 31, -46, 47):
        yield px + 8, py + dy - 8, px + 8 + long, py + dy + 8
        yield px - 8 - long, py + dy - 8, px - 8, py + dy + 8


def _bars(spot: Spot, centre: tuple[float, float], x: Axis, y: Axis, size: tuple[int, int]) -> Iterator[Box]:
    px, py = centre
    if spot.x_low is not None and spot.x_high is not None:
        yield x.place(max(x.low, spot.x_low)) * size[0], py - 1, x.place(min(x.high, spot.x_high)) * size[0], py + 1
    if spot.y_low is not None and spot.y_high is not None:
        yield px - 1, (1 - y.place(min(y.high, spot.y_high))) * size[1], px + 1, (1 - y.place(spot.y_low)) * size[1]


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


@dataclass(frozen=True, slots=True)
class Dot:
    """One task of one arm: how full the dot is (0 to 1), None = no value."""

    task: str
    group: str
    fill: float | None


def strip_chart(
    arms: Sequence[str], tasks: Sequence[tuple[str, str]], dots: Mapping[tuple[int, int], Dot], canvas: Canvas
) -> Spec:
    """One ring for each task under its type, filled by what the arm reached on it; a cross where nothing is known.

    ``tasks`` are (task, group) in order of group; ``dots`` by (arm, task) positions.
    """
    right, room = 12, 22 if canvas.wide else 12
    plot = canvas.width - canvas.left - right
    bands = list(_bands(tasks, plot, room))
    rings: list[Spec] = []
    fills: list[Spec] = []
    crosses: list[Spec] = []
    heads: list[tuple[str, float, float]] = []
    labels: list[tuple[str, float, float]] = []
    band_height = 42 + canvas.step * len(arms)
    biggest = 190 if canvas.wide else 70
    for number, band in enumerate(bands):
        top = number * band_height
        heads.extend((fold(text, int(wide / LETTER) + 2), px, top + 18) for text, px, wide in band.heads)
        for row, arm in enumerate(arms):
            py = top + 28 + canvas.centre(row)
            labels.append(
                (cut_middle(arm, LONGEST_LABEL), -canvas.left, py) if canvas.wide else (cut_middle(arm, 44), 0, py - 20)
            )
            for task, px in band.places:
                dot = dots.get((row, task))
                place = {"px": px, "py": py}
                if dot is None or dot.fill is None:
                    crosses.append(place)
                    continue
                rings.append(place)
                fills.append({**place, "area": biggest * min(1.0, max(0.0, dot.fill))})
    point: Spec = {"type": "point", "opacity": 1}
    layers = [
        marks_at(rings, {**point, "size": biggest, "stroke": PALETTE["accent"], "strokeWidth": 1.2}, {}),
        marks_at(
            fills,
            {**point, "filled": True, "fill": PALETTE["accent"]},
            {"size": {"field": "area", "type": "quantitative", "scale": None, "legend": None}},
        ),
        text_at(
            [("\N{MULTIPLICATION SIGN}", cross["px"], cross["py"]) for cross in crosses],
            align="center",
            color=PALETTE["warn"],
            fontSize=15,
        ),
        text_at(heads, color=PALETTE["muted"], baseline="line-bottom", lineBreak="\n"),
        text_at(labels, limit=NARROWER * (canvas.left - 12 if canvas.wide else plot)),
    ]
    return chart(canvas.width, band_height * len(bands), (32, right, 6, canvas.left), layers, canvas.simulated)


@dataclass(frozen=True, slots=True)
class _Band:
    """One line of the strip: heads (text, x, room) and the places of tasks (position, x)."""

    heads: tuple[tuple[str, float, float], ...]
    places: tuple[tuple[int, float], ...]


def _bands(tasks: Sequence[tuple[str, str]], plot: float, room: float) -> Iterator[_Band]:
    """Lay groups side by side with a gap, and break the line where they no longer fit."""
    gap = room * 0.9
    heads: list[tuple[str, float, float]] = []
    places: list[tuple[int, float]] = []
    x = 0.0
    for group, members in groupby(enumerate(tasks), key=lambda item: item[1][1]):
        waiting = [position for position, _ in members]
        while waiting:
            fits = int((plot - x) // room)
            if fits < min(len(waiting), max(1, int(plot // room))):
                if places:
                    yield _Band(tuple(heads), tuple(places))
                    heads, places, x = [], [], 0.0
                fits = max(1, int(plot // room))
            now, waiting = waiting[:fits], waiting[fits:]
            heads.append((group, x, len(now) * room + gap - 6))
            places.extend((position, x + (index + 0.5) * room) for index, position in enumerate(now))
            x += len(now) * room + gap
    if places:
        yield _Band(tuple(heads), tuple(places))
