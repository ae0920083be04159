import pytest
from roman import from_roman, to_roman


def test_some_numerals():
    assert to_roman(1) == "I"
    assert to_roman(4) == "IV"
    assert to_roman(49) == "XLIX"
    assert to_roman(888) == "DCCCLXXXVIII"
    assert to_roman(3999) == "MMMCMXCIX"


def test_there_and_back():
    assert [from_roman(to_roman(number)) for number in range(1, 4000)] == list(range(1, 4000))


@pytest.mark.parametrize("number", [0, -1, 4000])
def test_numbers_without_a_numeral(number):
    with pytest.raises(ValueError):
        to_roman(number)


@pytest.mark.parametrize("text", ["", "IIII", "VX", "IC", "IXI", "MMMM", "iv", " I", "A", "XIIV", "IM"])
def test_what_is_no_numeral(text):
    with pytest.raises(ValueError):
        from_roman(text)
