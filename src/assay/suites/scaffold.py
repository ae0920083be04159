"""A new task that passes ``assay tasks check`` as it is: the author replaces its parts one by one."""

from __future__ import annotations

from pathlib import Path

from assay.errors import TaskError

_TASK = """\
type: bug-fix              # bug-fix | code-generation | instruction-following | refactoring
difficulty: easy           # floor | easy | medium | hard | headroom
language: python
tags: [example]
writable: [slugs.py]       # what an answer may write
limits: {time_s: 300}
verifier: {kind: pytest, time_s: 60}
graded:                    # best first; each folder holds only the files that differ from start/
  - {name: excellent, quality: 1.0, solves: true}
  - {name: clumsy, quality: 0.6, solves: true}
  - {name: symptom, quality: 0.3, solves: false}
  - {name: broken, quality: 0.0, solves: false}
contamination: Say where the task comes from, and since when it is public.
"""

_INSTRUCTION = """\
# Slugs end with a dash

`slugify` in `slugs.py` makes the last part of an address from a title. For titles that end with punctuation the slug
ends with a dash: `slugify("Hello, World!")` returns `hello-world-`, expected is `hello-world`.

Fix the cause. A slug never starts or ends with a dash, and a title without any letter or digit gives the empty text.
"""

_HEAD = '''\
"""Addresses from titles."""

import re


def slugify(title: str) -> str:
    """Return the title in lower case, with a dash for each run of other characters."""
'''

_START = _HEAD + '    return re.sub(r"[^a-z0-9]+", "-", title.lower())\n'
_SOLUTION = _HEAD + '    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")\n'
_SYMPTOM = _HEAD + '    return re.sub(r"[^a-z0-9]+", "-", title.lower().rstrip("!"))\n'
_BROKEN = _HEAD + "    return None\n"
_CLUMSY = (
    _HEAD
    + """\
    l = re.sub(r"[^a-z0-9]+", "-", title.lower())
    if len(l) > 0:
        if l[0] == "-":
            l = l[1:]
    if len(l) > 0:
        if l[len(l) - 1] == "-":
            l = l[:-1]
        else:
            l = l
    if not len(l) > 0:
        return ""
    else:
        return l
"""
)

_TESTS = """\
from slugs import slugify


def test_reported_case():
    assert slugify("Hello, World!") == "hello-world"


def test_leading_punctuation():
    assert slugify("(Draft) Notes") == "draft-notes"


def test_several_marks_at_the_end():
    assert slugify("Really?!...") == "really"


def test_inner_runs_stay_one_dash():
    assert slugify("a  --  b") == "a-b"


def test_nothing_left():
    assert slugify("?!") == ""
"""

_FILES = {
    "task.yaml": _TASK,
    "instruction.md": _INSTRUCTION,
    "start/slugs.py": _START,
    "tests/test_slugs_hidden.py": _TESTS,
    "solution/slugs.py": _SOLUTION,
    "graded/excellent/slugs.py": _SOLUTION,
    "graded/clumsy/slugs.py": _CLUMSY,
    "graded/symptom/slugs.py": _SYMPTOM,
    "graded/broken/slugs.py": _BROKEN,
}


def scaffold(folder: Path) -> tuple[Path, ...]:
    """Write a complete small task into ``folder`` and return its files. Raises ``TaskError`` when it is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TaskError("is not an empty folder", where=folder, remedy="Give the path of a new task")
    written = []
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return tuple(written)
