import json
from pathlib import Path

import pytest

from assay.cli.main import main
from assay.testing.tasks import make_task


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main([str(one) for one in arguments])
    assert isinstance(caught.value.code, int)
    out, err = capsys.readouterr()
    return caught.value.code, out, err


def test_new_then_check_then_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "suite" / "slugs"
    code, out, _ = run(capsys, "tasks", "new", folder)
    assert code == 0
    assert "assay tasks check --record" in out
    code, out, err = run(capsys, "tasks", "check", "--record", folder)
    assert code == 0, out + err
    assert out.startswith("ok    slugs: 5 tests, recorded; reference ")
    code, out, _ = run(capsys, "tasks", "list", folder.parent, "--json")
    listed = json.loads(out)
    assert [(one["id"], len(one["test_ids"])) for one in listed] == [("slugs", 5)]
    code, out, err = run(capsys, "tasks", "new", folder)
    assert code == 2
    assert "is not an empty folder" in err


def test_a_fault_is_one_line_and_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = make_task(tmp_path)
    (task.root / "task.yaml").write_text("type: x\nlevel: easy\n")
    code, out, _ = run(capsys, "tasks", "check", tmp_path)
    assert code == 2
    assert out.splitlines()[0].startswith("FAULT tiny: ")
    assert "task.yaml:2: unknown key 'level'" in out
    code, out, _ = run(capsys, "tasks", "check", tmp_path, "--json")
    assert code == 2
    report = json.loads(out)
    assert (report["faulty"], report["tasks"][0]["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("tasks", "list", "focussed"), "Did you mean 'focused'?"),
        (("tasks", "check", "focused", "--tasks", "nothing"), "no task 'nothing' in focused"),
    ],
)
def test_what_is_not_there_is_said(arguments: tuple[str, ...], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert what in err


def test_the_built_in_suite_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "tasks", "list")
    assert code == 0
    assert "bug-fix-01-last-page" in out
