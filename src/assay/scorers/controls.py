"""Negative controls: tests that must fail, hidden among those that must pass.

Code under test can reach the test runner that runs it. Whatever makes all tests pass makes these pass too, and that
gives it away. They have ordinary random names, so that an answer written before it was graded cannot know them. One
kind is plain (a wrong comparison, an exception that never comes, a number that is not near), the other is derived: a
hidden test of the task with its expected value replaced by a fresh object, which catches results that equal everything.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_THINGS = (
    *("amounts", "bounds", "cases", "columns", "counts", "dates", "edges", "entries", "fields", "groups", "items"),
    *("keys", "lines", "names", "orders", "pairs", "parts", "paths", "ranges", "rows", "sizes", "spans", "tables"),
    *("terms", "titles", "totals", "units", "values", "weights", "words", "years"),
)
_MANNERS = (
    *("are_kept", "are_merged", "are_sorted", "are_split", "are_trimmed"),
    *("come_first", "differ", "match", "stay_equal", "stay_small"),
)
_MAX_DERIVED = 1

_PLAIN = """\
import pytest


def test_{names[0]}():
    values = [{numbers[0]}, {numbers[1]}, {numbers[2]}]
    assert sorted(values) == [{numbers[3]}, {numbers[4]}]


def test_{names[1]}():
    with pytest.raises(ValueError):
        int("{numbers[5]}")


def test_{names[2]}():
    assert {numbers[6]} / 7 == pytest.approx({numbers[6]} / 3)
"""


@dataclass(frozen=True, slots=True)
class Control:
    """One module of tests that must not pass. A derived one imports the candidate, so it may also fail to load."""

    file: str
    text: str
    derived: bool


def controls(tests: Path, chance: random.Random) -> tuple[Control, ...]:
    """Return control modules for a folder of hidden tests that holds none of their names.

    Every test in them must fail, whatever the candidate is. ``chance`` must be unpredictable in real use.
    """
    taken = {path.name for path in tests.rglob("*.py")}
    names = _file_names(taken, chance)
    numbers = chance.sample(range(100, 1000), 7)
    made = [Control(next(names), _PLAIN.format(names=_test_names(chance, 3), numbers=numbers), derived=False)]
    candidates = [found for path in sorted(tests.rglob("test_*.py")) for found in _derivable(path)]
    chance.shuffle(candidates)
    for path, name in candidates[:_MAX_DERIVED]:
        made.append(Control(next(names), _derive(path, name, f"test_{_test_names(chance, 1)[0]}"), derived=True))
    return tuple(made)


def _file_names(taken: set[str], chance: random.Random) -> Iterator[str]:
    """Yield unused names; the first comes late in the order of names, so that one control runs after most tests."""
    late = sorted(_THINGS)[-6:]
    for pool in (late, _THINGS):
        yield chance.choice(
            [name for word in pool if (name := f"test_{word}_{chance.choice(_THINGS)}.py") not in taken]
        )


def _test_names(chance: random.Random, count: int) -> list[str]:
    return [f"{thing}_{chance.choice(_MANNERS)}" for thing in chance.sample(_THINGS, count)]


def _derivable(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield plain test functions that compare with ``assert left == right`` outside any block."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and _comparison(node) is not None:
            yield path, node.name


def _comparison(test: ast.FunctionDef) -> ast.Compare | None:
    for node in test.body:
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            compare = node.test
            if len(compare.ops) == 1 and isinstance(compare.ops[0], ast.Eq) and _calls(compare.left):
                return compare
    return None


def _calls(node: ast.expr) -> bool:
    """The left side is a result as it came, not a list or tuple built around it."""
    return isinstance(node, ast.Call | ast.Attribute | ast.Name | ast.Subscript)


def _derive(path: Path, name: str, new_name: str) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kept: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            compare = _comparison(node)
            assert compare is not None
            compare.comparators = [ast.Call(func=ast.Name("object", ast.Load()), args=[], keywords=[])]
            node.name = new_name
        elif _is_test(node):
            continue
        kept.append(node)
    tree.body = kept
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_test(node: ast.stmt) -> bool:
    named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    return named or (isinstance(node, ast.ClassDef) and node.name.startswith("Test"))
