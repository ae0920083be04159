"""From a run folder to its report, in every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report.csv_report import render_csv
from assay.report.html import render_html
from assay.report.json_report import render_json
from assay.report.markdown import render_markdown
from assay.run.facts import build_facts
from assay.run.opening import Run

FORMATS: Mapping[str, Callable[[Analysis, Lock, Facts], str]] = {
    "html": render_html,
    "md": render_markdown,
    "json": render_json,
    "csv": render_csv,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a report is made from."""

    lock: Lock
    facts: Facts
    analysis: Analysis

    def render(self, form: str) -> str:
        """Render one of ``FORMATS``."""
        return FORMATS[form](self.analysis, self.lock, self.facts)


async def read_run(run: Run, *, write: bool = True, verify: bool = False, rebuild: bool = False) -> Reading:
    """Derive facts from books and evidence, and analyse them; see ``build_facts``."""
    facts = await build_facts(run, write=write, verify=verify, rebuild=rebuild)
    return Reading(run.lock, facts, analyse(facts, run.lock))


def write_reports(reading: Reading, folder: Path, forms: tuple[str, ...] = ("html", "md", "json", "csv")) -> Path:
    """Write ``report.<form>`` files, each replaced whole; return the HTML's path (or the first one's)."""
    for form in forms:
        half = folder / f".report.{form}.half"
        half.write_text(reading.render(form), encoding="utf-8")
        half.replace(folder / f"report.{form}")
    return folder / f"report.{'html' if 'html' in forms else forms[0]}"
