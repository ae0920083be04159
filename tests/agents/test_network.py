"""What agents look up, what their tools can reach, and which keys they can read: nothing but the gateway, and none."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from assay.records import Ended
from assay.sandboxes.base import DOOR_PORT
from assay.testing.agent_cases import Seen

pytestmark = pytest.mark.agents
AGENTS = ("claude-code", "codex", "opencode", "gemini-cli", "aider", "mini-swe-agent")
NAME_SERVER = 53
"""Inside, it is the sandbox's own: it writes names down and knows none."""
every_agent = pytest.mark.parametrize("agent", AGENTS)


@every_agent
def test_no_name_is_looked_up_in_any_step(marked: Callable[[str], Seen], agent: str) -> None:
    seen = marked(agent)
    assert seen.driven.attempt.ended is Ended.COMPLETED
    assert [seen.exit(step)["lookups"] for step in (0, 1)] == [[], []]
    assert seen.facts.lookups == ()


@every_agent
def test_a_program_of_its_tools_reaches_the_gateway_alone(
    reached: Callable[[str], Mapping[str, Any]], agent: str
) -> None:
    found = reached(agent)
    assert (found["udp"], found["interfaces"]) == ([], ["lo"])
    assert DOOR_PORT in found["listening"]
    # Whatever else listens is of the sandbox itself: it has a network of its own, and none of ours is in it.
    assert set(found["listening"]) <= {DOOR_PORT, NAME_SERVER}
    assert [place for place in found["tcp"] if place != ["127.0.0.1", NAME_SERVER]] == [["127.0.0.1", DOOR_PORT]]


@every_agent
def test_no_variable_and_no_file_holds_the_real_key(reached: Callable[[str], Mapping[str, Any]], agent: str) -> None:
    found = reached(agent)
    assert found["holds_key"] == []
    assert found["files"] > 20, "it did look"
    assert set(found["keys"]) <= {"dummy", ""}
