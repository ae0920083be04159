from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.cli.init import init
from assay.errors import ExperimentError, TaskError
from assay.experiment.load import load_experiment
from assay.run.design import resolve
from assay.testing.tasks import make_task


def test_a_starter_from_flags_loads(tmp_path: Path) -> None:
    path = tmp_path / "first try.yaml"
    arguments = [str(path), "--question", 'Is "a": better?', "--model", "lab/swift", "--reps", "4", "--max-cost", "2.5"]
    assert CliRunner().invoke(init, arguments, catch_exceptions=False).exit_code == 0
    experiment = load_experiment(path)
    assert (experiment.name, experiment.question) == ("first-try", 'Is "a": better?')
    assert (experiment.reps, experiment.max_cost, list(experiment.models)) == (4, 2.5, ["lab/swift"])


def test_an_agent_is_written_too(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    CliRunner().invoke(init, [str(path), "--agent", "api", "--agent", "nop", "--yes"], catch_exceptions=False)
    assert load_experiment(path).agents == ("api", "nop")
    with pytest.raises(ExperimentError, match="nobody"):
        CliRunner().invoke(init, [str(tmp_path / "f.yaml"), "--agent", "nobody", "--yes"], catch_exceptions=False)


def test_defaults_run_without_a_key(tmp_path: Path) -> None:
    CliRunner().invoke(init, [str(tmp_path / "e.yaml"), "--yes"], catch_exceptions=False)
    experiment = load_experiment(tmp_path / "e.yaml")
    assert all(model.startswith("lab/") for model in experiment.models.values())
    assert experiment.controls


def test_commented_lines_are_valid_too(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    CliRunner().invoke(init, [str(path), "--yes"], catch_exceptions=False)
    head, *rest = path.read_text(encoding="utf-8").split("\n\n")
    path.write_text(head + "\n" + "\n".join(line.removeprefix("# ") for line in "\n".join(rest).splitlines()), "utf-8")
    experiment = load_experiment(path)
    assert set(experiment.variants) == {"bare", "careful"}
    assert experiment.margin == 5


def test_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ExperimentError, match="exists already"):
        CliRunner().invoke(init, [str(tmp_path / "e.yaml")], catch_exceptions=False)
    assert (tmp_path / "e.yaml").read_text(encoding="utf-8") == "mine"


def test_a_wrong_suite_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="there is no suite 'nope'"):
        CliRunner().invoke(init, [str(tmp_path / "e.yaml"), "--suite", "nope"], catch_exceptions=False)
    assert not (tmp_path / "e.yaml").exists()


def test_a_suite_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    make_task(tmp_path / "ours", id="tiny-0")
    path = tmp_path / "e.yaml"
    CliRunner().invoke(init, [str(path), "--suite", "ours"], catch_exceptions=False)
    assert [task.id for task in resolve(load_experiment(path)).tasks] == ["tiny-0"]


def test_a_wrong_model_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="nobody knows which provider"):
        CliRunner().invoke(init, [str(tmp_path / "e.yaml"), "--model", "swift"], catch_exceptions=False)
    assert not (tmp_path / "e.yaml").exists()
