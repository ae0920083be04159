import pytest
from durations import format_duration, parse_duration


def test_parse_one_part():
    assert parse_duration("90s") == 90


def test_parse_several_parts():
    assert parse_duration("1h30m") == 5400


def test_parse_refuses_empty_text():
    with pytest.raises(ValueError):
        parse_duration("")


def test_format():
    assert format_duration(5400) == "1h30m"
