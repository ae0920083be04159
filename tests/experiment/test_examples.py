import re
from pathlib import Path

import pytest

from assay.agents.kinds import agent_infos
from assay.experiment.arms import expand_arms
from assay.experiment.load import load_experiment, parse_experiment
from assay.experiment.tasks import experiment_tasks, left_out
from assay.lab.faults import parse_faults
from assay.lab.models import MODELS
from assay.plan import make_plan

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))

ARMS = {
    "arms-rows": 3,
    "chain-of-thought": 4,
    "command-agent": 3,
    "controls": 4,
    "effort": 4,
    "faults": 3,
    "instruction-profiles": 6,
    "model-selection": 6,
    "prediction": 2,
    "providers-local": 3,
    "temperature": 4,
    "tone": 3,
}


def names(path: Path) -> str:
    return path.stem


def test_every_example_is_listed() -> None:
    assert {path.stem for path in EXAMPLES} == set(ARMS)
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([a-z-]+)\.yaml\)", page)) == set(ARMS)


@pytest.mark.parametrize("path", EXAMPLES, ids=names)
def test_every_example_comes_to_a_plan(path: Path) -> None:
    experiment = load_experiment(path)
    assert experiment.name == path.stem
    assert experiment.question
    arms, tasks = expand_arms(experiment, agent_infos()), experiment_tasks(experiment)
    assert len(arms) == ARMS[path.stem]
    without = left_out(experiment, arms, tasks)
    plan = make_plan(arms, tasks, experiment.reps, experiment.seed, "run", without=without)
    assert len(plan) == len(arms) * len(tasks) * experiment.reps
    for arm in arms:
        if arm.provider == "lab":
            assert arm.model in MODELS
        parse_faults(arm.settings.get("lab_fault"))


def test_model_selection_is_2160_trials() -> None:
    experiment = load_experiment(ROOT / "examples" / "model-selection.yaml")
    arms, tasks = expand_arms(experiment, agent_infos()), experiment_tasks(experiment)
    assert len(make_plan(arms, tasks, experiment.reps, 0, "run")) == 3 * 2 * 24 * 15


def test_every_experiment_in_the_documentation_is_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "experiment.md").read_text(encoding="utf-8")
    (tmp_path / "mid.md").write_text("x", encoding="utf-8")
    (tmp_path / "ten.txt").write_text("a", encoding="utf-8")
    (tmp_path / "rules.md").write_text("x", encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        head = "" if "suite:" in block else "suite: focused\n"
        head += "" if re.search(r"^name:", block, re.MULTILINE) else "name: x\n"
        model = "" if re.search(r"^(models?|arms|agents):", block, re.MULTILINE) else "model: lab/swift\n"
        parse_experiment(head + model + block, tmp_path / "e.yaml")
