import ast
import random
from pathlib import Path

import pytest

from assay.scorers.controls import controls

TESTS = """
import pytest
from calc import mean

LIMIT = 3


@pytest.fixture
def values():
    return [1, 2]


def helper(x):
    return mean(x)


def test_nested():
    for one in mean([]):
        assert one == 1


@pytest.mark.parametrize("n", [1, 2])
def test_compares(values, n):
    result = helper(values)
    assert result == 1.5


class TestMore:
    def test_x(self):
        assert True
"""


def test_names_are_unpredictable_unused_and_ordinary(tmp_path: Path) -> None:
    (tmp_path / "test_calc.py").write_text(TESTS)
    names = {one.file for seed in range(50) for one in controls(tmp_path, random.Random(seed))}
    assert len(names) > 60
    assert all(name.startswith("test_") and "control" not in name for name in names)


def test_every_plain_control_must_fail(tmp_path: Path) -> None:
    for seed in range(20):
        plain = controls(tmp_path, random.Random(seed))[0]
        assert not plain.derived
        space: dict[str, object] = {}
        exec(compile(plain.text, plain.file, "exec"), space)
        tests = [value for name, value in space.items() if name.startswith("test_")]
        assert len(tests) == 3
        for one in tests:
            assert callable(one)
            # pytest's own failure is not an Exception.
            with pytest.raises((AssertionError, pytest.fail.Exception)):
                one()


def test_a_derived_control_expects_what_nothing_equals(tmp_path: Path) -> None:
    (tmp_path / "test_calc.py").write_text(TESTS)
    derived = next(one for one in controls(tmp_path, random.Random(1)) if one.derived)
    tree = ast.parse(derived.text)
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "assert result == object()" in derived.text
    assert names[:2] == ["values", "helper"]
    assert len([name for name in names if name.startswith("test_")]) == 1
    assert "test_compares" not in derived.text
    assert "TestMore" not in derived.text


def test_without_a_plain_comparison_there_is_no_derived_control(tmp_path: Path) -> None:
    (tmp_path / "test_calc.py").write_text("def test_x():\n    for y in ():\n        assert f(y) == 1\n")
    assert [one.derived for one in controls(tmp_path, random.Random(1))] == [False]
