"""Roman numerals."""
import re, sys

def to_roman(number: int) -> str:
    """Return the numeral of 1 to 3999."""
    if number < 1:
        raise ValueError("too small")
    if number > 3999:
        raise ValueError("too large")
    result = ""
    while number > 0:
        if number >= 1000:
            result += "M"; number -= 1000
        elif number >= 900:
            result += "CM"; number -= 900
        elif number >= 500:
            result += "D"; number -= 500
        elif number >= 400:
            result += "CD"; number -= 400
        elif number >= 100:
            result += "C"; number -= 100
        elif number >= 90:
            result += "XC"; number -= 90
        elif number >= 50:
            result += "L"; number -= 50
        elif number >= 40:
            result += "XL"; number -= 40
        elif number >= 10:
            result += "X"; number -= 10
        elif number >= 9:
            result += "IX"; number -= 9
        elif number >= 5:
            result += "V"; number -= 5
        elif number >= 4:
            result += "IV"; number -= 4
        else:
            result += "I"; number -= 1
    return result


def from_roman(text: str) -> int:
    """Return the number of a numeral that ``to_roman`` could have written."""
    for i in range(1, 4000):
        if to_roman(i) == text:
            return i
    raise ValueError("no numeral")
