"""What ``assay show`` prints of an attempt: unknown is a word, numbers have units, what could not be read is said."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

from assay.cli.output import page
from assay.cli.show import _overview
from assay.cli.show_calls import show_calls
from assay.cli.show_telemetry import show_telemetry
from assay.cli.show_values import at_least, dollars, measured, milliseconds, shortened, who
from assay.evidence.calls import read_calls
from assay.evidence.normalise import Normalised, normalise
from assay.records import Arm, Attempt, Ended, OwnerKind, Role, Score, Trial
from assay.run.showing import AttemptView, TrialView, written
from assay.sandboxes.base import Change

SOURCES = Path(__file__).parents[1] / "evidence" / "sources"
ATTEMPT = Attempt("a", "r", OwnerKind.TRIAL, "t", 1, 1, "w", 0, finished=1, ended=Ended.TIMEOUT)


def view_of(folder: Path, agent: str, steps: tuple[dict[str, object], ...] = ()) -> TrialView:
    arm = Arm(agent, "1", "always", "lab", profile={"agents": [{"name": "coder", "model": "swift"}]})
    calls = read_calls(folder)
    one = AttemptView(ATTEMPT, steps, (), calls, (), sealed=False, intact=None, facts=normalise(folder, arm, calls))
    return TrialView(Trial("t", "r", arm.id, "task", "h", 0, 0), "arm", (one,))


def printed(view: TrialView) -> dict[str, str]:
    found = {}
    for name, show in (("telemetry", show_telemetry), ("calls", show_calls), ("overview", _overview)):
        out = io.StringIO()
        show(page(out), view)
        found[name] = out.getvalue()
    return found


def in_flight(to: Path) -> Path:
    """An attempt whose last request had no end when its process was killed."""
    folder = Path(shutil.copytree(SOURCES / "codex" / "killed", to / "killed"))
    log = folder / "gateway.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    return folder


def test_values_have_units_and_unknown_is_a_word() -> None:
    assert [dollars(cost) for cost in (None, 0.0, 0.00001, 0.25)] == ["unknown", "$0", "<$0.0001", "$0.2500"]
    assert [milliseconds(value) for value in (None, 12.4, 1500.0)] == ["unknown", "12 ms", "1.5 s"]
    told = [measured(*pair) for pair in ((0.5, "share"), (2.0, "s"), (None, "s"), (1234, "tokens"), (3.0, "ms"))]
    assert told == ["50.0%", "2.00 s", "unknown", "1,234", "3 ms"]
    assert [who(*pair) for pair in (("coder", Role.SUB_AGENT), (None, Role.MAIN), (None, None))] == [
        "coder",
        "main",
        "unknown",
    ]
    assert shortened("a\n  b", 9) == "a b"
    assert shortened("x" * 20, 9) == "xxxxxx..."


def test_what_was_spent_is_a_bound_where_requests_are_not_known() -> None:
    assert [at_least(cost) for cost in (None, 0.00001, 0.25)] == ["unknown", "at least $0", "at least $0.2500"]
    whole = view_of(SOURCES / "codex" / "killed", "codex")
    (one,) = whole.attempts
    for spent, said in ((None, "spent unknown"), (250_000_000, "spent at least $0.2500")):
        bound = replace(ATTEMPT, spent=spent, spent_is_lower_bound=True)
        first = printed(replace(whole, attempts=(replace(one, attempt=bound),)))["overview"].splitlines()[2]
        assert first.endswith(said)


def test_what_tools_leave_behind_is_counted_and_not_named() -> None:
    whole = view_of(SOURCES / "codex" / "killed", "codex")
    (one,) = whole.attempts
    cache = tuple(Change(f".pytest_cache/{name}", "A", kind) for name, kind in (("v", "dir"), ("v/a", "file")))
    deep = Change("src/__pycache__/a.pyc", "A", "file")
    own = Change("src/a.py", "M", "file")
    assert written((*cache, own, deep)) == ((own,), 2)
    for changes, said in (
        ((*cache, own, deep), "M src/a.py and 2 files in caches (--diff)"),
        ((*cache, deep), "nothing but 2 files in caches (--diff)"),
        (cache[:1], "nothing (--diff)"),
        ((own,), "M src/a.py (--diff)"),
    ):
        seen = printed(replace(whole, attempts=(replace(one, sealed=True, changes=changes),)))
        assert f"changed: {said}\n" in seen["overview"]


def test_scores_are_shown_once_for_attempts_that_share_them() -> None:
    whole = view_of(SOURCES / "codex" / "killed", "codex")
    (one,) = whole.attempts
    scores = {value: Score("a", 0, "executed", "h", "solved", value, None) for value in (0.0, 1.0)}
    attempts = tuple(
        replace(one, attempt=replace(ATTEMPT, number=number), scores=() if value is None else (scores[value],))
        for number, value in enumerate((0.0, None, 0.0, 1.0), start=1)
    )
    out = io.StringIO()
    _overview(page(out), replace(whole, attempts=attempts))
    first, second, third, fourth = out.getvalue().split("\nattempt ")[1:]
    assert [part.count("solved") for part in (first, second, third, fourth)] == [1, 0, 0, 1]
    assert [part.count("scores: those of attempt 1") for part in (first, second, third, fourth)] == [0, 0, 1, 0]


def test_a_sub_agents_requests_are_told_from_the_main_loops() -> None:
    said = printed(view_of(SOURCES / "claude_code" / "sub_agent", "claude-code"))
    rows = [line.split() for line in said["calls"].splitlines()[2:]]
    assert [(row[3], row[4]) for row in rows] == [
        ("main", "always"), ("coder", "swift"), ("coder", "swift"), ("main", "always"),
    ]  # fmt: skip
    assert "sub-agents: coder registered, 1 use" in said["telemetry"]
    assert "stream agree, otlp agree, session agree (each against the gateway)" in said["overview"]


def test_the_cost_of_a_use_among_several_is_in_their_total() -> None:
    whole = view_of(SOURCES / "claude_code" / "sub_agent", "claude-code")
    (one,) = whole.attempts
    (used,) = one.facts.delegations
    total = dollars(one.facts.measures["delegated_cost_usd"])
    assert f"cost {total}," in printed(whole)["telemetry"]
    open_use = replace(used, cost_usd=None)

    def said(facts: Normalised) -> str:
        return printed(replace(whole, attempts=(replace(one, facts=facts),)))["telemetry"]

    twice = replace(one.facts, delegations=(open_use, open_use))
    assert said(twice).count(f"cost is in the total of {total}") == 2
    assert f"cost is in the total of at least {total}" in said(replace(twice, lower_bound=True))
    of_two = replace(twice, delegations=(open_use, replace(open_use, agent_name="tester")))
    assert said(of_two).count("cost unknown") == 2
    assert said(replace(twice, measures={**one.facts.measures, "delegated_cost_usd": None})).count("cost unknown") == 2


def test_a_killed_attempt_says_what_is_not_known(tmp_path: Path) -> None:
    said = printed(view_of(in_flight(tmp_path), "codex", ({"step": 0},)))
    assert "open when it was killed" in said["calls"]
    assert "a request was open when it was killed: tokens and cost are lower bounds" in said["telemetry"]
    assert "no end was seen by: " in said["telemetry"]
    assert "step 0: no end is known, exit code unknown, unknown time, memory unknown" in said["overview"]
    nothing = printed(view_of(tmp_path / "nothing", "codex"))
    assert nothing["calls"] == "no request was made\n"
    assert "tool calls: unknown" in nothing["telemetry"]


def test_tokens_that_no_answer_told_are_unknown(tmp_path: Path) -> None:
    whole = view_of(in_flight(tmp_path), "codex")
    (one,) = whole.attempts
    lost = replace(one, calls=one.calls[-1:])
    assert one.calls[-1].tokens.total is None
    assert "1 request, unknown tokens" in printed(replace(whole, attempts=(lost,)))["overview"]
    assert "2 requests" in printed(whole)["overview"]
    assert "tokens or more" in printed(whole)["overview"]


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SOURCES / "claude_code" / "sub_agent", tmp_path / "a"))
    with (folder / "steps" / "0" / "stream.jsonl").open("a") as stream:
        stream.write('{"t": 1, "fd": 1, "text": "[bold]not an event\\n"}\n')
    said = printed(view_of(folder, "claude-code"))
    assert "could not be read: stream: " in said["telemetry"]
    assert "[bold]not an event" in said["telemetry"], "what an agent prints is no markup"
    assert "1 problem" in said["overview"]


def test_an_attempt_without_any_facts_can_be_shown() -> None:
    whole = view_of(SOURCES / "codex" / "killed", "codex")
    said = printed(replace(whole, attempts=(replace(whole.attempts[0], facts=Normalised()),)))
    assert "the gateway is the only source" in said["telemetry"]
