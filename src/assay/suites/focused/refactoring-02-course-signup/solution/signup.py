"""Checks of the form with which people sign up for a course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GROWN_UP = 18
ACCEPTED = "terms"


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class FieldError(Exception):
    """What is wrong with one field."""


@dataclass(frozen=True)
class Text:
    """Text of ``least`` to ``most`` characters, not counting blanks around it."""

    least: int
    most: int
    required: bool = True

    def read(self, value: Any) -> str | None:
        """Return the cleaned value, None if none was given. Raises ``FieldError``."""
        text = "" if value is None else value
        if not isinstance(text, str):
            raise FieldError("must be text")
        text = text.strip()
        if not text:
            return self._nothing()
        if len(text) < self.least:
            raise FieldError("is too short")
        if len(text) > self.most:
            raise FieldError("is too long")
        return text

    def _nothing(self) -> None:
        if self.required:
            raise FieldError("is missing")


@dataclass(frozen=True)
class Email(Text):
    """An address such as ``name@host.example``."""

    def read(self, value: Any) -> str | None:
        """Return the address in lower case. Raises ``FieldError``."""
        text = super().read(value) or ""
        if text.count("@") != 1:
            raise FieldError("must have one @")
        name, host = text.split("@")
        if not name or "." not in host or host != host.strip("."):
            raise FieldError("is not complete")
        return text.lower()


@dataclass(frozen=True)
class Whole:
    """A whole number from ``least`` to ``most``, as a number or as text."""

    least: int
    most: int

    def read(self, value: Any) -> int:
        """Return the number. Raises ``FieldError``."""
        if value is None or value == "":
            raise FieldError("is missing")
        number = self._number(value)
        if not self.least <= number <= self.most:
            raise FieldError(f"must be {self.least} to {self.most}")
        return number

    def _number(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise FieldError("must be a whole number")
        try:
            return int(value)
        except ValueError:
            raise FieldError("must be a whole number") from None


FIELDS = {
    "name": Text(2, 40),
    "email": Email(6, 60),
    "city": Text(2, 30, required=False),
    "age": Whole(16, 120),
    "guardian": Text(2, 80),
    "seats": Whole(1, 8),
}


def check_signup(form: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with ``form``, in the order of the fields. An empty list: all is well."""
    return _read(form)[1]


def clean_signup(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values, in order of the fields, ready to be stored. Raises ``SignupError``.

    Text is without blanks around it, numbers are numbers, what was not given is None. A guardian is kept for
    people under 18 only.
    """
    values, problems = _read(form)
    if problems:
        raise SignupError(problems)
    return values


def _read(form: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = dict.fromkeys(FIELDS)
    problems = []
    for name, field in FIELDS.items():
        if name == "guardian" and not _is_young(values["age"]):
            continue
        try:
            values[name] = field.read(form.get(name))
        except FieldError as problem:
            problems.append(f"{name} {problem}")
    if form.get(ACCEPTED) is not True:
        problems.append(f"{ACCEPTED} must be accepted")
    problems.extend(f"unknown field: {name}" for name in sorted(set(form) - set(FIELDS) - {ACCEPTED}))
    return values, problems


def _is_young(age: int | None) -> bool:
    return age is not None and age < GROWN_UP
