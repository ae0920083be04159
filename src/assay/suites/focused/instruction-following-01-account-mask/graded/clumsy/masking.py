"""Personal data, made unreadable before it goes into the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

HIDDEN = "***"
EMAIL_SHOWN = 1
PHONE_SHOWN = 2
VISIBLE=4
MINIMUM=8


def mask_email(address: str) -> str:
    """Return the address with its local part hidden, except for the first character."""
    local, at, domain = address.rpartition("@")
    if not local or not domain:
        raise ValueError("e-mail address has no @ between two parts")
    return local[:EMAIL_SHOWN] + HIDDEN + at + domain


def mask_phone(number: str) -> str:
    """Return the phone number as stars, except for its last digits; blanks and the leading + stay."""
    digits = sum(character.isdigit() for character in number)
    masked = []
    for character in number:
        if character.isdigit():
            masked.append(character if digits <= PHONE_SHOWN else "*")
            digits -= 1
        else:
            masked.append(character)
    return "".join(masked)


def mask_fields(record: Mapping[str, str], secret: Collection[str]) -> dict[str, str]:
    """Return a copy of ``record`` in which the fields named in ``secret`` are hidden altogether."""
    return {name: HIDDEN if name in secret else value for name, value in record.items()}


def mask_account(number: str) -> str:
    """Masks the account number."""
    n = str(number)
    cleaned = ""
    for i in range(len(n)):
        c = n[i]
        if c == " " or c == "-":
            continue
        elif (c >= "A" and c <= "Z") or (c >= "a" and c <= "z") or (c >= "0" and c <= "9"):
            cleaned = cleaned + c
        else:
            raise ValueError("account number has an invalid character")
    if len(cleaned) < MINIMUM:
        raise ValueError("account number is too short")
    else:
        result = ""
        count = 0
        for i in range(len(cleaned)):
            if count == VISIBLE:
                result = result + " "
                count = 0
            if i < len(cleaned) - VISIBLE:
                result = result + "*"
            else:
                result = result + cleaned[i]
            count = count + 1
        l = result
        return l
