"""Checks of the form with which people sign up for a course."""

import re

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
TEXTS = {"name": (2, 40), "email": (6, 60), "city": (2, 30), "guardian": (2, 80)}
NUMBERS = {"age": (16, 120), "seats": (1, 8)}
OPTIONAL = {"city", "guardian"}


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems):
        super().__init__("; ".join(problems))
        self.problems = problems


def check_signup(form):
    """Return what is wrong with ``form``. An empty list: all is well."""
    values = {field: str(form.get(field) or "").strip() for field in [*TEXTS, *NUMBERS]}
    problems = [problem for field in TEXTS if (problem := _check_text(field, values[field]))]
    problems += [problem for field in NUMBERS if (problem := _check_number(field, values[field]))]
    if values["email"].count("@") != 1:
        problems.append("email must have one @")
    elif not EMAIL.fullmatch(values["email"]):
        problems.append("email is not complete")
    if values["age"].isdigit() and int(values["age"]) < 18 and not values["guardian"]:
        problems.append("guardian is missing")
    if not form.get("terms"):
        problems.append("terms must be accepted")
    problems += [f"unknown field: {field}" for field in form if field not in {*TEXTS, *NUMBERS, "terms"}]
    return problems


def clean_signup(form):
    """Return the form's values, ready to be stored. Raises ``SignupError``."""
    problems = check_signup(form)
    if problems:
        raise SignupError(problems)
    return {
        "name": form["name"].strip(),
        "email": form["email"].strip().lower(),
        "city": (form.get("city") or "").strip() or None,
        "age": int(form["age"]),
        "guardian": (form.get("guardian") or "").strip() or None,
        "seats": int(form["seats"]),
    }


def _check_text(field, value):
    least, most = TEXTS[field]
    if not value:
        return None if field in OPTIONAL else f"{field} is missing"
    if len(value) < least:
        return f"{field} is too short"
    if len(value) > most:
        return f"{field} is too long"
    return None


def _check_number(field, value):
    least, most = NUMBERS[field]
    if not value:
        return f"{field} is missing"
    if not value.isdigit():
        return f"{field} must be a whole number"
    if not least <= int(value) <= most:
        return f"{field} must be {least} to {most}"
    return None
