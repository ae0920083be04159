"""A tiny but real task, made in code: for tests of anything that needs one."""

from __future__ import annotations

from pathlib import Path

from assay.identity import tree_id
from assay.suites.base import Graded, Step, Task, Verifier

_HEAD = '''\
"""Small sums."""


def add(left, right):
    """Return the sum of two numbers."""
    return left + right


def mean(values):
    """Return the arithmetic mean; the mean of nothing is 0.0."""
'''

_BUGGY = """\
    total = 0
    for value in values:
        total = add(total, value)
    return total // len(values)
"""

_TANGLED = """\
    total = 0
    count = 0
    for value in values:
        if value >= 0:
            total = add(total, value)
            count = count + 1
        else:
            if value < 0:
                total = add(total, value)
                count = count + 1
    if count == 0:
        return 0.0
    else:
        if count > 0:
            return total / count
"""

_PLAIN = """\
    total = 0
    for value in values:
        total = add(total, value)
    if len(values) == 0:
        return 0.0
    return total / len(values)
"""

_EXCELLENT = "    return sum(values) / len(values) if values else 0.0\n"
_PLAUSIBLE = "    return sum(values) / len(values)\n"
_BROKEN = "    return values\n"

_TESTS = """from calc import add, mean


def test_add():
    assert add(2, 3) == 5


def test_mean_is_exact():
    assert mean([1, 2]) == 1.5


def test_mean_of_nothing():
    assert mean([]) == 0.0
"""
_TEST_IDS = ("test_calc.py::test_add", "test_calc.py::test_mean_is_exact", "test_calc.py::test_mean_of_nothing")

_INSTRUCTION = (
    "`mean` in `calc.py` rounds down, and it fails for an empty list. It must return the exact mean, and 0.0 for an "
    "empty list. `add` stays as it is.\n"
)
_REFACTOR = "`mean` in `calc.py` is right but tangled. Make it simple and keep what it returns.\n"

_GRADED = (
    Graded("excellent", 1.0, solves=True),
    Graded("plain", 0.8, solves=True),
    Graded("plausible-wrong", 0.3, solves=False),
    Graded("broken", 0.0, solves=False),
)


def make_task(root: Path, *, id: str = "tiny", type: str = "bug-fix", difficulty: str = "easy") -> Task:  # noqa: A002 - the fields' own names
    """Write a task folder to ``root / id`` and return its Task.

    One module ``calc.py``, three hidden pytest tests, a reference, and four graded solutions (two pass). For
    ``refactoring`` the start passes the hidden tests and is tangled; for any other type it fails two of three.
    """
    refactoring = type == "refactoring"
    instruction = _REFACTOR if refactoring else _INSTRUCTION
    folder = root / id
    graded = ", ".join(f"{{name: {g.name}, quality: {g.quality}, solves: {str(g.solves).lower()}}}" for g in _GRADED)
    files = {
        "task.yaml": (
            f"id: {id}\ntype: {type}\ndifficulty: {difficulty}\nlanguage: python\nwritable: [calc.py]\n"
            f"expects_start_to_pass: {str(refactoring).lower()}\n"
            f"verifier:\n  kind: pytest\n  test_ids: [{', '.join(_TEST_IDS)}]\ngraded: [{graded}]\n"
        ),
        "instruction.md": instruction,
        "start/calc.py": _HEAD + (_TANGLED if refactoring else _BUGGY),
        "tests/test_calc.py": _TESTS,
        "solution/calc.py": _HEAD + _EXCELLENT,
        "graded/excellent/calc.py": _HEAD + _EXCELLENT,
        "graded/plain/calc.py": _HEAD + _PLAIN,
        "graded/plausible-wrong/calc.py": _HEAD + _PLAUSIBLE,
        "graded/broken/calc.py": _HEAD + _BROKEN,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Task(
        id=id,
        root=folder,
        hash=tree_id(folder),
        type=type,
        difficulty=difficulty,
        language="python",
        instruction=instruction,
        steps=(Step(prompt=instruction),),
        verifier=Verifier(test_ids=_TEST_IDS),
        graded=_GRADED,
        writable=("calc.py",),
        expects_start_to_pass=refactoring,
    )
