"""Checks of the form with which people sign up for a course."""

from dataclasses import dataclass


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems):
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Field:
    """One field of the form, and how its value is checked."""

    name: str
    required: bool = True
    least: int
    most: int


FIELDS = [
    Field("name", least=2, most=40),
    Field("email", least=6, most=60),
    Field("city", required=False, least=2, most=30),
    Field("guardian", required=False, least=2, most=80),
]


def check_signup(form):
    """Return what is wrong with ``form``, in the order of the fields."""
    problems = []
    for field in FIELDS:
        value = form.get(field.name)
        if value is None:
            if field.required:
                problems.append(f"{field.name} is missing")
        elif not isinstance(value, str):
            problems.append(f"{field.name} must be text")
        elif not field.least <= len(value.strip()) <= field.most:
            problems.append(f"{field.name} is too short or too long")
    return problems


def clean_signup(form):
    """Return the form's values, ready to be stored. Raises ``SignupError``."""
    problems = check_signup(form)
    if problems:
        raise SignupError(problems)
    return {field.name: form.get(field.name) for field in FIELDS}
