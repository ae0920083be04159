from dataclasses import replace

import pytest

from assay.scorers.protected import hidden_names, is_protected, matches, measured_files
from assay.suites.base import Task


def nothing(_: str) -> bytes:
    return b""


PRESENT = ("calc.py", "extra.py", "notes.md", "test_calc.py", "tests/help.py", "pkg/io.py")


def test_writable_and_changed_source_is_measured(task: Task) -> None:
    assert measured_files(task, PRESENT, (), nothing) == ("calc.py",)
    assert measured_files(task, PRESENT, ("extra.py", "notes.md", "test_calc.py", "tests/help.py"), nothing) == (
        "calc.py",
        "extra.py",
    )


def test_without_writable_paths_the_reference_says_what_is_measured(task: Task) -> None:
    free = replace(task, writable=())
    assert measured_files(free, PRESENT, ("pkg/io.py",), nothing) == ("calc.py", "pkg/io.py")


def test_a_deleted_file_and_another_language_are_not_measured(task: Task) -> None:
    assert measured_files(task, ("extra.py",), (), nothing) == ()
    assert measured_files(replace(task, language="go"), PRESENT, PRESENT, nothing) == ()


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b.py", "a", True),
        ("a/b.py", "a/", True),
        ("ab/c.py", "a", False),
        ("a/b.py", "*.py", True),
        ("a/b.py", "a/b.py", True),
        ("a/b.py", "b.py", False),
    ],
)
def test_patterns(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, [pattern]) is expected


def test_data_of_the_tests_protects_no_name(task: Task) -> None:
    (task.tests / "data.json").write_text("{}")
    assert hidden_names(task) == {"test_calc.py"}
    assert not is_protected(task, "data.json", hidden_names(task))
    assert is_protected(task, "sub/test_calc.py", hidden_names(task))


HIDING = {
    "a plain import": "import test_impl",
    "one among others": "import os, test_impl as impl",
    "after another statement": "import os; import test_impl",
    "from": "from test_impl import mean",
    "from a folder": "from tests.impl import mean",
    "from a folder, by name": "from tests import (\n    other,\n    impl as mean,\n)",
    "over two lines": "from tests \\\n    import impl",
    "relative": "from .test_impl import mean",
    "relative, by name": "from . import test_impl",
    "in a function": "def mean(values):\n    from test_impl import mean\n    return mean(values)",
    "from a folder put on the path": "import sys\nsys.path.append('tests')\nimport impl",
    "by importlib": "import importlib\nmean = importlib.import_module('test_impl').mean",
    "by path": "exec(open('tests/impl.py').read())",
}


@pytest.mark.parametrize("source", HIDING.values(), ids=HIDING)
def test_code_is_not_a_test_for_being_called_one(source: str, task: Task) -> None:
    hidden = "tests/impl.py" if "tests" in source else "test_impl.py"
    texts = {"calc.py": source, hidden: "import test_deeper", "test_deeper.py": "", "test_honest.py": "import calc"}
    found = measured_files(task, texts, texts, lambda path: texts[path].encode())
    assert found == tuple(sorted(("calc.py", hidden, "test_deeper.py")))


def test_a_test_of_the_start_that_is_imported_is_not_the_answers(task: Task) -> None:
    texts = {"calc.py": "import test_old", "test_old.py": ""}
    assert measured_files(task, texts, ["calc.py"], lambda path: texts[path].encode()) == ("calc.py",)


def test_what_is_named_after_another_module_is_another(task: Task) -> None:
    texts = {"calc.py": "from pkg import store", "pkg/store.py": "", "tests/pkg/store.py": ""}
    found = measured_files(task, texts, texts, lambda path: texts[path].encode())
    assert found == ("calc.py", "pkg/store.py")
