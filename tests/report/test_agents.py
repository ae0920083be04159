"""What only runs of agents have in their reports: there when there is something, absent when there is not."""

import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import Facts, Sums
from assay.evidence.lock import Lock
from assay.report.compose import compose
from assay.report.csv_report import render_csv
from assay.report.document import Bullets, Document, Figure, Table
from assay.report.html import render_html
from assay.report.json_report import report_data
from assay.report.markdown import render_markdown
from assay.report.terminal import print_report
from assay.testing.agent_facts import make_agent_facts
from assay.testing.facts import make_facts

Evidence = tuple[Analysis, Lock, Facts]
OWN = ("agents", "delegation", "harness", "failures", "efforts", "trust")
Tables = Callable[[str], dict[str, list[list[tuple[str, str]]]]]


def analysed(made: tuple[Facts, Lock]) -> Evidence:
    facts, lock = made
    return analyse(facts, lock), lock, facts


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return analysed(make_agent_facts(4, sentinels=8))


@pytest.fixture(scope="module")
def document(evidence: Evidence) -> Document:
    return compose(*evidence)


def ids(document: Document) -> list[str]:
    return [section.id for section in document.sections]


def table(document: Document, name: str) -> list[dict[str, str]]:
    """Rows of a table as text by head."""
    for section in document.sections:
        for block in section.blocks:
            found = block.table if isinstance(block, Figure) else block
            if isinstance(found, Table) and found.name == name:
                heads = found.heads
                return [dict(zip(heads, [cell.text for cell in row], strict=True)) for row in found.rows]
    raise AssertionError(name)


def bullets(document: Document, title: str) -> Bullets:
    found = [b for s in document.sections for b in s.blocks if isinstance(b, Bullets) and b.title == title]
    assert len(found) == 1
    return found[0]


def test_a_run_without_agents_looks_as_before() -> None:
    plain = analysed(make_facts(4))
    assert not {*OWN, "drift"} & set(ids(compose(*plain)))
    data = report_data(*plain)
    assert [data[name] for name in ("measures", "agents", "harness", "efforts", "drifts")] == [[]] * 5
    assert data["telemetry_warnings"] == []


def test_sections_are_there_when_they_have_something(document: Document) -> None:
    assert {*OWN, "drift"} <= set(ids(document))


def test_every_format_has_the_same_tables(evidence: Evidence, document: Document, tables: Tables) -> None:
    page, text = tables(render_html(*evidence)), render_markdown(*evidence)
    for section in document.sections:
        for block in section.blocks:
            if section.id in OWN and isinstance(block, Table):
                drawn = [[value for value, _ in row] for row in page[f"table-{block.name}"]]
                assert drawn == [[cell.text for cell in row] for row in block.rows]
                assert f"### {block.title}" in text


def test_unknown_is_said_and_never_zero(document: Document) -> None:
    for row in table(document, "agents-money"):
        assert row["Cost, the agent's word, per run"] == "not known"
    assert {row["Active, the agent's word, per run"] for row in table(document, "agents-time")} == {"not known"}
    assert {row["Reasoning"] for row in table(document, "agents-tokens")} == {"not known"}
    tools = {row["Tool"]: row["Time"] for row in table(document, "agents-tools")}
    assert tools == {"Bash": "1.5 s", "Read": "not known"}


def test_costs_that_are_apart_are_flagged_and_auxiliary_can_be_taken_out(document: Document) -> None:
    flags = {row["Arm"]: row["More than 1% apart"] for row in table(document, "agents-money")}
    assert flags == {"claude-code": "▲ 1 of 16", "codex": "not known"}
    (first,) = [row for row in table(document, "agents-money") if row["Arm"] == "claude-code"]
    money = [first[head] for head in ("Cost, all trials", "Of it auxiliary", "Without auxiliary")]
    assert money == ["$0.550", "$0.0500", "$0.500"]


def test_tool_error_rate_is_of_calls_that_ended(document: Document) -> None:
    assert {row["Tool error rate"] for row in table(document, "agents-work")} == {"28.6%"}
    assert {(row["Class"], row["Times"]) for row in table(document, "agents-failures")} == {("exit_status", "2")}


def test_a_sub_agent_that_was_never_invoked_is_a_placebo(document: Document) -> None:
    rows = {row["Arm"]: row for row in table(document, "delegation")}
    assert rows["claude-code"]["Trials that delegated"] == "1 of 16"
    assert rows["codex"]["Trials that delegated"] == "0 of 16"
    (line,) = bullets(document, "Delegation placebo").items
    assert line.startswith("codex: coder registered in 16 trials and never invoked.")


def test_no_delegation_section_without_sub_agents() -> None:
    document = compose(*analysed(make_agent_facts(4, sub_agents=False)))
    assert "delegation" not in ids(document)
    assert "agents" in ids(document)


def test_a_disagreement_or_a_leak_is_stamped_on_top(evidence: Evidence, document: Document) -> None:
    assert not [stamp for stamp in document.stamps if stamp.startswith("Check before use")]
    assert bullets(document, "What is wrong").items == ()
    bad = analysed(make_agent_facts(4, disagree=2, leaked=("leaked: plugin spy",)))
    warned = compose(*bad)
    (stamp,) = [stamp for stamp in warned.stamps if stamp.startswith("Check before use")]
    assert "stream; 2 comparisons" in stamp
    assert "plugin spy" in stamp
    assert len(bullets(warned, "What is wrong").items) == 2
    assert report_data(*bad)["telemetry_warnings"] == [stamp]
    assert stamp.translate(str.maketrans("“”", '""'))[:60] in plain_text(bad).replace("\n", " ")
    assert report_data(*evidence)["telemetry_warnings"] == []


def test_drift_is_said_beside_what_p_could_be(document: Document) -> None:
    rows = {row["Measure"]: row for row in table(document, "drift")}
    assert rows["cost"]["Verdict"] == "▲ drift"
    assert rows["cost"]["Change"] == "+$0.0700"
    assert rows["solved rate"]["Verdict"] == "cannot be told"


def plain_text(evidence: Evidence) -> str:
    out = io.StringIO()
    print_report(*evidence, Console(file=out, width=80, force_terminal=False))
    return out.getvalue()


def test_the_terminal_says_it_in_80_columns(evidence: Evidence) -> None:
    text = plain_text(evidence)
    assert "same model, other agent" in text
    assert "1 of 16" in text
    assert max(map(len, text.splitlines())) <= 80


def test_json_holds_the_numbers_and_the_register(evidence: Evidence) -> None:
    data = json.loads(json.dumps(report_data(*evidence)))
    first = next(agent for agent in data["agents"] if agent["label"] == "claude-code")
    assert first["measures"]["cost_reported_usd"]["mean"] is None
    assert first["without_auxiliary_usd"] == pytest.approx(0.5)
    assert [row["role"] for row in first["models"]] == ["auxiliary", "main", "sub-agent"]
    register = {measure["name"]: measure["carries_model"] for measure in data["measures"]}
    assert (register["cost_usd"], register["active_s"]) == (True, False)
    assert set(first["measures"]) - {"files_changed"} == set(register)
    assert {one["measure"] for one in data["harness"]} >= {"solved", "cost", "wall_s"}


def test_csv_has_a_column_for_every_measure(evidence: Evidence) -> None:
    header = render_csv(*evidence).splitlines()[0].split(",")
    assert {"measure:requests_mean", "measure:waiting_s_unknown"} <= set(header)


def test_waste_marks_a_lower_bound(evidence: Evidence) -> None:
    _, lock, facts = evidence
    cells = tuple(replace(cell, cost_is_lower_bound=1) for cell in facts.cells)
    facts = replace(facts, cells=cells)
    for row in table(compose(analyse(facts, lock), lock, facts), "waste"):
        assert row["Spent on solved"].startswith("≥ $")
        assert row["Partial cost"] == "8"


def test_names_of_tools_models_and_leaks_are_only_text(evidence: Evidence) -> None:
    nasty = "<script>alert(1)</script>\x1b[31m|*_`"
    _, lock, facts = evidence
    work = facts.works[0]
    hostile = replace(
        work,
        tools=(replace(work.tools[0], tool=nasty),),
        failures=(replace(work.failures[0], tool=nasty, error_class=nasty),),
        models=tuple(replace(model, model=nasty) for model in work.models),
        sub_agents=(replace(work.sub_agents[0], name=nasty, models={nasty: 1}),),
        sources=(replace(work.sources[0], disagree=1, gaps=(nasty,), sentences={nasty: 1}),),
        leaked={nasty: 1},
        problems={nasty: 1},
    )
    facts = replace(facts, works=(hostile, *facts.works[1:]))
    made = (analyse(facts, lock), lock, facts)
    page, text = render_html(*made), render_markdown(*made)
    assert "<script" not in page
    assert "<script" not in text
    assert "\x1b" not in page + text + plain_text(made)


def test_tool_failures_of_trials_that_nobody_saw_are_not_zero(evidence: Evidence) -> None:
    _, lock, facts = evidence
    name = "measure:tool_calls"
    cells = tuple(
        replace(cell, metrics={**cell.metrics, name: Sums(unknown=cell.settled)}) if cell.task == "bug-fix-01" else cell
        for cell in facts.cells
    )
    facts = replace(facts, cells=cells)
    for row in table(compose(analyse(facts, lock), lock, facts), "failure-kinds"):
        assert row["exit_status"] == "≥ 2"
