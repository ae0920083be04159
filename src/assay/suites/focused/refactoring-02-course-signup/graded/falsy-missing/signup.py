"""Checks of the form with which people sign up for a course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Reader = Callable[[Any], Any]


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class FieldError(Exception):
    """What is wrong with the value of a field."""


def _require(condition: Any, complaint: str) -> None:
    if not condition:
        raise FieldError(complaint)


def _text(least: int, most: int, required: bool = True) -> Reader:
    def read(value: Any) -> str | None:
        _require(value is None or isinstance(value, str), "must be text")
        text = (value or "").strip()
        _require(bool(text) or not required, "is missing")
        if not text:
            return None
        _require(len(text) >= least, "is too short")
        _require(len(text) <= most, "is too long")
        return text

    return read


def _email(value: Any) -> str:
    text = _text(6, 60)(value)
    _require(text.count("@") == 1, "must have one @")
    user, domain = text.split("@")
    _require(user != "" and "." in domain, "is not complete")
    _require(domain[0] != "." and domain[-1] != ".", "is not complete")
    return text.lower()


def _whole_number(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        _require(value, "is missing")
        _require(isinstance(value, int | str) and not isinstance(value, bool), "must be a whole number")
        try:
            number = int(value)
        except ValueError as error:
            raise FieldError("must be a whole number") from error
        _require(least <= number <= most, f"must be {least} to {most}")
        return number

    return read


READERS: dict[str, Reader] = {
    "name": _text(2, 40),
    "email": _email,
    "city": _text(2, 30, required=False),
    "age": _whole_number(16, 120),
    "guardian": _text(2, 80),
    "seats": _whole_number(1, 8),
}


def check_signup(form: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with ``form``, in the order of the fields. An empty list: all is well."""
    _, problems = _read(form)
    return problems


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
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, read in READERS.items():
        values[name] = None
        if name == "guardian" and not _needs_guardian(values["age"]):
            continue
        try:
            values[name] = read(form.get(name))
        except FieldError as error:
            problems.append(f"{name} {error}")
    if form.get("terms") is not True:
        problems.append("terms must be accepted")
    unknown = sorted(name for name in form if name not in READERS and name != "terms")
    return values, problems + [f"unknown field: {name}" for name in unknown]


def _needs_guardian(age: int | None) -> bool:
    return age is not None and age < 18
