import base64
import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Price
from assay.report import numbers
from assay.report.html import render_html
from assay.report.json_report import report_data
from assay.testing.facts import make_facts

Evidence = tuple[Analysis, Lock, Facts]
Tables = Callable[[str], dict[str, list[list[tuple[str, str]]]]]
SECTIONS = (
    *("verdict", "arms", "findings", "cost", "types", "tasks", "outcomes", "health", "predictions", "controls"),
    *("limitations", "disclosures", "provenance"),
)
ATTRIBUTES = {
    *("aria-hidden", "aria-label", "aria-roledescription", "charset", "class", "content", "d", "data-head", "display"),
    *(
        "fill",
        "font-family",
        "font-size",
        "font-weight",
        "height",
        "href",
        "http-equiv",
        "id",
        "lang",
        "name",
        "opacity",
    ),
    *("pointer-events", "rel", "role", "scope", "start", "stroke", "stroke-miterlimit", "stroke-width", "tabindex"),
    *("text-anchor", "title", "transform", "version", "viewbox", "width", "x", "x1", "x2", "xmlns", "xmlns:xlink"),
    *("y", "y1", "y2", "dy"),
}


class Tags(HTMLParser):
    """The names of all elements and of all their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def svgs(page: str) -> list[str]:
    return re.findall(r"<svg\b.*?</svg>", page, re.DOTALL)


def test_is_one_page_with_every_section(page: str) -> None:
    assert page.startswith("<!doctype html>")
    for section in SECTIONS:
        assert page.count(f'id="{section}"') == 1
        assert f'href="#{section}"' in page


def test_needs_nothing_from_elsewhere(page: str) -> None:
    assert "<script" not in page
    assert " style=" not in page
    assert not re.search(r'(?:src|href)="(?!#|data:,)', page)
    assert "url(" not in page
    assert "@import" not in page


def test_policy_allows_its_own_style_only(page: str) -> None:
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    text = policy.group(1).replace("&#39;", "'")
    assert text.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}';" in text
    assert "unsafe" not in text


def test_every_chart_has_a_table_a_caption_and_words(page: str, tables: Tables) -> None:
    found = tables(page)
    figures = re.findall(r'<figure id="figure-(\w+)">(.*?)</figure>(.*?)<table[^>]* id="([\w-]+)"', page, re.DOTALL)
    assert [name for name, *_ in figures] == ["arms", "cost", "tokens", "types", "tasks", "outcomes"]
    for _, figure, between, table in figures:
        assert figure.count("<svg") == 2
        assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', figure)) == 2
        assert re.search(r"<figcaption>.{40,}</figcaption>", figure, re.DOTALL)
        assert "<figure" not in between
        assert found[f"{table}"]


def test_pictures_are_well_formed_and_have_no_ids(page: str) -> None:
    pictures = svgs(page)
    assert len(pictures) == 12
    for picture in pictures:
        ET.fromstring(picture)
        assert " id=" not in picture
        assert "SIMULATED" in picture


def test_colours_are_variables_with_a_fallback(page: str) -> None:
    for picture in svgs(page):
        assert not re.findall(r'(?:fill|stroke)="#[0-9a-f]+"', picture)


def test_says_simulated_on_top_and_in_the_title(page: str) -> None:
    assert page.index("Simulated results:") < page.index("<h1>")
    assert "<title>SIMULATED: " in page


def test_a_real_run_is_not_called_simulated(by_hand_evidence: Evidence) -> None:
    analysis, lock, facts = by_hand_evidence
    page = render_html(replace(analysis, simulated=False), replace(lock, simulated=False), facts)
    assert "SIMULATED" not in page
    assert "Simulated results" not in page


@pytest.mark.parametrize(
    ("machine", "stamped"),
    [
        ({"sandbox": "unsafe-host", "sandbox_isolates": False}, "(unsafe-host)"),
        ({"sandbox": "somebody's", "sandbox_isolates": False}, "(somebody&#39;s)"),
        ({"sandbox": "unsafe-host"}, "(unsafe-host)"),
        ({"sandbox": "bubblewrap", "sandbox_isolates": True}, None),
        ({"sandbox": "bubblewrap"}, None),
    ],
)
def test_a_run_without_isolation_is_stamped(
    machine: dict[str, object], stamped: str | None, by_hand_evidence: Evidence
) -> None:
    analysis, lock, facts = by_hand_evidence
    page = render_html(analysis, replace(lock, machine=machine), facts)
    assert ("Run without a sandbox" in page) == (stamped is not None)
    if stamped is not None:
        assert page.index(f"Run without a sandbox that isolates {stamped}") < page.index("<h1>")


def test_numbers_on_the_page_are_the_numbers_for_programs(evidence: Evidence, page: str, tables: Tables) -> None:
    data = report_data(*evidence)
    found = tables(page)
    rows = found["table-arms"]
    assert len(rows) == len(data["arms"])
    for row, arm in zip(rows, data["arms"], strict=True):
        assert row[0][0] == arm["label"]
        assert row[1][0] == (arm["tie_group"] or numbers.MISSING)
        for position, measure, estimate in (
            (3, "solved", arm["solved"]),
            (4, "solved", arm["solved"]["these_tasks"]),
            (6, "score", arm["score"]),
            (7, "score", arm["score"]["these_tasks"]),
        ):
            value, small = row[position]
            assert value == numbers.amount(measure, estimate["mean"])
            assert small == (numbers.interval(measure, estimate["low"], estimate["high"]) or "no interval")
        assert row[5][0] == f"{arm['solved_trials']} of {arm['n_scored']}"
        assert row[9][0].removeprefix("≥ ") == numbers.usd(arm["cost_per_solved"])
    tokens = found["table-tokens"]
    assert [row[6][0] for row in tokens] == [numbers.count(arm["tokens"]["output"]) for arm in data["arms"]]


def test_findings_on_the_page_are_all_findings(evidence: Evidence, page: str, tables: Tables) -> None:
    data = report_data(*evidence)
    found = tables(page)
    rows = [row for name, table in found.items() if name.startswith("table-findings-") for row in table]
    shown = sorted((row[1][0], row[1][1], row[3][0], row[4][0].split(" ", 1)[1]) for row in rows)
    expected = sorted(
        (
            numbers.difference(f["measure"], f["difference"]),
            numbers.difference_interval(f["measure"], f["low"], f["high"]) or "no interval",
            numbers.p_value(f["p_corrected"]),
            f["verdict"],
        )
        for f in data["findings"]
    )
    assert shown == expected


def test_outcomes_add_up_and_show_denominators(evidence: Evidence, page: str, tables: Tables) -> None:
    data = report_data(*evidence)
    rows = tables(page)["table-outcomes"]
    total = next(row for row in rows if row[0][0] == "All arms")
    outcomes = list(data["trials"]["by_outcome"].values())
    assert [value for value, _ in total[1:]] == [
        *(numbers.count(value) for value in outcomes),
        numbers.count(sum(outcomes)),
        numbers.count(data["trials"]["scored"]),
    ]


def test_missing_cells_say_why(tables: Tables) -> None:
    facts, lock = make_facts(5, n_tasks=9, reps=1, failures=0.6)
    analysis = analyse(facts, lock)
    cells = tables(render_html(analysis, lock, facts))["table-tasks-solved"]
    missing = [cell for row in cells for cell in row if cell[0] == "no value"]
    unknown = [row for row in analysis.tasks if row.measure == "solved" and row.mean is None]
    assert len(missing) == len(unknown) > 0
    assert {small for _, small in missing} == {"1 missing"}


def test_one_run_has_no_spread(tables: Tables) -> None:
    facts, lock = make_facts(5, n_tasks=6, reps=1, failures=0)
    page = render_html(analyse(facts, lock), lock, facts)
    cells = tables(page)["table-tasks-solved"]
    assert {small for row in cells for _, small in row[1:]} == {"sd \N{EN DASH}, n 1"}
    assert 'title="one run has no standard deviation"' in page


def test_unknown_cost_is_a_word(tables: Tables) -> None:
    facts, lock = make_facts(5, n_tasks=9, unpriced=("steady",))
    rows = tables(render_html(analyse(facts, lock), lock, facts))["table-cost"]
    steady = next(row for row in rows if row[0][0] == "steady")
    assert steady[1][0] == "unknown"
    assert steady[3][0] == "unknown"
    assert steady[3][1]


def test_lower_bounds_are_marked(by_hand_evidence: Evidence, tables: Tables) -> None:
    rows = tables(render_html(*by_hand_evidence))["table-cost"]
    marked = {row[0][0] for row in rows if row[1][0].startswith("≥ ")}
    assert marked == {arm.label for arm in by_hand_evidence[0].arms if arm.cost_is_lower_bound}


def test_no_arm_has_a_price() -> None:
    facts, lock = make_facts(5, n_tasks=9, unpriced=("swift", "steady", "deep"))
    page = render_html(analyse(facts, lock), lock, facts)
    assert "No arm has a known cost per solved task" in page
    assert "$0.00" not in page


def test_an_empty_run_still_opens() -> None:
    facts, lock = make_facts(5, n_tasks=6)
    empty = replace(facts, cells=(), anchors=())
    analysis = replace(
        analyse(facts, lock), arms=(), findings=(), heatmap=(), tasks=(), verdict="Nothing has settled yet."
    )
    page = render_html(analysis, lock, empty)
    assert "Nothing has settled yet." in page
    assert "No trial has settled." in page


def test_same_evidence_same_bytes_in_any_order(evidence: Evidence, page: str) -> None:
    analysis, lock, facts = evidence
    assert render_html(analysis, lock, facts) == page
    mixed = random.Random(1)
    again = replace(
        analysis,
        arms=tuple(mixed.sample(analysis.arms, len(analysis.arms))),
        tasks=tuple(mixed.sample(analysis.tasks, len(analysis.tasks))),
    )
    shuffled = replace(
        facts,
        cells=tuple(mixed.sample(facts.cells, len(facts.cells))),
        anchors=tuple(mixed.sample(facts.anchors, len(facts.anchors))),
    )
    assert render_html(again, lock, shuffled) == page


def test_another_process_with_mixed_cells_draws_the_same_page() -> None:
    program = (
        "import dataclasses, hashlib, random\n"
        "from assay.analysis.analyse import analyse\n"
        "from assay.report.html import render_html\n"
        "from assay.testing.facts import make_facts\n"
        "facts, lock = make_facts(11)\n"
        "facts = dataclasses.replace(facts, cells=tuple(random.Random(2).sample(facts.cells, len(facts.cells))))\n"
        "print(hashlib.sha256(render_html(analyse(facts, lock), lock, facts).encode()).hexdigest())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, env={"PYTHONHASHSEED": "7"}, text=True
    )
    facts, lock = make_facts(11)
    page = render_html(analyse(facts, lock), lock, facts)
    assert ran.stdout.strip() == hashlib.sha256(page.encode()).hexdigest()


def test_only_date_is_the_lock(by_hand_evidence: Evidence) -> None:
    page = render_html(*by_hand_evidence)
    assert set(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", page)) == {"2025-10-09 08:53"}


def test_hostile_text_stays_text(hostile_page: str) -> None:
    page = hostile_page
    assert "<script" not in page
    assert "<img" not in page
    tags = Tags()
    tags.feed(page)
    assert not tags.names & {"script", "img", "iframe", "object"}
    assert tags.attributes <= ATTRIBUTES
    assert not set(page) & {"\x1b", "\x00", "\u202e", "\u2066"}
    assert "&lt;script&gt;alert(1)" in page
    assert len(page) < 1_500_000
    for picture in svgs(page):
        drawn = {element.tag.rpartition("}")[2] for element in ET.fromstring(picture).iter()}
        assert drawn <= {"svg", "g", "path", "rect", "text", "tspan", "line"}


def test_arms_of_one_label_are_told_apart(hostile_page: str, tables: Tables) -> None:
    names = [row[0][0] for row in tables(hostile_page)["table-arms"]]
    assert len(set(names)) == len(names)


def test_prices_have_unit_source_and_date(by_hand_evidence: Evidence, tables: Tables) -> None:
    analysis, lock, facts = by_hand_evidence
    price = Price("p", "lab", "lab/deep", 3000, 15000, source="override file", as_of="2026-01-01")
    row = tables(render_html(analysis, lock, replace(facts, prices=(price,))))["table-prices"][0]
    assert [value for value, _ in row] == [
        *("lab/deep", "lab", "$3.000", "unknown", "unknown", "unknown", "$15.000", "override file", "2026-01-01"),
    ]


@pytest.mark.parametrize("n_arms", [1, 2])
def test_few_arms(n_arms: int) -> None:
    facts, lock = make_facts(5, n_arms=n_arms, n_tasks=6)
    assert "<h2>Arms</h2>" in render_html(analyse(facts, lock), lock, facts)
