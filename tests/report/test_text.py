from dataclasses import dataclass
from enum import StrEnum

import pytest

from assay.report.text import clean, cleaned, cut_middle, fold


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("a\u202eb\u2066c\u200fd", "a�b�c�d"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("\ud800lone", "�lone"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301"),
        ("naïve 日本 🙂", "naïve 日本 🙂"),
    ],
)
def test_clean(given: str, shown: str) -> None:
    assert clean(given) == shown


def test_length_is_bounded() -> None:
    assert len(clean("x" * 10**6)) == 2000
    assert clean("x" * 10**6).endswith("…")


def test_labels_keep_both_ends() -> None:
    assert cut_middle("claude-sonnet-bare", 9) == "clau…bare"
    assert cut_middle("short", 9) == "short"


def test_fold_breaks_at_a_joint() -> None:
    assert fold("instruction-following", 13) == "instruction-\nfollowing"
    assert fold("unbreakableword", 8) == "unbreak…"
    assert fold("short", 8) == "short"


class Kind(StrEnum):
    ONE = "one"


@dataclass(frozen=True, slots=True)
class Inner:
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Outer:
    inner: tuple[Inner, ...]
    counts: dict[str, int]
    number: float | None


def test_cleaned_walks_through_everything() -> None:
    given = Outer((Inner("a\x00", Kind.ONE),), {"k\x1b": 1}, None)
    shown = cleaned(given)
    assert shown == Outer((Inner("a�", Kind.ONE),), {"k�": 1}, None)
    assert shown.inner[0].kind is Kind.ONE
