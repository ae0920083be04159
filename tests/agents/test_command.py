import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assay.agents.command import PROMPT_PATH, CommandAgent
from assay.errors import InputError
from assay.identity import Json
from assay.records import Dialect, Ended
from assay.suites.base import Task
from assay.testing.agent import check_agent, run_on_host, step_request
from assay.testing.tasks import make_task

AGENT = CommandAgent()
DOOR = "http://127.0.0.1:8400/a/token"


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path / "tasks")


def test_any_program_is_an_agent(task: Task, tmp_path: Path) -> None:
    code = "import os, sys; open('calc.py', 'a').write('# ' + sys.argv[2] + ' ' + os.environ['OPENAI_BASE_URL'])"
    command: list[Json] = [sys.executable, "-c", code, "{prompt_file}", "{model}"]
    request = step_request(task, agent=AGENT, model="deep", settings={"command": command}, door=DOOR)
    output, record = run_on_host(AGENT, request, tmp_path)
    assert AGENT.read(request, output, record).ended is None
    assert (tmp_path / "workspace" / "calc.py").read_text().endswith(f"# deep {DOOR}/chat/v1")
    assert "rounds down" in (tmp_path / "home" / ".assay" / "prompt.md").read_text()


def test_a_program_that_fails_is_a_crash_with_its_last_words(task: Task, tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'import sys; sys.exit(\"no such model\")'"
    request = step_request(task, agent=AGENT, settings={"command": command})
    output, record = run_on_host(AGENT, request, tmp_path)
    reading = AGENT.read(request, output, record)
    assert (reading.ended, reading.detail) == (
        Ended.AGENT_CRASH,
        "the agent ended with exit code 1: no such model",
    )


def test_placeholders_are_filled_once_and_words_stay_whole(task: Task) -> None:
    odd = replace(
        task, instruction="Say {model} and 'quote' it.", steps=(replace(task.steps[0], prompt="Say {model}"),)
    )
    settings: dict[str, Json] = {"command": "tool --ask {prompt} --url={base_url}/x {model}"}
    launch = AGENT.launch(step_request(odd, agent=AGENT, model="m", settings=settings, door=DOOR, dialect=Dialect.CHAT))
    assert launch.argv == ("tool", "--ask", "Say {model}", f"--url={DOOR}/chat/x", "m")


def test_tools_find_the_door_under_their_usual_names(task: Task) -> None:
    settings: dict[str, Json] = {"command": ["tool"], "env": {"DEBUG": 1}}
    env = AGENT.launch(step_request(task, agent=AGENT, settings=settings, door=DOOR)).env
    assert env["ANTHROPIC_BASE_URL"] == f"{DOOR}/messages"
    assert env["OPENAI_BASE_URL"] == env["OPENAI_API_BASE"] == f"{DOOR}/chat/v1"
    assert env["ASSAY_RESPONSES_URL"] == f"{DOOR}/responses"
    assert (env["ANTHROPIC_API_KEY"], env["OPENAI_API_KEY"], env["DEBUG"]) == ("dummy", "dummy", "1")


def test_profile_files_are_installed_at_the_first_step_only(task: Task) -> None:
    profile: dict[str, Json] = {"files": {"AGENTS.md": "Be brief.", "~/.tool/rules": "None."}}
    request = step_request(task, agent=AGENT, settings={"command": ["tool"]}, profile=profile)
    assert AGENT.launch(request).files.keys() == {PROMPT_PATH, "/workspace/AGENTS.md", "/home/agent/.tool/rules"}
    assert AGENT.launch(replace(request, step=1)).files.keys() == {PROMPT_PATH}


def test_mounts_come_from_the_settings_and_must_exist(task: Task, tmp_path: Path) -> None:
    def arm(mounts: Json) -> object:
        return AGENT.mounts(step_request(task, agent=AGENT, settings={"command": ["t"], "mounts": mounts}).arm)

    (mount,) = AGENT.mounts(
        step_request(task, agent=AGENT, settings={"mounts": [{"host": str(tmp_path), "inside": "/opt/tool"}]}).arm
    )
    assert (mount.host, mount.inside, mount.writable) == (tmp_path, "/opt/tool", False)
    for wrong in ("/opt", [{"inside": "/opt"}], ["/opt"], [{"host": str(tmp_path / "none"), "inside": "/x"}]):
        with pytest.raises(InputError, match="mount"):
            arm(wrong)


def test_no_command_is_an_input_error(task: Task) -> None:
    for command in (None, "", [], [1]):
        with pytest.raises(InputError, match="no command"):
            AGENT.launch(step_request(task, agent=AGENT, settings={"command": command}))


def test_it_keeps_the_promises_of_every_agent(task: Task) -> None:
    check_agent(AGENT, task, settings={"command": ["tool", "{prompt_file}"]})
