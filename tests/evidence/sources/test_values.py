from pathlib import Path
from typing import Any

import pytest

from assay.evidence.sources.values import between_ms, digest, json_lines, mapping, number, text, timestamp_ms, whole

NOT_NUMBERS: list[Any] = [None, True, "", "x", "nan", float("inf"), float("nan"), 10**400, [], {}]


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_number_is_missing_not_zero(value: Any) -> None:
    assert number(value) is None


@pytest.mark.parametrize("value", [value for value in NOT_NUMBERS if value != 10**400])
def test_what_is_no_count_is_missing_not_zero(value: Any) -> None:
    assert whole(value) is None


def test_counts_and_numbers_may_be_spelled_as_text() -> None:
    assert (whole("12"), whole(12.0), whole(0), number("1.5"), number(2)) == (12, 12, 0, 1.5, 2.0)


def test_texts_and_objects() -> None:
    assert (text("a"), text(""), text(5), mapping({"a": 1}), mapping([1])) == ("a", None, None, {"a": 1}, {})


def test_times() -> None:
    assert timestamp_ms("1970-01-01T00:00:01.5Z") == 1500
    assert [timestamp_ms(value) for value in (None, 5, "", "now", "99999-01-01")] == [None] * 5
    assert (between_ms(1, 3), between_ms(None, 3), between_ms(1, None)) == (2.0, None, None)


def test_equal_arguments_have_equal_ids_whatever_their_order_and_are_cut_for_people() -> None:
    one, other = digest({"a": 1, "b": "é"}), digest({"b": "é", "a": 1})
    assert one == other
    assert one[0] == '{"a": 1, "b": "é"}'
    assert digest("x" * 1000)[0] == "x" * 200
    assert digest("x" * 1000)[1] != digest("x" * 999)[1]


def test_json_lines_keep_what_is_whole_and_name_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n\n[]\n{"b\xff": 2}\n' + b"[" * 100_000 + b'\n{"c": ')
    problems: list[str] = []
    found = list(json_lines(path, problems))
    assert found == [{"a": 1}, {"b\ufffd": 2}]
    assert problems[0] == "rows.jsonl, line 3 is not a JSON object"
    assert problems[-1] == "rows.jsonl, line 6 is cut off"
    assert list(json_lines(tmp_path / "none", problems)) == []
    assert problems[-1].startswith("none cannot be read")
