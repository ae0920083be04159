"""Installing: real npm and uv where nothing has to be fetched, and stand-ins for them where something would."""

import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from assay.agents.catalogue import TOOLS, asked_tool
from assay.agents.install import install, remove
from assay.agents.installed import Tool, installed_versions, tool_tree
from assay.errors import InputError, MachineError

NPM_TOOL = Tool("gadget", "npm", "gadget", "1.2.3", ("node_modules/gadget/run", "node_modules/.bin/gadget"))
SAYS = "#!/bin/sh\necho gadget {version}\n"


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_TOOLS", str(tmp_path / "tools"))
    return tmp_path / "tools"


def a_tree(folder: Path, version: str = "1.2.3") -> Path:
    """An installed tree as a person may bring one."""
    program = folder / "node_modules" / "gadget" / "run"
    program.parent.mkdir(parents=True)
    program.write_text(SAYS.format(version=version))
    program.chmod(0o700)
    return folder


def stand_in(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def left_behind(tools: Path) -> list[str]:
    return [path.name for path in (tools / "gadget").iterdir() if path.name.startswith(".")]


def test_a_tree_is_taken_described_and_open_to_all(tmp_path: Path, tools: Path) -> None:
    tree = install(NPM_TOOL, source=a_tree(tmp_path / "mine"))
    assert (tree.version, tree.program) == ("1.2.3", "node_modules/gadget/run")
    assert tree.host == tools / "gadget" / "1.2.3"
    said = json.loads((tree.host / "tool.json").read_text())
    assert {"name", "version", "program", "registry", "package", "sha256", "size"} <= said.keys()
    assert len(said["sha256"]) == 64
    assert stat.S_IMODE((tree.host / tree.program).stat().st_mode) == 0o755
    assert tool_tree(NPM_TOOL) == tree
    assert tree.command == "/opt/agents/gadget/node_modules/gadget/run"


def test_an_archive_of_a_tree_is_a_tree(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "gadget.tar.gz", "w:gz") as archive:
        archive.add(a_tree(tmp_path / "mine"), "gadget-tree")
    assert install(NPM_TOOL, source=tmp_path / "gadget.tar.gz").version == "1.2.3"


def test_what_is_installed_stays(tmp_path: Path) -> None:
    install(NPM_TOOL, source=a_tree(tmp_path / "mine"))
    before = (tool_tree(NPM_TOOL).host / "tool.json").stat().st_mtime_ns
    install(NPM_TOOL)
    assert (tool_tree(NPM_TOOL).host / "tool.json").stat().st_mtime_ns == before


def test_the_program_has_the_last_word_on_its_version(tmp_path: Path, tools: Path) -> None:
    with pytest.raises(MachineError, match=r"was to be version 9\.9\.9, but the program says: 1\.2\.3"):
        install(NPM_TOOL, "9.9.9", a_tree(tmp_path / "mine"))
    assert installed_versions("gadget") == ()
    assert left_behind(tools) == []


def test_a_tree_without_its_program_is_none(tmp_path: Path) -> None:
    (tmp_path / "mine" / "node_modules").mkdir(parents=True)
    with pytest.raises(MachineError, match="brought no program"):
        install(NPM_TOOL, source=tmp_path / "mine")


def test_npm_fills_the_tree_with_the_users_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        'while [ $# -gt 0 ]; do [ "$1" = --prefix ] && to=$2; [ "$1" = --registry ] && exit 9; shift; done\n'
        'mkdir -p "$to/node_modules/gadget"\n'
        'printf \'#!/bin/sh\\necho 1.2.3 from %s\' "$npm_config_registry" > "$to/node_modules/gadget/run"\n'
        'chmod 755 "$to/node_modules/gadget/run"\n'
        'echo \'{"packages": {"": {}, "node_modules/gadget": {"version": "1.2.3", "integrity": "sha512-x"}}}\''
        ' > "$to/package-lock.json"'
    )
    stand_in(tmp_path / "bin", "npm", script, monkeypatch)
    monkeypatch.setenv("npm_config_registry", "mine")
    tree = install(NPM_TOOL)
    assert "from mine" in (tree.host / tree.program).read_text()


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("npm error code ENOTFOUND\nnpm error network request failed", "cannot reach its registry.*--from"),
        ("npm error code ETARGET\nnpm error notarget No matching version", r"knows no gadget@1\.2\.3"),
        ("npm error code EACCES\nnpm error syscall mkdir", "could not install gadget@1.2.3: syscall mkdir"),
    ],
)
def test_npms_failures_are_one_line_with_a_remedy(
    tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch, says: str, expected: str
) -> None:
    (tmp_path / "said").write_text(says)
    stand_in(tmp_path / "bin", "npm", f"cat {tmp_path / 'said'} >&2; exit 1", monkeypatch)
    with pytest.raises(MachineError, match=expected) as caught:
        install(NPM_TOOL)
    assert "\n" not in str(caught.value)
    assert left_behind(tools) == []


def test_without_npm_there_is_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineError, match=r"comes from npm, which is not installed\. Install Node\.js"):
        install(NPM_TOOL)


def a_wheel(folder: Path) -> Path:
    """A wheel with one program, made by hand: its build needs nothing."""

    wheel = folder / "widget-3.1.0-py3-none-any.whl"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("widget.py", "import sys\ndef main():\n    print('widget 3.1.0', sys.prefix)\n    return 0\n")
        info = "widget-3.1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: widget\nVersion: 3.1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nwidget = widget:main\n")
        archive.writestr(f"{info}/RECORD", "widget.py,,\n")
    return wheel


PYPI_TOOL = Tool("widget", "pypi", "widget", "3.1.0", ("bin/widget",))


@pytest.mark.parametrize("source", ["folder", "wheel"])
def test_a_pypi_agent_has_an_interpreter_and_programs_by_inside_path(tmp_path: Path, source: str) -> None:
    wheel = a_wheel(tmp_path / "wheels")
    tree = install(PYPI_TOOL, "3.1.0", wheel.parent if source == "folder" else wheel)
    assert (tree.host / tree.program).read_text().startswith("#!/opt/agents/widget/bin/python\n")
    assert os.path.lexists(tree.host / "bin" / "python")
    assert list(tree.host.glob("lib/python3*/site-packages/__pycache__/widget*.pyc"))


def test_pypis_failure_is_one_line(tmp_path: Path) -> None:
    a_wheel(tmp_path / "wheels")
    with pytest.raises(MachineError, match=r"widget==4\.0\.0 could not be installed") as caught:
        install(PYPI_TOOL, "4.0.0", tmp_path / "wheels")
    assert "\n" not in str(caught.value)


def test_removing(tmp_path: Path, tools: Path) -> None:
    install(NPM_TOOL, source=a_tree(tmp_path / "mine"))
    remove(NPM_TOOL, "1.2.3")
    assert list((tools / "gadget").iterdir()) == []
    with pytest.raises(InputError, match=r"gadget@1\.2\.3 is not installed"):
        remove(NPM_TOOL, "1.2.3")
    with pytest.raises(InputError):
        remove(NPM_TOOL, "..")


def test_what_a_killed_installation_left_is_cleared_and_what_runs_is_not(tmp_path: Path, tools: Path) -> None:
    dead, alive = tools / "gadget" / ".making-999999999-x", tools / "gadget" / f".making-{os.getppid()}-y"
    dead.mkdir(parents=True)
    alive.mkdir()
    install(NPM_TOOL, source=a_tree(tmp_path / "mine"))
    assert left_behind(tools) == [alive.name]


def test_a_damaged_tree_says_what_to_do(tmp_path: Path) -> None:
    tree = install(NPM_TOOL, source=a_tree(tmp_path / "mine"))
    (tree.host / tree.program).unlink()
    with pytest.raises(MachineError, match=r"damaged.*assay agents remove gadget@1\.2\.3"):
        tool_tree(NPM_TOOL)


def test_names() -> None:
    assert asked_tool("codex@0.1.0") == (TOOLS["codex"], "0.1.0")
    assert asked_tool("codex") == (TOOLS["codex"], None)
    with pytest.raises(InputError, match="Did you mean 'codex'"):
        asked_tool("codec")
