"""Personal data, made unreadable before it goes into the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

HIDDEN = "***"
EMAIL_SHOWN = 1
PHONE_SHOWN = 2
ACCOUNT_SHOWN = 4
BLOCK_SIZE = 4
ACCOUNT_MINIMUM = 8


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
    """Return the account number in blocks, hidden except for its last characters."""
    cleaned = number.replace(" ", "").replace("-", "")
    if cleaned and not (cleaned.isascii() and cleaned.isalnum()):
        raise ValueError("account number has an invalid character")
    if len(cleaned) < ACCOUNT_MINIMUM:
        raise ValueError("account number is too short")
    masked = "*" * (len(cleaned) - ACCOUNT_SHOWN) + cleaned[-ACCOUNT_SHOWN:]
    return " ".join(masked[i : i + BLOCK_SIZE] for i in range(0, len(masked), BLOCK_SIZE))
