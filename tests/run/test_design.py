"""An experiment with sub-agents on this machine: every model that an arm may name is routed, locked, priced, known."""

from pathlib import Path

import pytest

from assay.agents.kinds import AgentInfo, agent_info
from assay.errors import ExperimentError, PriceError
from assay.experiment.load import parse_experiment
from assay.records import Dialect
from assay.run import design as module
from assay.run.design import Design, resolve
from assay.run.driver import DriveOptions
from assay.run.preflight import preflight
from assay.run.services import route

TEXT = """
name: x
suite: focused
tasks: bug-fix-02-booked-twice
agent: claude-code
models: {big: lab/deep, small: lab/swift}
profiles: {alone: {}, helped: {agents: [{name: coder, description: Writes., model: small}]}}
arms: [{model: big, profile: [alone, helped]}]
reps: 2
"""


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = {name: agent_info(name) for name in ("api", "command", "oracle")}
    infos["claude-code"] = AgentInfo("claude-code", frozenset({Dialect.MESSAGES}), "2.1")
    monkeypatch.setattr(module, "agent_infos", lambda: infos)


def made(tmp_path: Path, text: str = TEXT) -> Design:
    return resolve(parse_experiment(text, tmp_path / "e.yaml"))


def test_an_arm_is_routed_to_every_model_that_it_may_name(tmp_path: Path) -> None:
    design = made(tmp_path)
    alone, helped = (route(arm, design.providers) for arm in design.arms)
    assert list(alone.upstreams) == ["deep"]
    assert {name: (up.provider.name, up.model) for name, up in helped.upstreams.items()} == {
        "deep": ("lab", "deep"),
        "swift": ("lab", "swift"),
    }
    assert helped.dialect is Dialect.MESSAGES


def test_the_lock_holds_a_sub_agents_provider(tmp_path: Path) -> None:
    text = TEXT.replace("lab/deep", "anthropic/a").replace("lab/swift", "own/b")
    text += (
        "providers: {own: {base_url: 'http://127.0.0.1:1/v1', dialect: messages, key: none}}\nmixed_accounts: true\n"
    )
    assert set(made(tmp_path, text).lock("run", 0, {}).providers) == {"anthropic", "own"}


def test_a_money_cap_needs_the_price_of_a_sub_agent_too(tmp_path: Path) -> None:
    text = TEXT.replace("lab/deep", "own/a").replace("lab/swift", "own/b")
    own = "base_url: 'http://127.0.0.1:1', dialect: messages, key: none, price: {a: {input: 1, output: 2}}"
    text += f"providers: {{own: {{{own}}}}}\n"
    with pytest.raises(PriceError, match="b"):
        preflight(made(tmp_path, text), DriveOptions(max_cost=1.0))
    both = text.replace("price: {a: {input: 1, output: 2}}", "price: {input: 1, output: 2}")
    preflight(made(tmp_path, both), DriveOptions(max_cost=1.0))


def test_a_simulated_helper_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"the Lab has no model 'swft'\. Did you mean 'swift'"):
        made(tmp_path, TEXT.replace("lab/swift", "lab/swft"))


def test_a_way_round_the_gateway_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"arm 'alone' asks for egress, but 'claude-code' speaks to its model"):
        made(tmp_path, TEXT + "settings: {egress: vendor.example}\n")


def test_the_plan_holds_the_sentinels_and_the_conditions_say_so(tmp_path: Path) -> None:
    plain, watched = made(tmp_path), made(tmp_path, TEXT + "sentinels: {tasks: 1, every: 2}\n")
    assert [trial.repetition for trial in watched.trials("run")] == [-1, 0, 0, -2, 1, 1, -3]
    assert [trial.repetition for trial in plain.trials("run")] == [0, 0, 1, 1]
    assert "sentinels" not in plain.experiment.conditions()
    assert watched.lock("run", 0, {}).experiment["conditions"]["sentinels"] == {"tasks": 1, "every": 2}


def test_a_command_agent_without_a_command_is_refused_before_anything_runs(tmp_path: Path) -> None:
    text = "name: x\nsuite: focused\nagent: command\nmodel: lab/swift\n"
    with pytest.raises(ExperimentError, match=r"e\.yaml:3: agent 'command' has no command"):
        made(tmp_path, text)
    assert made(tmp_path, text + "settings: {command: 'true'}\n").arms
