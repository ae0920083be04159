"""Everything that an arm says is in the requests that the gateway stored: no arm claims what it is not."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from assay.testing.agent_cases import Seen, texts

pytestmark = pytest.mark.agents
INSTRUCTION_BEGINS, INSTRUCTION_ENDS = "`mean` in `calc.py` rounds down", "`add` stays as it is."
# Where each agent's dialect has the knobs that the agent has.
EFFORT = {
    "claude-code": ("output_config", "effort"),
    "codex": ("reasoning", "effort"),
    "opencode": ("reasoning_effort",),
    "gemini-cli": ("generationConfig", "thinkingConfig", "thinkingLevel"),
    "aider": ("reasoning_effort",),
    "mini-swe-agent": ("reasoning_effort",),
}
TEMPERATURE = {
    "opencode": ("temperature",),
    "gemini-cli": ("generationConfig", "temperature"),
    "aider": ("temperature",),
    "mini-swe-agent": ("temperature",),
}
every_agent = pytest.mark.parametrize("agent", EFFORT)


def at(body: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        body = body.get(key) if isinstance(body, Mapping) else None
    return body


@every_agent
def test_prefix_and_suffix_stand_around_the_instruction(marked: Callable[[str], Seen], agent: str) -> None:
    for body in marked(agent).requests(step=0):
        asked = [text for text in texts(body) if INSTRUCTION_BEGINS in text]
        assert len(asked) == 1
        assert f"PREFIX-MARK {INSTRUCTION_BEGINS}" in asked[0]
        assert f"{INSTRUCTION_ENDS} SUFFIX-MARK" in asked[0]


@every_agent
def test_system_text_and_instructions_stand_apart_from_the_task(marked: Callable[[str], Seen], agent: str) -> None:
    requests = marked(agent).requests()
    assert requests
    for body in requests:
        apart = [text for text in texts(body) if INSTRUCTION_BEGINS not in text]
        for mark in ("SYSTEM-MARK", "INSTRUCTIONS-MARK"):
            assert sum(text.count(mark) for text in apart) == 1


@every_agent
def test_effort_is_in_every_request(marked: Callable[[str], Seen], agent: str) -> None:
    assert {str(at(body, EFFORT[agent])).lower() for body in marked(agent).requests()} == {"high"}


@every_agent
def test_temperature_is_in_every_request_of_those_that_have_one(marked: Callable[[str], Seen], agent: str) -> None:
    path, requests = TEMPERATURE.get(agent), marked(agent).requests()
    if path is not None:
        assert {at(body, path) for body in requests} == {0.25}
    else:
        assert all("temperature" not in body for body in requests)
