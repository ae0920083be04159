"""mini-swe-agent's trajectory where it is missing, damaged, or ends in the middle."""

import json
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import AttemptFiles, SourceReport
from assay.evidence.sources.mini_swe_agent import RUNNING_TURN_GAP, read


def report(folder: Path, *texts: str) -> SourceReport:
    place = folder / "home" / ".assay" / "mini"
    place.mkdir(parents=True)
    for number, text in enumerate(texts):
        (place / f"{number}.traj.json").write_text(text)
    (found,) = read(AttemptFiles(folder))
    return found


def trajectory(status: str, *messages: dict[str, Any]) -> str:
    return json.dumps({"info": {"mini_version": "2.4.6", "exit_status": status}, "messages": messages})


ANSWER = {
    "role": "assistant",
    "extra": {
        "actions": [{"command": "sleep 600", "tool_call_id": "a"}],
        "response": {"id": "r1", "model": "m", "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
        "timestamp": 5.0,
    },
}


def test_a_missing_trajectory_is_a_problem(tmp_path: Path) -> None:
    (found,) = read(AttemptFiles(tmp_path))
    assert found.problems == ("the trajectory is missing",)
    assert found.sum() is None


def test_a_killed_turn_is_a_gap_and_its_tool_never_came_back(tmp_path: Path) -> None:
    found = report(tmp_path, trajectory("", ANSWER))
    assert (found.finished, found.gaps) == (False, (RUNNING_TURN_GAP,))
    assert [tool.failed for tool in found.tool_calls] == [None]
    assert found.calls[0].tokens.prompt == 9


def test_a_command_that_took_too_long_has_no_exit_status(tmp_path: Path) -> None:
    late = {"returncode": -1, "exception_info": "...", "exception_type": "TimeoutExpired", "timestamp": 35.0}
    found = report(tmp_path, trajectory("Submitted", ANSWER, {"role": "tool", "tool_call_id": "a", "extra": late}))
    (tool,) = found.tool_calls
    assert (tool.failed, tool.exit_status, tool.error_class, tool.duration_ms) == (True, None, "timeout", 30_000)


def test_a_damaged_file_leaves_the_other_steps(tmp_path: Path) -> None:
    found = report(tmp_path, trajectory("Submitted", ANSWER), '{"info": {')
    assert len(found.calls) == 1
    assert found.problems[0].startswith("1.traj.json cannot be read")
    assert not found.finished


def test_an_answer_without_usage_is_named(tmp_path: Path) -> None:
    silent = {"role": "assistant", "extra": {"response": {"id": "r"}, "actions": []}}
    found = report(tmp_path, trajectory("Submitted", silent))
    assert found.problems == ("an answer without usage",)
    assert found.sum() is None
