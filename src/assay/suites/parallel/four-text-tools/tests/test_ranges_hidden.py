import pytest
from ranges import format_ranges, parse_ranges


def test_reading():
    assert parse_ranges("7, 1-3,5 - 6") == [1, 2, 3, 5, 6, 7]
    assert parse_ranges("4") == [4]
    assert parse_ranges("2-4,3-5,3") == [2, 3, 4, 5]
    assert parse_ranges("5-5") == [5]
    assert parse_ranges("0,10,9") == [0, 9, 10]
    assert parse_ranges("  ") == []
    assert parse_ranges("") == []


@pytest.mark.parametrize("text", ["1,,2", "1,", ",", "3-1", "-1", "1-", "1-2-3", "a", "1;2", "1 2", "1.5", "٣"])
def test_what_cannot_be_read(text):
    with pytest.raises(ValueError):
        parse_ranges(text)


def test_writing():
    assert format_ranges([1, 2, 3, 7]) == "1-3,7"
    assert format_ranges([7, 3, 2, 1, 2]) == "1-3,7"
    assert format_ranges([1, 2, 4, 5, 6]) == "1,2,4-6"
    assert format_ranges([9, 10]) == "9,10"
    assert format_ranges([]) == ""
    assert format_ranges(number for number in (5,)) == "5"


def test_numbers_below_zero_cannot_be_written():
    with pytest.raises(ValueError):
        format_ranges([-1, 0, 1])


def test_there_and_back():
    numbers = [0, 1, 2, 4, 5, 9, 11, 12, 13, 14]
    assert parse_ranges(format_ranges(numbers)) == numbers
