import json
import re
from pathlib import Path

import pytest

from assay.errors import TaskError
from assay.suites.base import VerifierKind
from assay.suites.native import NativeLoader, load_task, task_folders, write_lock
from assay.testing.tasks import make_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_task(tmp_path).root


def set_yaml(folder: Path, text: str) -> None:
    (folder / "task.yaml").write_text(text)


BASE = "type: bug-fix\ndifficulty: easy\nlanguage: python\n"
GRADED = "graded: [{name: excellent, quality: 1, solves: true}, {name: plain, quality: 0.8, solves: true}, "
GRADED += "{name: plausible-wrong, quality: 0.3, solves: false}, {name: broken, quality: 0, solves: false}]\n"
IDS = "verifier: {test_ids: [test_calc.py::test_add]}\n"


def test_a_task_made_in_code_and_its_folder_agree(tmp_path: Path) -> None:
    made = make_task(tmp_path)
    assert load_task(made.root) == made


def test_all_keys(folder: Path) -> None:
    (folder / "more.md").write_text("Then validate.\n")
    set_yaml(
        folder,
        BASE + GRADED + "id: tiny\ntags: [a, b]\nwritable: [calc.py]\nlimits: {time_s: 10, tokens: 500}\n"
        "verifier: {kind: reward, command: [python, x.py], time_s: 5, protected: ['*.lock'], isolated: true}\n"
        "expects_start_to_pass: true\ncontamination: none\nscoring: {tests: 1, lint: 0}\n"
        "answer: text\ntoolchain: node\n"
        "steps:\n  - prompt: Build.\n    limits: {time_s: 3}\n"
        "  - {prompt: 'file:more.md', verify: true, feedback: visible_tests}\n",
    )
    task = load_task(folder)
    assert task.verifier.kind is VerifierKind.REWARD
    assert task.verifier.command == ("python", "x.py")
    assert (task.limits.time_s, task.limits.tokens) == (10, 500)
    assert [step.prompt for step in task.steps] == ["Build.", "Then validate.\n"]
    assert (task.steps[1].verify, task.steps[1].feedback) == (True, "visible_tests")
    assert task.scoring == {"tests": 1.0, "lint": 0.0}
    assert (task.answer, task.toolchain, task.contamination) == ("text", "node", "none")


def test_a_plain_task_has_one_step(folder: Path) -> None:
    task = load_task(folder)
    assert [step.prompt for step in task.steps] == [task.instruction]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", None, "task.yaml: is empty"),
        ("- a\n", 1, "must hold keys and values"),
        ("type: [\n", 2, "is not YAML"),
        (BASE + "tag: [x]\n", 4, "unknown key 'tag'. Did you mean 'tags'?"),
        (
            BASE + "verifier:\n  kind: pytest\n  timeout: 3\n",
            6,
            "unknown key 'timeout' in 'verifier'. Did you mean 'time_s'?",
        ),
        (BASE + "limits: {time: 3}\n", 4, "unknown key 'time' in 'limits'. Did you mean 'time_s'?"),
        (
            BASE + "graded:\n  - {name: a, qualty: 1, solves: true}\n",
            5,
            "unknown key 'qualty' in 'graded[1]'. Did you mean 'quality'?",
        ),
        (BASE + "limits: {time_s: '60'}\n", 4, "'limits.time_s' must be a number, not the text '60'"),
        (BASE + "limits: {time_s: -1}\n", 4, "'limits.time_s' must be above 0.0, not -1"),
        (BASE + "tags: x\n", 4, "'tags' must be a list, not the text 'x'"),
        (BASE.replace("easy", "eazy"), 2, "'difficulty' cannot be the text 'eazy'. Did you mean 'easy'?"),
        ("type: bug-fix\nlanguage: python\n", 1, "'difficulty' is missing"),
        (BASE + "type: other\n", 4, "has the key 'type' twice (first on line 1)"),
        (BASE + "id: other\n", 4, "the folder is called 'tiny'"),
        (BASE + "writable: [../x]\n", 4, "'../x' is not a path inside the workspace"),
        (BASE + "writable: [/x]\n", 4, "'/x' is not a path inside the workspace"),
        (BASE + GRADED + "verifier: {kind: exit_code}\n", 5, "needs a command"),
        (BASE + GRADED + "verifier: {command: [x]}\n", 5, "a pytest verifier has no command"),
        (BASE + "graded: [{name: nowhere, quality: 1, solves: true}]\n", 4, "has no folder graded/nowhere"),
        (BASE + "graded: [{name: broken, quality: 0, solves: false}]\n", 4, "the folder graded/excellent is not named"),
        (
            BASE
            + "graded:\n  - {name: broken, quality: 0, solves: false}\n  - {name: plain, quality: 1, solves: true}\n",
            6,
            "graded solution 'plain' is better than the one before it",
        ),
        (BASE + GRADED + "steps: [{prompt: 'file:no.md'}]\n", None, "no.md: there is no such file"),
        (BASE + GRADED, None, "the ids of the tests are not recorded. Run: assay tasks check --record"),
    ],
)
def test_mistakes_are_one_line_with_a_place(text: str, line: int | None, what: str, folder: Path) -> None:
    set_yaml(folder, text)
    with pytest.raises(TaskError) as caught:
        load_task(folder)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.where is not None
    if line is not None:
        assert str(caught.value.where) == f"{folder / 'task.yaml'}:{line}"


@pytest.mark.parametrize("missing", ["task.yaml", "instruction.md"])
def test_a_missing_file_is_named(missing: str, folder: Path) -> None:
    (folder / missing).unlink()
    with pytest.raises(TaskError, match=f"{re.escape(missing)}: there is no such file"):
        load_task(folder)


@pytest.mark.parametrize("missing", ["tests", "solution"])
def test_a_missing_folder_is_named(missing: str, folder: Path) -> None:
    (folder / missing).rename(folder.parent / missing)
    with pytest.raises(TaskError, match=f"the folder '{missing}' is missing"):
        load_task(folder)


def test_an_empty_instruction_is_an_error(folder: Path) -> None:
    (folder / "instruction.md").write_text("\n")
    with pytest.raises(TaskError, match=r"instruction\.md: is empty"):
        load_task(folder)


def test_recorded_ids_come_from_the_lock_and_hold_for_what_was_recorded(folder: Path) -> None:
    set_yaml(folder, BASE + GRADED)
    write_lock(folder, ["b", "a"])
    assert load_task(folder).verifier.test_ids == ("a", "b")
    (folder / "tests/test_calc.py").write_text("def test_new(): pass\n")
    with pytest.raises(TaskError, match="was recorded for other tests or another reference"):
        load_task(folder)
    assert load_task(folder, need_recorded=False).verifier.test_ids == ()


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"version": 9, "holds_for": {}, "test_ids": []})])
def test_a_damaged_lock_is_an_error(text: str, folder: Path) -> None:
    set_yaml(folder, BASE + GRADED)
    (folder / "verifier.lock.json").write_text(text)
    with pytest.raises(TaskError, match=r"verifier\.lock\.json: .* assay tasks check --record"):
        load_task(folder)


def test_ids_stand_in_one_place(folder: Path) -> None:
    write_lock(folder, ["a"])
    with pytest.raises(TaskError, match=r"'test_ids' are in .* already"):
        load_task(folder)


def test_the_hash_is_the_content(folder: Path) -> None:
    before = load_task(folder).hash
    (folder / "tests/__pycache__").mkdir()
    (folder / "tests/__pycache__/x.pyc").write_text("x")
    assert load_task(folder).hash == before
    (folder / "graded/broken/calc.py").write_text("pass\n")
    assert load_task(folder).hash != before


def test_a_suite_is_a_folder_of_tasks(tmp_path: Path) -> None:
    for name in ("b", "a"):
        make_task(tmp_path, id=name)
    (tmp_path / "notes").mkdir()
    assert [task.id for task in NativeLoader().load(tmp_path)] == ["a", "b"]
    assert task_folders(tmp_path / "a") == (tmp_path / "a",)


def test_an_empty_suite_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="holds no task"):
        task_folders(tmp_path)
    with pytest.raises(TaskError, match="there is no such folder"):
        task_folders(tmp_path / "nowhere")
