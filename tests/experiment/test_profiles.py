from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.errors import ExperimentError
from assay.experiment.arm_models import arm_models
from assay.experiment.arms import AgentInfo, expand_arms
from assay.experiment.labels import factor_values
from assay.experiment.model import Experiment
from assay.records import Arm

Load = Callable[..., Experiment]
Agents = Mapping[str, AgentInfo]

HELPED = """
agent: claude-code
models: {big: lab/deep, small: lab/swift}
profiles:
  alone: {}
  helped:
    instructions: Be brief.
    agents: {name: coder, description: Writes modules., model: small, effort: low, prompt: Write., tools: [Read, Edit]}
arms: [{model: big, profile: [alone, helped]}]
"""


def expanded(load: Load, agents: Agents, text: str) -> tuple[Arm, ...]:
    return expand_arms(load(text), agents)


def test_a_sub_agent_becomes_content_with_its_model_resolved(load: Load, agents: Agents) -> None:
    alone, helped = expanded(load, agents, HELPED)
    assert alone.profile == {}
    assert helped.profile == {
        "instructions": "Be brief.",
        "agents": [
            {
                "name": "coder",
                "description": "Writes modules.",
                "prompt": "Write.",
                "model": "swift",
                "provider": "lab",
                "effort": "low",
                "tools": ["Read", "Edit"],
            }
        ],
    }
    assert arm_models(alone) == (("lab", "deep"),)
    assert arm_models(helped) == (("lab", "deep"), ("lab", "swift"))


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("description: Writes modules.", "description: Writes tests."),
        ("model: small", "model: big"),
        ("effort: low", "effort: high"),
        ("prompt: Write.", "prompt: Write well."),
        ("tools: [Read, Edit]", "tools: [Read]"),
        ("name: coder", "name: writer"),
    ],
)
def test_arms_that_differ_in_a_declaration_only_are_different_arms(
    load: Load, agents: Agents, said: str, other: str
) -> None:
    one, two = expanded(load, agents, HELPED)[1], expanded(load, agents, HELPED.replace(said, other))[1]
    assert one.id != two.id


def test_the_name_of_a_model_is_no_content(load: Load, agents: Agents) -> None:
    renamed = HELPED.replace("small: lab/swift", "tiny: lab/swift").replace("model: small", "model: lab/swift")
    assert expanded(load, agents, HELPED)[1].id == expanded(load, agents, renamed)[1].id


def test_what_varies_names_the_sub_agents(load: Load, agents: Agents) -> None:
    arms = expanded(load, agents, HELPED)
    assert factor_values(arms)["profile"] == ("alone", "helped (coder: small low)")
    assert [arm.label for arm in arms] == ["alone", "helped"]


def test_files_become_text_in_every_part(load: Load, agents: Agents, tmp_path: Path) -> None:
    for name in ("rules", "prompt", "skill", "native", "turn", "pad", "own"):
        (tmp_path / name).write_text(f"the {name}", encoding="utf-8")
    text = """
agent: claude-code
model: lab/deep
variants: {v: {follow_ups: ["file:turn"], padding: {tokens: 5, text: "file:pad"}}}
profiles:
  p:
    instructions: file:rules
    agents: [{name: a, description: "file:own", prompt: "file:prompt"}]
    skills: {tidy: file:skill}
    settings: {claude-code: {note: file:own}}
    native: {claude-code: {"~/.claude/x.md": file:native}}
"""
    (arm,) = expanded(load, agents, text)
    profile: Mapping[str, Any] = arm.profile
    assert profile["instructions"] == "the rules"
    assert profile["agents"][0] == {"name": "a", "description": "the own", "prompt": "the prompt"}
    assert profile["skills"]["tidy"] == '---\nname: tidy\ndescription: "the skill"\n---\n\nthe skill'
    assert profile["settings"] == {"claude-code": {"note": "the own"}}
    assert profile["native"] == {"claude-code": {"~/.claude/x.md": "the native"}}
    assert arm.variant == {"follow_ups": ["the turn"], "padding": {"tokens": 5, "text": "the pad"}}


def test_a_small_model_is_resolved_like_any_other(load: Load, agents: Agents) -> None:
    text = "agent: plug-in\nmodels: {big: gpt-5, small: lab/swift}\narms: [{model: big, settings: {small_model: "
    plugged = {**agents, "plug-in": agents["api"]}
    own = expand_arms(load(text.replace("plug-in", "command") + "gpt-5-mini}}]"), plugged)[0]
    assert own.settings == {"small_model": "gpt-5-mini"}
    assert arm_models(own) == (("openai", "gpt-5"), ("openai", "gpt-5-mini"))
    away = text.replace("plug-in", "command").replace("lab/swift", "openrouter/q/swift") + "small}}]"
    (arm,) = expand_arms(load(away), plugged)
    assert arm.settings == {"small_model": "q/swift", "small_model_provider": "openrouter"}
    assert arm_models(arm) == (("openai", "gpt-5"), ("openrouter", "q/swift"))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HELPED.replace("model: small", "model: tiny"), 10, "model 'tiny' is not defined"),
        (
            HELPED.replace("lab/deep", "claude-x"),
            11,
            "an arm with 'anthropic/claude-x' names 'lab/swift': one of them is simulated",
        ),
        (
            HELPED.replace("lab/deep", "claude-x").replace("lab/swift", "openai/o3"),
            11,
            "agent 'claude-code' (speaks messages) cannot speak to 'openai/o3' at provider 'openai'",
        ),
        (
            HELPED.replace("claude-code", "command")
            .replace("lab/deep", "gpt-5")
            .replace("lab/swift", "openrouter/gpt-5"),
            11,
            "an arm names the model 'gpt-5' at provider 'openai' and at provider 'openrouter'",
        ),
        (HELPED.replace("claude-code", "api"), 10, "agent 'api' has no sub-agents"),
        (
            "agent: claude-code\nmodel: lab/deep\nsettings: {temperature: 0}\n",
            5,
            "agent 'claude-code' has no 'temperature'. Give it in rows",
        ),
        (
            "agent: opencode\nmodel: lab/deep\nsettings: {temperature: 0, effort: high}\n",
            5,
            "agent 'opencode' sends no 'temperature' beside 'effort' over 'messages'",
        ),
        ("agent: gemini-cli\nmodel: lab/deep\nsettings: {retries: 1}\n", 5, "agent 'gemini-cli' has no 'retries'"),
        (
            "agent: api\nmodel: lab/deep\nprofiles:\n  p:\n    native: {claude-cod: {x: y}}\n",
            7,
            "there is no agent 'claude-cod'. Did you mean 'claude-code'?",
        ),
        (
            "model: lab/a\n\nprofiles: {p: {agents: [{name: a, description: x}, {name: a, description: x}]}}\n",
            5,
            "declares the sub-agent 'a' twice",
        ),
        ("model: lab/deep\nprofiles: {p: {native: {api: {/etc/x: y}}}}\n", 4, "must lie in the workspace"),
    ],
)
def test_what_cannot_be_is_one_line(load: Load, agents: Agents, text: str, line: int, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        expanded(load, agents, text)
    assert message in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.line == line


def test_pairs_that_share_no_dialect_can_be_left_out(load: Load, agents: Agents) -> None:
    text = HELPED.replace("lab/deep", "claude-x").replace("lab/swift", "openai/o3") + "skip_incompatible: true\n"
    assert [arm.names["profile"] for arm in expanded(load, agents, text)] == ["alone"]


def test_what_a_dialect_silences_another_one_sends(load: Load, agents: Agents) -> None:
    text = "agent: opencode\nmodel: lab/deep\nsettings: {temperature: 0, effort: high, dialect: chat}\n"
    (arm,) = expanded(load, agents, text)
    assert arm.settings == {"temperature": 0, "effort": "high", "dialect": "chat"}


def test_lists_of_tools_and_hosts_are_one_value(load: Load, agents: Agents) -> None:
    text = "agent: claude-code\nmodel: lab/deep\nsettings: {tools: [Read, Edit], egress: vendor.example}"
    (arm,) = expanded(load, agents, text)
    assert arm.settings == {"tools": ["Read", "Edit"], "egress": ["vendor.example"]}
    two = expanded(load, agents, text.replace("[Read, Edit]", "[[Read, Edit], [Read]]"))
    assert [arm.label for arm in two] == ["tools=Read+Edit", "tools=Read"]


def test_an_asked_version_is_another_arm_of_the_same_agent(load: Load, agents: Agents) -> None:
    asked = {**agents, "claude-code@2.0": type(agents["api"])("claude-code@2.0", "2.0", agents["claude-code"].dialects)}  # type: ignore[call-arg]
    arms = expand_arms(load("agents: [claude-code, claude-code@2.0]\nmodel: lab/deep\nvary: agent"), asked)
    assert [(arm.agent, arm.agent_version, arm.label) for arm in arms] == [
        ("claude-code", "2.1", "claude-code"),
        ("claude-code", "2.0", "claude-code@2.0"),
    ]
