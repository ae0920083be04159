"""``assay agents``: what it prints, and its errors."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assay.cli.agents import agents
from assay.errors import InputError


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_TOOLS", str(tmp_path / "tools"))
    return tmp_path / "tools"


def called(*words: str) -> Result:
    return CliRunner().invoke(agents, words)


def a_tree(folder: Path) -> Path:
    program = folder / "node_modules" / "opencode-ai" / "bin" / "opencode.exe"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 9.8.7\n")
    program.chmod(0o755)
    return folder


def test_install_list_remove(tmp_path: Path) -> None:
    done = called("install", "opencode", "--from", str(a_tree(tmp_path / "mine")), "--json")
    assert done.exit_code == 0, done.output
    listed = {one["name"]: one for one in json.loads(called("list", "--json").stdout)}
    assert len(listed) == 6
    assert list(listed["opencode"]["installed"]) == ["9.8.7"]
    assert "tested version is not installed" in listed["opencode"]["problem"]
    page = called("list")
    assert "9.8.7" in page.stdout
    assert "tested version is not installed" in page.stdout  # of the one that is there; the others say "none"
    assert page.stdout.count("is not installed") == 1
    assert "assay agents install NAME" in page.stderr
    assert called("remove", "opencode@9.8.7").exit_code == 0
    assert json.loads(called("list", "--json").stdout)[2]["installed"] == {}


def test_a_damaged_description_is_a_problem_not_a_crash(tools: Path) -> None:
    (tools / "codex" / "0.169.0").mkdir(parents=True)
    (tools / "codex" / "0.169.0" / "tool.json").write_text("{")
    listed = {one["name"]: one for one in json.loads(called("list", "--json").stdout)}
    assert "tool.json cannot be read" in listed["codex"]["problem"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("install",), "no agent is named"),
        (("install", "codex", "aider", "--from", "x"), "--from is for one agent"),
        (("install", "codexx"), "there is no agent 'codexx'"),
        (("install", "codex", "--from", "/nowhere"), "does not exist"),
        (("remove", "codex"), "no version is named"),
        (("remove", "codex@1.0"), r"codex@1\.0 is not installed"),
    ],
)
def test_errors_name_what_to_do(words: tuple[str, ...], expected: str) -> None:
    result = called(*words)
    assert isinstance(result.exception, InputError)
    with pytest.raises(InputError, match=expected):
        raise result.exception
