"""Which commands commit, and how many did."""

import pytest

from assay.evidence.commits import commits, runs_commit
from assay.evidence.sources.base import Source, ToolCall


@pytest.mark.parametrize(
    "command",
    [
        "git commit -m x",
        "cd a && git add -A && git commit -qam 'y'",
        "git -c user.name=a -C repo commit -m x",
        "git --no-pager commit",
        '{"command": "git add .\\ngit commit -m x"}',
        "(git commit -m x)",
        "/bin/sh -c 'git commit'",
    ],
)
def test_commands_that_commit(command: str) -> None:
    assert runs_commit("Bash", command)
    assert not runs_commit("Write", command), "text that is written, not run"


@pytest.mark.parametrize(
    "command", ["git log --grep commit", "git commit-tree x", "git commits", "ls .git commit", "my-git commit", "git"]
)
def test_commands_that_do_not(command: str) -> None:
    assert not runs_commit("bash", command)


def use(identity: str, arguments: str | None, *, failed: bool | None = False, tool: str = "bash") -> ToolCall:
    return ToolCall(identity, tool, Source.STREAM, arguments=arguments, failed=failed)


def test_commits_are_counted_where_all_commands_are_known() -> None:
    done = [use("1", "git commit"), use("2", "git commit", failed=True), use("3", "ls"), use("4", None, tool="Read")]
    assert commits(done, {}, 200) == 1
    assert commits([], {}, 200) == 0
    assert commits([*done, use("5", None)], {}, 200) is None
    assert commits([*done, use("5", "git commit", failed=None)], {}, 200) is None, "it may have committed"
    assert commits([*done, use("5", "sleep 9", failed=None)], {}, 200) == 1


def test_of_a_command_that_is_cut_the_wire_tells() -> None:
    cut = use("1", "x" * 200)
    assert commits([cut], {}, 200) is None
    assert commits([cut], {"1": True}, 200) == 1
    assert commits([cut], {"1": False}, 200) == 0
