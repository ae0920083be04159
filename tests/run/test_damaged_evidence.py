"""Evidence of a real agent, damaged: it stays as it is, what cannot be read is named, and everything else counts."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from assay.cli.show import show
from assay.evidence import normalise as normalising
from assay.evidence.layout import RunFolder, evidence_id
from assay.evidence.sources import claude_code
from assay.experiment.load import experiment_from
from assay.plan import Selection
from assay.run import facts as deriving
from assay.run.driver import DriveOptions
from assay.run.execute import execute
from assay.run.facts import build_facts
from assay.run.opening import open_run
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.tasks import make_task

NO_SANDBOX = BubblewrapKind().probe()
pytestmark = pytest.mark.skipif(NO_SANDBOX is not None, reason=f"no bubblewrap: {NO_SANDBOX}")

RECORDED = Path(__file__).parents[1] / "evidence" / "sources" / "claude_code" / "sub_agent"
FROM_GATEWAY = ("tokens_total", "cost_usd", "requests", "requests_failed", "api_s", "ttft_ms", "cache_read_of_prompt")
STREAM, LOGS = "steps/0/stream.jsonl", "otlp/logs.bin"
SESSIONS = "home/.claude/projects"


@dataclass(frozen=True)
class Place:
    """A finished run; the evidence of its one attempt is what Claude Code left of a real task with a sub-agent."""

    out: Path
    folder: Path
    trial: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("finished")
    (here / "suite").mkdir()
    make_task(here / "suite", id="tiny")
    what = experiment_from(name="damaged", folder=here, suite=str(here / "suite"), models=["lab/swift"], reps=1)
    options = DriveOptions(concurrency=1, anchors=False, selection=Selection(limit=1))
    asyncio.run(execute(what, RunFolder(here / "out"), options))
    return here / "out"


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    out = Path(shutil.copytree(finished, tmp_path / "out"))
    (folder,) = (out / "evidence").glob("*/*")
    shutil.rmtree(folder)
    shutil.copytree(RECORDED, folder)
    monkeypatch.setattr(normalising, "_reader", lambda _: claude_code)
    monkeypatch.setattr(deriving, "BARE", "none of these")
    return Place(out, folder, folder.parent.name)


def derived(place: Place) -> tuple[dict[str, float | None], dict[str, str], list[str], str]:
    """Derive everything; return the measures, the verdict by source, the problems, and what is shown."""

    async def build() -> None:
        run = await open_run(RunFolder(place.out))
        await build_facts(run)
        await run.ledger.close()

    asyncio.run(build())
    with duckdb.connect() as db:
        found = db.execute(
            "SELECT metrics, sources, problems FROM read_parquet(?)", [str(place.out / "facts" / "trials.parquet")]
        ).fetchone()
    assert found is not None
    metrics, sources, problems = map(json.loads, found)
    shown = CliRunner().invoke(show, [str(place.out), place.trial, "--telemetry"], catch_exceptions=False)
    assert shown.exit_code == 0
    measured = {name.removeprefix("measure:"): value for name, value in metrics.items() if name.startswith("measure:")}
    return measured, sources, problems, shown.output


def append_line(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(json.dumps({"t": 9.0, "fd": 1, "text": text + "\n"}) + "\n")


def change_stream(path: Path, old: str, new: str) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert any(old in row["text"] for row in rows)
    path.write_text("".join(json.dumps(row | {"text": row["text"].replace(old, new)}) + "\n" for row in rows))


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def main_session(folder: Path) -> Path:
    (path,) = (folder / SESSIONS).glob("*/*.jsonl")
    return path


Damage = tuple[Callable[[Path], object], str, str]
"""What is done to a folder, the source that it strikes, and the words that name it."""

DAMAGES: dict[str, Damage] = {
    "a line of no event": (lambda at: append_line(at / STREAM, "Segmentation fault"), "stream", "not a JSON event"),
    "a cut stream": (lambda at: cut(at / STREAM), "stream", "stream"),
    "an event without a field": (
        lambda at: change_stream(at / STREAM, '"usage"', '"usage_of_tomorrow"'), "stream", "without message.usage",
    ),
    "a cut session file": (lambda at: cut(main_session(at)), "session", "is cut off"),
    "bytes in a session file": (
        lambda at: main_session(at).write_bytes(b"\xff\xfe\0" + main_session(at).read_bytes()), "session", "line 1",
    ),
    "a cut OTLP body": (lambda at: cut(at / LOGS), "otlp", "logs.bin"),
}  # fmt: skip


def test_undamaged_all_sources_agree(place: Place) -> None:
    measured, sources, problems, shown = derived(place)
    assert (sources, problems) == (dict.fromkeys(("stream", "otlp", "session"), "agree"), [])
    assert (measured["delegations_invoked"], measured["requests"]) == (1, 4)
    assert "could not be read" not in shown


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_named_and_the_rest_counts(place: Place, name: str) -> None:
    whole, _, _, _ = derived(place)
    damage, struck, words = DAMAGES[name]
    damage(place.folder)
    before = evidence_id(place.folder)
    measured, sources, problems, shown = derived(place)
    assert evidence_id(place.folder) == before, "raw evidence is never touched"
    assert all(sources[source] == "agree" for source in {"stream", "otlp", "session"} - {struck})
    assert any(words in problem for problem in problems)
    assert "could not be read: " in shown
    for measure in (*FROM_GATEWAY, "tool_calls", "delegations_invoked", "delegated_tokens", "context_overhead"):
        assert measured[measure] == whole[measure], measure


def test_an_unknown_kind_of_event_is_counted_and_changes_nothing(place: Place) -> None:
    whole, sources, _, _ = derived(place)
    append_line(place.folder / STREAM, json.dumps({"type": "telepathy", "usage": {"input_tokens": 9}}))
    measured, after, problems, shown = derived(place)
    assert (measured, after, problems) == (whole, sources, [])
    assert "stream: 1 event of kinds that are not known here" in shown


def test_without_home_the_other_sources_count(place: Place) -> None:
    whole, _, _, _ = derived(place)
    shutil.rmtree(place.folder / "home")
    measured, sources, _, _ = derived(place)
    assert (sources["stream"], sources["otlp"]) == ("agree", "agree")
    assert sources.get("session", "missing") == "missing"
    assert measured == whole


def test_with_nothing_but_the_gateway_its_measures_stay_and_the_others_are_unknown(place: Place) -> None:
    whole, _, _, _ = derived(place)
    for name in ("home", "otlp", "steps"):
        shutil.rmtree(place.folder / name)
    measured, sources, _, shown = derived(place)
    assert set(sources.values()) <= {"missing"}
    assert {name: measured[name] for name in FROM_GATEWAY} == {name: whole[name] for name in FROM_GATEWAY}
    for name in ("tool_calls", "tool_calls_failed", "commits", "delegations_invoked", "cost_reported_usd", "tool_s"):
        assert measured[name] is None, name
    assert "tool calls: unknown" in shown
