"""Checks of the form with which people sign up for a course."""


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems):
        ValueError.__init__(self, "; ".join(problems))
        self.problems = problems


def check_signup(form):
    """Return what is wrong with ``form``, in the order of the fields. An empty list: all is well."""
    problems = []
    _check_person(form, problems)
    _check_rest(form, problems)
    return problems


def _check_person(form, problems):
    if not "name" in form or form["name"] is None:
        problems.append("name is missing")
    else:
        if not isinstance(form["name"], str):
            problems.append("name must be text")
        else:
            if len(form["name"].strip()) == 0:
                problems.append("name is missing")
            elif len(form["name"].strip()) < 2:
                problems.append("name is too short")
            elif len(form["name"].strip()) > 40:
                problems.append("name is too long")
    if not "email" in form or form["email"] is None:
        problems.append("email is missing")
    else:
        if not isinstance(form["email"], str):
            problems.append("email must be text")
        else:
            if len(form["email"].strip()) == 0:
                problems.append("email is missing")
            elif len(form["email"].strip()) < 6:
                problems.append("email is too short")
            elif len(form["email"].strip()) > 60:
                problems.append("email is too long")
            else:
                parts = form["email"].strip().split("@")
                if len(parts) != 2:
                    problems.append("email must have one @")
                elif parts[0] == "" or not "." in parts[1] or parts[1][0] == "." or parts[1][-1] == ".":
                    problems.append("email is not complete")
    if "city" in form and form["city"] is not None:
        if not isinstance(form["city"], str):
            problems.append("city must be text")
        else:
            if len(form["city"].strip()) > 0:
                if len(form["city"].strip()) < 2:
                    problems.append("city is too short")
                elif len(form["city"].strip()) > 30:
                    problems.append("city is too long")


def _check_rest(form, problems):
    age = None
    if not "age" in form or form["age"] is None or form["age"] == "":
        problems.append("age is missing")
    else:
        if isinstance(form["age"], bool) or not isinstance(form["age"], (int, str)):
            problems.append("age must be a whole number")
        else:
            try:
                age = int(form["age"])
            except ValueError:
                problems.append("age must be a whole number")
            if age is not None:
                if age < 16 or age > 120:
                    problems.append("age must be 16 to 120")
                    age = None
    if age is not None:
        if age < 18:
            if not "guardian" in form or form["guardian"] is None:
                problems.append("guardian is missing")
            else:
                if not isinstance(form["guardian"], str):
                    problems.append("guardian must be text")
                else:
                    if len(form["guardian"].strip()) == 0:
                        problems.append("guardian is missing")
                    elif len(form["guardian"].strip()) < 2:
                        problems.append("guardian is too short")
                    elif len(form["guardian"].strip()) > 80:
                        problems.append("guardian is too long")
    if not "seats" in form or form["seats"] is None or form["seats"] == "":
        problems.append("seats is missing")
    else:
        if isinstance(form["seats"], bool) or not isinstance(form["seats"], (int, str)):
            problems.append("seats must be a whole number")
        else:
            seats = None
            try:
                seats = int(form["seats"])
            except ValueError:
                problems.append("seats must be a whole number")
            if seats is not None:
                if seats < 1 or seats > 8:
                    problems.append("seats must be 1 to 8")
    if not "terms" in form or form["terms"] is not True:
        problems.append("terms must be accepted")
    unknown = []
    for k in form:
        if k != "name" and k != "email" and k != "city" and k != "age" and k != "guardian" and k != "seats" and k != "terms":
            unknown.append(k)
    unknown.sort()
    for k in unknown:
        problems.append("unknown field: " + k)


def clean_signup(form):
    """Return the form's values, in order of the fields, ready to be stored. Raises ``SignupError``.

    Text is without blanks around it, numbers are numbers, what was not given is None. A guardian is kept for
    people under 18 only.
    """
    problems = check_signup(form)
    if len(problems) > 0:
        raise SignupError(problems)
    result = dict()
    result["name"] = form["name"].strip()
    result["email"] = form["email"].strip().lower()
    if "city" in form and form["city"] is not None and len(form["city"].strip()) > 0:
        result["city"] = form["city"].strip()
    else:
        result["city"] = None
    result["age"] = int(form["age"])
    if result["age"] < 18:
        result["guardian"] = form["guardian"].strip()
    else:
        result["guardian"] = None
    result["seats"] = int(form["seats"])
    return result
