"""Claude Code: how it is started, and what its files say. Without the program."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assay.agents import claude_code
from assay.agents.base import StepRequest
from assay.agents.claude_code import CONFIG, SYSTEM, ClaudeCode
from assay.agents.installed import DESCRIPTION, INSIDE
from assay.agents.kinds import agent
from assay.agents.tool_agent import PROMPT
from assay.errors import InputError
from assay.identity import Json
from assay.records import Ended
from assay.sandboxes.base import HOME, WORKSPACE, Exit, ExitRecord
from assay.suites.base import Task
from assay.testing.agent import check_agent, step_request
from assay.testing.tasks import make_task

AGENT = ClaudeCode()
CODER: Mapping[str, Json] = {
    "name": "coder",
    "description": 'Writes "code": all of it',
    "model": "claude-haiku-4-5",
    "effort": "low",
    "prompt": "You write code.",
    "tools": ["Bash", "Read"],
}


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tools" / "claude-code" / "2.1.197"
    folder.mkdir(parents=True)
    told = {"name": "claude-code", "version": "2.1.197", "program": "bin/claude"}
    (folder / DESCRIPTION).write_text(json.dumps(told))
    (folder / "bin").mkdir()
    (folder / "bin" / "claude").touch()
    monkeypatch.setenv("ASSAY_TOOLS", str(tmp_path / "tools"))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path / "tasks")


def asked(task: Task, **more: object) -> StepRequest:
    session = "7d444840-9dc0-41d2-9d4a-5a0e0a3a0001"
    request = step_request(task, agent=AGENT, **more)  # type: ignore[arg-type]
    return replace(
        request, session=session, otlp_url="http://127.0.0.1:8400/a/t/otlp", attributes={"assay.task": "a b"}
    )


def option(argv: tuple[str, ...], name: str) -> str | None:
    return argv[argv.index(name) + 1] if name in argv else None


def test_it_keeps_an_agents_promises(task: Task) -> None:
    check_agent(AGENT, task)
    assert agent("claude-code").version() == "2.1.197"


def test_it_starts_without_anything_of_the_users(task: Task) -> None:
    launch = AGENT.launch(asked(task))
    assert launch.argv[:2] == ("/bin/sh", "-c")
    assert launch.argv[3] == f"{INSIDE}/claude-code/bin/claude"
    assert {"--dangerously-skip-permissions", "--strict-mcp-config", "--disable-slash-commands"} <= set(launch.argv)
    assert option(launch.argv, "--tools") == "Bash,Edit,Glob,Grep,Read,Write"
    assert launch.env["CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS"] == "1"
    assert launch.env["ANTHROPIC_API_KEY"] == "dummy"
    assert set(launch.files) == {PROMPT}
    assert launch.grace_s == (5.0, 5.0)


def test_telemetry_goes_through_the_door_and_names_the_trial(task: Task) -> None:
    env = AGENT.launch(asked(task)).env
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:8400/a/t/otlp"
    assert env["OTEL_RESOURCE_ATTRIBUTES"] == "assay.task=a%20b"
    assert "OTEL_LOGS_EXPORTER" not in AGENT.launch(step_request(task, agent=AGENT)).env


def test_settings_become_options(task: Task) -> None:
    settings: dict[str, Json] = {
        "effort": "low", "max_turns": 3, "retries": 0, "thinking_tokens": 0, "tools": "Read, Bash",
        "built_in_agents": True,
    }  # fmt: skip
    launch = AGENT.launch(asked(task, settings=settings))
    assert (option(launch.argv, "--effort"), option(launch.argv, "--max-turns")) == ("low", "3")
    assert option(launch.argv, "--tools") == "Bash,Read,Task"
    assert (launch.env["CLAUDE_CODE_MAX_RETRIES"], launch.env["MAX_THINKING_TOKENS"]) == ("0", "0")
    assert launch.env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "8192"
    assert "CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS" not in launch.env


@pytest.mark.parametrize("tools", ["WebSearch", ["Bash", "WebFetch"]])
def test_a_tool_that_leaves_the_sandbox_is_refused(task: Task, tools: Json) -> None:
    with pytest.raises(InputError, match="cannot have Web"):
        AGENT.launch(asked(task, settings={"tools": tools}))


def test_a_profile_is_written_in_its_own_words_and_the_workspace_stays_clean(task: Task) -> None:
    given: dict[str, Json] = {
        "instructions": "Be brief.",
        "agents": [CODER],
        "skills": {"lint": "---\nname: lint\n---\nLint."},
        "settings": {"claude-code": {"includeCoAuthoredBy": False}, "codex": {"x": 1}},
        "native": {"claude-code": {"~/.claude/output-styles/a.md": "A"}, "codex": {"~/.codex/b": "B"}},
    }
    launch = AGENT.launch(asked(task, profile=given, variant={"system": "Speak Latin."}))
    texts = {path: data.decode() for path, data in launch.files.items() if path != PROMPT}
    assert not any(path.startswith(WORKSPACE) for path in texts)
    assert texts.pop(f"{CONFIG}/agents/coder.md") == (
        '---\nname: "coder"\ndescription: "Writes \\"code\\": all of it"\nmodel: "claude-haiku-4-5"\n'
        'tools: "Bash, Read"\neffort: "low"\n---\nYou write code.\n'
    )
    assert json.loads(texts.pop(f"{CONFIG}/settings.json")) == {"includeCoAuthoredBy": False}
    assert texts == {
        f"{CONFIG}/CLAUDE.md": "Be brief.",
        f"{CONFIG}/skills/lint/SKILL.md": "---\nname: lint\n---\nLint.",
        f"{HOME}/.claude/output-styles/a.md": "A",
        SYSTEM: "Speak Latin.",
    }
    assert option(launch.argv, "--append-system-prompt-file") == SYSTEM
    assert option(launch.argv, "--tools") == "Bash,Edit,Glob,Grep,Read,Skill,Task,Write"
    assert "--disable-slash-commands" not in launch.argv


def test_a_sub_agent_without_a_model_has_the_arms() -> None:
    assert b'model: "inherit"' in claude_code.sub_agent({"name": "helper"})


def test_a_later_step_resumes_and_is_not_told_the_task_again(task: Task) -> None:
    first = AGENT.launch(asked(task))
    then = AGENT.launch(asked(task, step=1, feedback="2 tests fail", profile={"agents": [CODER]}))
    assert option(first.argv, "--session-id") == option(then.argv, "--resume")
    assert "--session-id" not in then.argv
    assert set(then.files) == {PROMPT}
    assert then.files[PROMPT].decode().startswith("2 tests fail")
    assert "The task so far" not in then.files[PROMPT].decode()


def printed(path: Path, *events: Mapping[str, object] | str, fd: int = 1) -> Path:
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    path.write_text("".join(json.dumps({"t": 0.1, "fd": fd, "text": text + "\n"}) + "\n" for text in texts))
    return path


RESULT: dict[str, object] = {"type": "result", "subtype": "success", "is_error": False, "modelUsage": {}}
FAILED = RESULT | {"is_error": True}


@pytest.mark.parametrize(
    ("event", "ended"),
    [
        (RESULT | {"result": "Done."}, None),
        (RESULT | {"result": "Which one do you want?"}, Ended.ASKED),
        (FAILED | {"api_error_status": 529, "result": "API Error: 529"}, Ended.PROVIDER_ERROR),
        (FAILED | {"api_error_status": None, "result": "API Error: Connection error."}, Ended.PROVIDER_ERROR),
        (FAILED | {"stop_reason": "refusal", "result": "API Error: unable to respond"}, Ended.REFUSED),
        (FAILED | {"subtype": "error_max_turns", "errors": ["Reached maximum number of turns (2)"]}, Ended.OVER_BUDGET),
        (FAILED | {"subtype": "error_max_budget_usd", "errors": ["Reached maximum budget"]}, Ended.OVER_BUDGET),
        (FAILED | {"subtype": "error_during_execution", "errors": ["broken"]}, Ended.AGENT_CRASH),
    ],
)
def test_its_own_word_on_how_it_ended(
    task: Task, tmp_path: Path, event: Mapping[str, object], ended: Ended | None
) -> None:
    output = printed(tmp_path / "stream.jsonl", event)
    record = ExitRecord(Exit.EXITED, exit_code=1 if event["is_error"] else 0)
    reading = AGENT.read(asked(task), output, record)
    assert reading.ended is ended
    assert (reading.detail is None) == (ended is None)


def test_a_configuration_that_it_rejects_is_a_crash_in_its_own_words(task: Task, tmp_path: Path) -> None:
    words = "error: option '--effort <level>' argument 'huge' is invalid."
    for fd in (1, 2):
        output = printed(tmp_path / "stream.jsonl", words, fd=fd)
        reading = AGENT.read(asked(task), output, ExitRecord(Exit.EXITED, exit_code=1))
        assert reading.ended is Ended.AGENT_CRASH
        assert reading.detail == f"the agent ended with exit code 1: {words}"


def test_an_end_without_a_word_is_a_crash_but_a_deadline_is_not(task: Task, tmp_path: Path) -> None:
    output = printed(tmp_path / "stream.jsonl", {"type": "system", "subtype": "init"})
    reading = AGENT.read(asked(task), output, ExitRecord(Exit.EXITED, exit_code=0))
    assert (reading.ended, reading.detail) == (Ended.AGENT_CRASH, "the agent ended without a result")
    assert AGENT.read(asked(task), output, ExitRecord(Exit.TIMEOUT, exit_code=0)).ended is None
