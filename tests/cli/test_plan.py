import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli.plan import plan
from assay.testing.tasks import make_task

TEXT = """\
name: two
question: Which one?
suite: suite
models: [lab/swift, lab/deep]
agents: [api, oracle]
controls: [aa]
reps: 2
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    for number in range(2):
        make_task(tmp_path / "suite", id=f"fix-{number}")
    path = tmp_path / "e.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(plan, list(arguments), catch_exceptions=False)


def test_the_page_says_what_would_happen(experiment: Path) -> None:
    page = run(str(experiment)).stdout
    assert "two: Which one?" in page
    assert "4 arms x 2 tasks x 2 repetitions = 16 trials" in page
    assert "Simulated models" in page
    assert "swift (A/A twin)" in page
    assert "model: lab/swift, lab/deep" in page
    assert "0.5 for one pair" in page
    assert "nothing is charged" in page
    assert "Note: with 2 tasks no distribution-free test of 1 pair can reach p < 0.05; 6 tasks can" in page


def test_the_data_say_the_same(experiment: Path) -> None:
    data = json.loads(run(str(experiment), "--json").stdout)
    assert data["n_trials"] == 16
    assert [arm["label"] for arm in data["arms"]] == ["swift", "deep", "oracle", "swift (A/A twin)"]
    assert data["prospects"]["minimum_p"] == 0.5
    assert data["simulated"] is True
    assert data["cost_usd"]["high"] == 0


def test_options_change_what_a_file_leaves_open(experiment: Path) -> None:
    data = json.loads(run(str(experiment), "--json", "--reps", "5", "--max-cost", "9").stdout)
    assert (data["n_trials"], data["max_cost"]) == (40, 9)


def test_without_a_file(experiment: Path) -> None:
    suite = str(experiment.parent / "suite")
    data = json.loads(run("--model", "lab/swift", "--model", "lab/deep", "--suite", suite, "--json").stdout)
    assert (data["name"], data["n_trials"]) == ("swift-vs-deep-suite", 12)


def test_nothing_is_written_and_nobody_is_called(experiment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.stat().st_mtime_ns for path in experiment.parent.rglob("*")}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("plan opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(experiment.parent)
    assert run("e.yaml").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in experiment.parent.rglob("*")} == before


def test_unpriced_models_are_told(experiment: Path) -> None:
    text = TEXT.replace("[lab/swift, lab/deep]", "[own/m]") + "providers: {own: {base_url: 'http://127.0.0.1:1/v1'}}\n"
    experiment.write_text(text, encoding="utf-8")
    page = run(str(experiment)).stdout
    assert "unknown: unpriced" in page
    assert "unknown for own/m" in page
    assert "a money cap cannot hold for a model without a price" in page
    data = json.loads(run(str(experiment), "--json").stdout)
    assert data["arms"][0]["cost_usd"] is None


def test_the_schema_is_printed() -> None:
    schema = json.loads(run("--schema").stdout)
    assert schema["title"] == "Assay experiment"
    assert schema["additionalProperties"] is False
