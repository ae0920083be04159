import pytest
from durations import format_duration, parse_duration


def refuses(*texts):
    for text in texts:
        with pytest.raises(ValueError):
            parse_duration(text)


def test_each_unit():
    assert [parse_duration(text) for text in ("1s", "1m", "1h", "1d")] == [1, 60, 3600, 86400]


def test_all_units_together():
    assert parse_duration("2d3h4m5s") == 2 * 86400 + 3 * 3600 + 4 * 60 + 5


def test_units_may_be_left_out():
    assert parse_duration("1d5s") == 86405


def test_numbers_may_exceed_the_next_unit():
    assert parse_duration("90m") == 5400
    assert parse_duration("1h90m") == 9000


def test_leading_zeros_and_zero_parts():
    assert parse_duration("05m") == 300
    assert parse_duration("0h10s") == 10
    assert parse_duration("0s") == 0


def test_space_around_is_ignored():
    assert parse_duration("  1h \n") == 3600


def test_zero_alone():
    assert parse_duration("0") == 0
    assert parse_duration(" 0 ") == 0


def test_refuses_missing_parts():
    refuses("", "   ", "5", "00x", "h", "1h30", "m5", "10")


def test_refuses_space_inside():
    refuses("1h 30m", "1 h", "1h\t5s")


def test_refuses_signs_and_points():
    refuses("-1h", "+1h", "1.5h", "1h-5m", "1_0s")


def test_refuses_unknown_units():
    refuses("1w", "1H", "1ms", "1hm", "1h30x", "1h!")


def test_refuses_repeated_or_unordered_units():
    refuses("1h2h", "1m1m", "5s1m", "1h1d")


def test_refuses_digits_that_are_not_ascii():
    with pytest.raises(ValueError):
        parse_duration("\u0663s")


def test_format_leaves_out_zero_parts():
    assert format_duration(86405) == "1d5s"
    assert format_duration(3600) == "1h"
    assert format_duration(59) == "59s"


def test_format_carries_into_larger_units():
    assert format_duration(3660) == "1h1m"
    assert format_duration(86399) == "23h59m59s"


def test_format_days_have_no_limit():
    assert format_duration(400 * 86400) == "400d"


def test_format_zero():
    assert format_duration(0) == "0"


def test_format_refuses_negative_numbers():
    with pytest.raises(ValueError):
        format_duration(-1)


def test_there_and_back():
    for seconds in [*range(0, 4000, 7), *range(80000, 200000, 977), 10**9]:
        assert parse_duration(format_duration(seconds)) == seconds
