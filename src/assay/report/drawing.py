"""From a Vega-Lite specification (plain data) to an SVG that needs no script, no style attribute and no network.

Layout is fixed in pixels (``autosize: none``), so a chart does not depend on the fonts of the machine that draws it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

from assay.report.document import Spec

# Carried inside vl-convert, so that measured text is the same on every machine; pages put their own font over it.
FONT = "Liberation Sans"

# Okabe and Ito (2008) for series: told apart with every common colour blindness. A page may redefine each name as
# a CSS variable (--name), which is how dark mode works; the hexadecimal value is the fallback and the export.
PALETTE: Mapping[str, str] = {
    "ink": "#1b1f24",
    "muted": "#5c6673",
    "line": "#dde2e8",
    "paper": "#fefefe",
    "accent": "#0b63a9",
    "pale": "#c3daee",
    "warn": "#a34a00",
    "series-blue": "#0072b2",
    "series-sky": "#56b4e9",
    "series-green": "#009e73",
    "series-orange": "#e69f00",
    "series-red": "#d55e00",
    "series-pink": "#cc79a7",
    "series-grey": "#9aa3ad",
    "heat-0": "#f1f5f9",
    "heat-1": "#d7e5f2",
    "heat-2": "#b0cfe7",
    "heat-3": "#7fb2d9",
    "heat-4": "#4a90c4",
    "heat-5": "#226ba3",
    "heat-6": "#0d4677",
    "heat-light-text": "#10202f",
    "heat-dark-text": "#fdfdfd",
    "on-dark": "#fffffe",
    "on-light": "#0f1b26",
}
HEAT_STEPS = 7

_NAMES = {value: name for name, value in PALETTE.items()}
_COLOUR = re.compile(r'(?<=")#[0-9a-f]{6}(?=")')
_ROOT = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


def chart(width: int, height: int, padding: tuple[int, int, int, int], layers: Sequence[Spec], simulated: bool) -> Spec:
    """A layered chart of fixed size. ``padding`` is top, right, bottom, left; ``width`` the whole width."""
    top, right, bottom, left = padding
    plot = width - left - right
    stamp = [_stamp(plot + right, top)] if simulated else []
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "autosize": {"type": "none"},
        "width": plot,
        "height": height,
        "padding": {"top": top, "right": right, "bottom": bottom, "left": left},
        "layer": [*layers, *stamp],
        "config": _CONFIG,
    }


def _stamp(x: int, top: int) -> Spec:
    return text_at(
        [("SIMULATED", x - 2, 10 - top)], color=PALETTE["warn"], align="right", fontWeight="bold", fontSize=10
    )


_CONFIG: Spec = {
    "aria": False,
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": PALETTE["muted"],
        "titleColor": PALETTE["muted"],
        "gridColor": PALETTE["line"],
        "domainColor": PALETTE["line"],
        "tickColor": PALETTE["line"],
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    "text": {"color": PALETTE["ink"], "fontSize": 12, "font": FONT},
}


def text_at(items: Sequence[tuple[str, float, float]], **mark: Any) -> Spec:
    """A layer of texts at pixels (0, 0 = the upper left corner of the plot)."""
    return {
        "data": {"values": [{"text": text, "px": x, "py": y} for text, x, y in items]},
        "mark": {"type": "text", "baseline": "middle", "align": "left", "clip": False, **mark},
        "encoding": {
            "text": {"field": "text"},
            "x": {"field": "px", "type": "quantitative", "scale": None, "axis": None},
            "y": {"field": "py", "type": "quantitative", "scale": None, "axis": None},
        },
    }


def marks_at(items: Sequence[Mapping[str, Any]], mark: Spec, encoding: Spec) -> Spec:
    """A layer of any mark at pixels ``px``, ``py``."""
    return {
        "data": {"values": list(items)},
        "mark": {"clip": False, **mark},
        "encoding": {
            "x": {"field": "px", "type": "quantitative", "scale": None, "axis": None},
            "y": {"field": "py", "type": "quantitative", "scale": None, "axis": None},
            **encoding,
        },
    }


def as_it_is(field: str) -> Spec:
    """An encoding whose field holds the visual value itself (a colour, a size, a shape)."""
    return {"field": field, "type": "nominal", "scale": None, "legend": None}


def draw(spec: Spec) -> str:
    """Return the chart as SVG text in the palette's own colours, fit for a file. Deterministic."""
    return str(vl_convert.vegalite_to_svg(spec))


def inline(spec: Spec, alt: str, kind: str) -> str:
    """Return the chart as SVG for an HTML page: named for screen readers, colours as CSS variables.

    ``kind`` becomes the class (``wide`` or ``narrow``). Text from others was escaped by the drawing library.
    """
    svg = draw(spec)
    root = _ROOT.search(svg)
    size = _SIZE.search(root.group()) if root else None
    if root is None or size is None:
        return ""
    width, height = size.groups()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {kind}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(alt)}">'
    )
    body = svg[root.end() :].replace(f'font-family="{FONT}" ', "")
    return opening + _COLOUR.sub(_variable, body)


def _variable(match: re.Match[str]) -> str:
    name = _NAMES.get(match.group())
    return f"var(--{name},{match.group()})" if name else match.group()
