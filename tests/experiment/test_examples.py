import re
from dataclasses import replace
from pathlib import Path

import pytest

from assay.agents.kinds import AgentInfo, agent_infos
from assay.errors import MachineError
from assay.experiment.arm_models import arm_models, declared
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
    "chain-of-thought": 6,
    "command-agent": 3,
    "context-pollution": 8,
    "controls": 4,
    "drift": 2,
    "effort": 4,
    "faults": 3,
    "follow-ups": 4,
    "harness-effect": 4,
    "instruction-profiles": 6,
    "model-selection": 6,
    "prediction": 2,
    "providers-local": 3,
    "sub-agents": 16,
    "temperature": 4,
    "terminal-agent": 3,
    "tone": 4,
}


def everywhere() -> dict[str, AgentInfo]:
    """All agents, as if each was installed: an example must be right on a machine that lacks them."""
    return {name: replace(info, version=info.version or "1") for name, info in agent_infos().items()}


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
    arms, tasks = expand_arms(experiment, everywhere()), experiment_tasks(experiment)
    assert len(arms) == ARMS[path.stem]
    without = left_out(experiment, arms, tasks)
    plan = make_plan(arms, tasks, experiment.reps, experiment.seed, "run", without=without)
    assert len(plan) == len(arms) * len(tasks) * experiment.reps
    for arm in arms:
        if arm.provider == "lab":
            assert {model for _, model in arm_models(arm)} <= MODELS.keys()
        parse_faults(arm.settings.get("lab_fault"))


def test_an_example_whose_agents_are_missing_says_so() -> None:
    missing = {
        name: replace(info, version=None, problem="Run: assay agents install codex") if name == "codex" else info
        for name, info in everywhere().items()
    }
    experiment = load_experiment(ROOT / "examples" / "harness-effect.yaml")
    with pytest.raises(MachineError, match=r"agent 'codex' cannot be used: Run: assay agents install codex"):
        expand_arms(experiment, missing)


def test_the_seven_combinations_and_two_that_are_alone() -> None:
    experiment = load_experiment(ROOT / "examples" / "sub-agents.yaml")
    arms = [arm for arm in expand_arms(experiment, everywhere()) if not arm.replicate]
    alone = [arm for arm in arms if not declared(arm)]
    assert sorted(arm.agent for arm in alone) == ["claude-code", "codex", "opencode"]
    helped = [(arm.agent, arm_models(arm), declared(arm)[0].get("effort")) for arm in arms if declared(arm)]
    deep, steady, swift = (("lab", name) for name in ("deep", "steady", "swift"))
    for agent in ("claude-code", "opencode"):
        for helper in (steady, swift):
            assert helped.count((agent, (deep, helper), None)) == 2, "free and forced"
    for effort in ("medium", "low"):
        assert helped.count(("codex", (deep,), effort)) == 2, "free and forced"
    tagged = [task.id for task in experiment_tasks(experiment) if "parallel" in task.tags]
    assert tagged == ["four-text-tools"]


def test_ten_tasks_are_fixed_beforehand_from_floor_to_headroom() -> None:
    experiment = load_experiment(ROOT / "examples" / "terminal-agent.yaml")
    tasks = {task.id: task for task in experiment_tasks(experiment)}
    assert len(tasks) == 10
    assert {tasks[name].difficulty for name in experiment.predict.floor} == {"floor"}
    assert {tasks[name].difficulty for name in experiment.predict.headroom} == {"headroom"}
    assert experiment.prediction_id is not None


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
