"""Checks of the form with which people sign up for a course."""

KNOWN_FIELDS = ("name", "email", "city", "age", "guardian", "seats", "terms")


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems):
        super().__init__("; ".join(problems))
        self.problems = problems


def check_text(form, field, least, most, required):
    """Return the problem with a text field, or None."""
    value = form.get(field)
    if value is None:
        value = ""
    if not isinstance(value, str):
        return f"{field} must be text"
    length = len(value.strip())
    if length == 0:
        if required:
            return f"{field} is missing"
        return None
    if length < least:
        return f"{field} is too short"
    if length > most:
        return f"{field} is too long"
    return None


def check_email(form):
    """Return the problem with the address, or None."""
    problem = check_text(form, "email", 6, 60, required=True)
    if problem is not None:
        return problem
    parts = form["email"].strip().split("@")
    if len(parts) != 2:
        return "email must have one @"
    name, domain = parts
    if name == "" or "." not in domain or domain.startswith(".") or domain.endswith("."):
        return "email is not complete"
    return None


def check_number(form, field, least, most):
    """Return the problem with a whole number, or None."""
    value = form.get(field)
    if value is None or value == "":
        return f"{field} is missing"
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return f"{field} must be a whole number"
    try:
        number = int(value)
    except ValueError:
        return f"{field} must be a whole number"
    if number < least or number > most:
        return f"{field} must be {least} to {most}"
    return None


def check_guardian(form, age_problem):
    """Return the problem with the guardian, or None. Only people under 18 need one."""
    if age_problem is not None or int(form["age"]) >= 18:
        return None
    return check_text(form, "guardian", 2, 80, required=True)


def check_terms(form):
    """Return the problem with the terms, or None."""
    if form.get("terms") is True:
        return None
    return "terms must be accepted"


def check_signup(form):
    """Return what is wrong with ``form``, in the order of the fields. An empty list: all is well."""
    age_problem = check_number(form, "age", 16, 120)
    results = [
        check_text(form, "name", 2, 40, required=True),
        check_email(form),
        check_text(form, "city", 2, 30, required=False),
        age_problem,
        check_guardian(form, age_problem),
        check_number(form, "seats", 1, 8),
        check_terms(form),
    ]
    problems = [result for result in results if result is not None]
    for field in sorted(form):
        if field not in KNOWN_FIELDS:
            problems.append(f"unknown field: {field}")
    return problems


def clean_signup(form):
    """Return the form's values, in order of the fields, ready to be stored. Raises ``SignupError``.

    Text is without blanks around it, numbers are numbers, what was not given is None. A guardian is kept for
    people under 18 only.
    """
    problems = check_signup(form)
    if problems:
        raise SignupError(problems)
    age = int(form["age"])
    return {
        "name": form["name"].strip(),
        "email": form["email"].strip().lower(),
        "city": (form.get("city") or "").strip() or None,
        "age": age,
        "guardian": form["guardian"].strip() if age < 18 else None,
        "seats": int(form["seats"]),
    }
