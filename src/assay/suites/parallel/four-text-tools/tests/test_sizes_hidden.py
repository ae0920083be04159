import pytest
from sizes import format_size, parse_size


def test_reading():
    assert parse_size("17") == 17
    assert parse_size("17 B") == 17
    assert parse_size("1.5 KiB") == 1536
    assert parse_size(" 2kb ") == 2000
    assert parse_size("3 MB") == 3_000_000
    assert parse_size("1GiB") == 1 << 30
    assert parse_size("0.001 gb") == 1_000_000


def test_parts_of_a_byte_are_dropped_exactly():
    assert parse_size("0.1 KiB") == 102
    assert parse_size("1.9") == 1
    assert parse_size("1.001 KB") == 1001
    assert parse_size("4.35 KB") == 4350


@pytest.mark.parametrize("text", ["", "KB", "-1 KB", "+1", "1..5 KB", ".5 KB", "1. KB", "1 KBs", "1 TB", "1 K", "1e3", "1,5 KB"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError):
        parse_size(text)


def test_writing():
    assert format_size(0) == "0 B"
    assert format_size(1023) == "1023 B"
    assert format_size(1024) == "1 KiB"
    assert format_size(1536) == "1.5 KiB"
    assert format_size(5 << 20) == "5 MiB"
    assert format_size(1 << 31) == "2 GiB"


def test_rounding():
    assert format_size(1075) == "1 KiB"
    assert format_size(1076) == "1.1 KiB"
    assert format_size(1280) == "1.3 KiB"
    assert format_size(1048524) == "1023.9 KiB"
    assert format_size(1048525) == "1 MiB"
    assert format_size((1 << 30) - 1) == "1 GiB"
    assert format_size(5000 << 30) == "5000 GiB"


def test_below_zero():
    with pytest.raises(ValueError):
        format_size(-1)
