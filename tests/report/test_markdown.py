import re

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report import numbers
from assay.report.json_report import report_data
from assay.report.markdown import escape, render_markdown

Evidence = tuple[Analysis, Lock, Facts]


def table(text: str, title: str) -> list[list[str]]:
    part = text.split(f"### {title}\n\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in part.splitlines()]


def test_says_simulated_first_then_the_verdict(evidence: Evidence) -> None:
    text = render_markdown(*evidence)
    lines = text.splitlines()
    assert lines[2].startswith("> **Simulated results:")
    assert text.index("## Verdict") < text.index("### Established") < text.index("## Arms")


def test_tables_are_whole(evidence: Evidence) -> None:
    text = render_markdown(*evidence)
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_numbers_are_the_numbers_for_programs(evidence: Evidence) -> None:
    data = report_data(*evidence)
    rows = table(render_markdown(*evidence), "Arms")[2:]
    assert len(rows) == len(data["arms"])
    for row, arm in zip(rows, data["arms"], strict=True):
        assert row[3].split(" (")[0] == numbers.amount("solved", arm["solved"]["mean"])
        assert numbers.interval("score", arm["score"]["low"], arm["score"]["high"]) in row[6]
        assert row[9].removeprefix("≥ ").split(" (")[0] == numbers.usd(arm["cost_per_solved"])


def test_same_evidence_same_text(evidence: Evidence) -> None:
    assert render_markdown(*evidence) == render_markdown(*evidence)


def test_hostile_text_is_plain(hostile: Evidence) -> None:
    text = render_markdown(*hostile)
    assert "<" not in text.replace("&lt;", "")
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\u2066"}
    assert not re.search(r"(?<!\\)\]\(", text)


def test_escape() -> None:
    assert escape("a_b <i> *x* [y](z) | `c`") == r"a_b &lt;i&gt; \*x\* \[y\](z) \| \`c\`"
    assert escape("_x_") == r"\_x\_"
