"""Roman numerals."""


def to_roman(number: int) -> str:
    """Return the numeral of 1 to 3999."""
    raise NotImplementedError


def from_roman(text: str) -> int:
    """Return the number of a numeral that ``to_roman`` could have written."""
    raise NotImplementedError
