from datetime import datetime

import pytest
from readings import Reading, ReadingError, meters, parse_reading


def test_reading():
    assert parse_reading("2026-03-01 08:00;main;01234\n") == Reading("main", datetime(2026, 3, 1, 8), 1234)


def test_lines_that_are_no_readings():
    for line, text in (
        ("2026-03-01 08:00;main", "2 fields instead of 3"),
        ("2026-03-01 08:00;;1", "no meter"),
        ("2026-03-01 08:00;main;100000", "no counter value: 100000"),
        ("yesterday;main;1", "no moment: yesterday"),
    ):
        with pytest.raises(ReadingError) as caught:
            parse_reading(line)
        assert str(caught.value) == text


def test_meters():
    at = datetime(2026, 3, 1, 8)
    assert list(meters([Reading("a", at, 1), Reading("b", at, 1), Reading("a", at, 2)])) == ["a", "b"]
