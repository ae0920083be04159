"""Roman numerals."""

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_PARTS = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
_SMALL = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def to_roman(number: int) -> str:
    """Return the numeral of 1 to 3999."""
    text = ""
    for value, letters in (*_PARTS, *_SMALL):
        text += letters * (number // value)
        number %= value
    return text


def from_roman(text: str) -> int:
    """Return the number of a numeral that ``to_roman`` could have written."""
    total = 0
    for letter, following in zip(text, f"{text[1:]} ", strict=True):
        value = _VALUES[letter]
        total += -value if value < _VALUES.get(following, 0) else value
    return total
