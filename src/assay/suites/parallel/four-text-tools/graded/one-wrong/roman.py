"""Roman numerals."""

_PARTS = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def to_roman(number: int) -> str:
    """Return the numeral of 1 to 3999."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no numeral")
    text = ""
    for value, letters in _PARTS:
        count, number = divmod(number, value)
        text += letters * count
    return text


def from_roman(text: str) -> int:
    """Return the number of a numeral that ``to_roman`` could have written."""
    number, rest = 0, text
    for value, letters in _PARTS:
        while rest.startswith(letters):
            number += value
            rest = rest[len(letters) :]
    if rest or not text or to_roman(number) != text:
        raise ValueError(f"{text!r} is no numeral")
    return number
