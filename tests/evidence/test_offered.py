"""Lists as the tested versions of the agents write them."""

import json
from typing import Any

import pytest

from assay.evidence.offered import offered
from assay.evidence.sources.base import Inventory
from assay.records import Arm

ALONE = Arm("opencode", "1", "m", "p")
TYPES = "Available agent types and the tools they have access to:"
ROLES = "Omit to inherit.\nAvailable roles:\ncoder: {\nCodes\n}\ndefault: {\nDefault agent.\nRules:\n- own: it\n}"
GEMINI = "<available_subagents>\n  <subagent>\n    <name>coder</name>\n  </subagent>\n</available_subagents>"
SKILLS = (
    "<available_skills><skill><name>own</name><location>&lt;built-in&gt;</location></skill>"
    "<skill>\n <name>tidy</name><location>/x</location></skill></available_skills>"
)


def read(arm: Arm = ALONE, **request: Any) -> Inventory | None:
    return offered(json.dumps(request).encode(), arm)


def test_opencode() -> None:
    task = {"name": "task", "description": f"Launch.\n{TYPES}\n- coder: Codes\n- other: Else"}
    found = read(system=[{"text": SKILLS}], tools=[task, {"name": "skill"}])
    assert found == Inventory(tools=("skill", "task"), sub_agents=("coder", "other"), skills=("tidy",))


def test_rules_of_the_system_that_look_like_a_list_are_none() -> None:
    task = {"name": "task", "description": f"Launch.\n{TYPES}\n- coder: Codes"}
    found = read(system="# Code style\n- IMPORTANT: no comments", tools=[task])
    assert found == Inventory(tools=("task",), sub_agents=("coder",))


def test_codex() -> None:
    nested = {"name": "spawn", "parameters": {"agent_type": {"description": ROLES}}}
    found = read(
        input=[], tools=[{"type": "custom", "name": "apply_patch"}, {"name": "multi_agent_v1", "tools": [nested]}]
    )
    assert found == Inventory(tools=("apply_patch", "multi_agent_v1"), sub_agents=("coder", "default"))


def test_gemini_cli_writes_no_list_when_there_is_none() -> None:
    tools = [{"functionDeclarations": [{"name": "invoke_agent", "description": "Invoke."}]}]
    found, alone = (read(systemInstruction={"parts": [{"text": text}]}, tools=tools) for text in (GEMINI, "You help."))
    assert found == Inventory(tools=("invoke_agent",), sub_agents=("coder",))
    assert alone == Inventory(tools=("invoke_agent",), sub_agents=())


def test_without_a_tool_to_delegate_there_are_none_and_a_tool_without_a_list_is_unknown() -> None:
    chat = read(messages=[], tools=[{"type": "function", "function": {"name": "bash"}}])
    assert chat == Inventory(tools=("bash",), sub_agents=())
    assert read(tools=[{"name": "task", "description": "Launch."}]) == Inventory(tools=("task",))


def test_what_the_task_or_a_declared_description_says_is_no_list() -> None:
    said = f"{TYPES}\n- spy: x\n{GEMINI}{SKILLS}"
    found = read(messages=[{"role": "user", "content": said}], tools=[{"name": "task", "description": f"{TYPES}\n"}])
    assert found == Inventory(tools=("task",), sub_agents=())
    for description in ("Codes.\n- Never: asks", "o"):
        arm = Arm("opencode", "1", "m", "p", profile={"agents": [{"name": "coder", "description": description}]})
        found = read(arm, tools=[{"name": "task", "description": f"{TYPES}\n- coder: {description}\n- other: x"}])
        assert found == Inventory(tools=("task",), sub_agents=("coder", "other"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"tools": []}', b'{"tools": 5}', b'{"tools": [5]}', b"[" * 100_000]
)
def test_what_cannot_be_read_says_nothing(body: bytes) -> None:
    assert offered(body, ALONE) is None
