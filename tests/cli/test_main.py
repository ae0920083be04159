import errno
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from assay import __version__
from assay.cli import main as cli
from assay.cli.failures import report_failure
from assay.errors import ExperimentError, LedgerError, MachineError, Place


def assay(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from assay.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)


def test_help_shows_what_matters_and_the_rest_below() -> None:
    page = assay("--help").stdout
    matters, _, more = page.partition("More:")
    assert re.findall(r"^  (\w+) ", matters.partition("Commands:")[2], re.MULTILINE) == [
        "demo",
        "try",
        "run",
        "report",
        "show",
        "route",
        "doctor",
    ]
    assert "plan" in more
    assert "init" in more


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    best = 9.0
    for _ in range(5):
        start = time.perf_counter()
        assay("--help")
        best = min(best, time.perf_counter() - start)
    assert best < 0.25 * (1 + os.getloadavg()[0] / 2), f"{best:.3f} s"
    code = (
        "import sys, assay.cli.main; print(sorted({'rich', 'pydantic', 'yaml', 'numpy', 'aiohttp'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_version() -> None:
    assert assay("--version").stdout.strip() == f"assay {__version__}"


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_in_the_table_exists_and_has_help(name: str) -> None:
    command = cli.assay.get_command(click.Context(cli.assay), name)
    assert command is not None
    assert command.help


def test_an_error_is_one_line_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text("name: x\nsuite: focused\nmodles: lab/swift\n", encoding="utf-8")
    done = assay("plan", "e.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "error: e.yaml:3: unknown key 'modles'. Did you mean 'models'?\n"


def test_an_error_for_programs_is_an_object(tmp_path: Path) -> None:
    done = assay("plan", "no.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "error": {
            "what": "there is no such file",
            "where": "no.yaml",
            "remedy": "'assay init' writes a starter",
            "exit_code": 2,
        }
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pln"], "error: there is no command 'pln'. Did you mean 'plan'?"),
        (["xyz"], "error: there is no command 'xyz'. See: assay --help"),
        (["plan", "--modle", "x"], "error: No such option '--modle'. Did you mean '--model'?"),
        (["plan"], "error: give an experiment file, or --model MODEL ... --suite SUITE"),
        (["plan", "x.yaml", "--reps", "0"], "error: Invalid value for '--reps'"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments: list[str], message: str) -> None:
    done = assay(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_options_that_would_change_a_file_silently_are_refused(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text("name: x\nsuite: focused\nmodel: lab/swift\n", encoding="utf-8")
    done = assay("plan", "e.yaml", "--model", "lab/deep", cwd=tmp_path)
    assert done.returncode == 2
    assert "edit the file instead" in done.stderr


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def broken(as_json: bool) -> None:
        raise error

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: broken)
    with pytest.raises(SystemExit) as caught:
        cli.main(["plan", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_interrupting_is_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail_with(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail_with(OSError(errno.ENOSPC, "No space left on device", "/runs/ledger.sqlite"), monkeypatch) == 4
    line = capsys.readouterr().err
    assert line.startswith("error: /runs/ledger.sqlite: the disk is full. Free some space")
    assert line.count("\n") == 1


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EISDIR])
def test_a_place_that_cannot_be_used_is_one_line_and_no_fault_of_ours(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(OSError(number, os.strerror(number), "/runs/x"), monkeypatch) == 4
    line = capsys.readouterr().err
    assert line.startswith("error: /runs/x: ")
    assert line.count("\n") == 1
    assert "report it" not in line


@pytest.mark.parametrize("command", [["doctor"], ["tasks", "list"]])
def test_without_a_terminal_nothing_wraps(command: list[str]) -> None:
    done = assay(*command)
    head, *rows = done.stdout.splitlines()
    assert not [row for row in rows if row.startswith(" " * 8)], f"a row goes on in the next line, below {head!r}"


def test_the_unexpected_is_one_line_and_a_saved_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert fail_with(ValueError("odd"), monkeypatch) == 70
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("error: unexpected ValueError: odd. Please report it with ")
    (saved,) = tmp_path.iterdir()
    assert str(saved) in line
    assert "raise error" in saved.read_text(encoding="utf-8")
    assert saved.stat().st_mode & 0o077 == 0


def test_debug_prints_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def broken() -> None:
        raise ValueError("odd")

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: broken)
    with pytest.raises(SystemExit):
        cli.main(["--debug", "plan"])
    assert "Traceback" in capsys.readouterr().err


def test_our_error_in_a_group_of_others_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ours = LedgerError("is damaged", where=Place("ledger.sqlite"))
    group = ExceptionGroup("tasks", [ValueError("x"), ExceptionGroup("inner", [ours])])
    assert report_failure(group, json_wanted=False, debug=False) == 3
    assert capsys.readouterr().err == "error: ledger.sqlite: is damaged\n"


@pytest.mark.parametrize(("error", "code"), [(ExperimentError("x"), 2), (LedgerError("x"), 3), (MachineError("x"), 4)])
def test_exit_codes_are_those_of_the_tree(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(error, json_wanted=True, debug=False) == code
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == code


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -c 'from assay.cli.main import main; main()' plan --schema | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "{"
    assert done.stderr == ""
