import pytest
from ranges import format_ranges, parse_ranges
from roman import from_roman, to_roman
from sizes import format_size, parse_size
from slugs import slug


def test_slug():
    assert slug("Hello, World!") == "hello-world"


def test_roman():
    assert to_roman(1994) == "MCMXCIV"
    assert from_roman("MCMXCIV") == 1994


def test_ranges():
    assert parse_ranges("7, 1-3,5 - 6") == [1, 2, 3, 5, 6, 7]
    assert format_ranges([1, 2, 3, 7]) == "1-3,7"
    with pytest.raises(ValueError):
        parse_ranges("1,,2")


def test_sizes():
    assert parse_size("1.5 KiB") == 1536
    assert format_size(1536) == "1.5 KiB"
