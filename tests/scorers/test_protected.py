from dataclasses import replace

import pytest

from assay.scorers.protected import hidden_names, is_protected, matches, measured_files
from assay.suites.base import Task

PRESENT = ("calc.py", "extra.py", "notes.md", "test_calc.py", "tests/help.py", "pkg/io.py")


def test_writable_and_changed_source_is_measured(task: Task) -> None:
    assert measured_files(task, PRESENT, ()) == ("calc.py",)
    assert measured_files(task, PRESENT, ("extra.py", "notes.md", "test_calc.py", "tests/help.py")) == (
        "calc.py",
        "extra.py",
    )


def test_without_writable_paths_the_reference_says_what_is_measured(task: Task) -> None:
    free = replace(task, writable=())
    assert measured_files(free, PRESENT, ("pkg/io.py",)) == ("calc.py", "pkg/io.py")


def test_a_deleted_file_and_another_language_are_not_measured(task: Task) -> None:
    assert measured_files(task, ("extra.py",), ()) == ()
    assert measured_files(replace(task, language="go"), PRESENT, PRESENT) == ()


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
