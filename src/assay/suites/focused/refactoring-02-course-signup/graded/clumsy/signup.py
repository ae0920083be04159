"""Checks of the form with which people sign up for a course."""


class SignupError(ValueError):
    """A form that cannot be accepted. ``problems`` says why, one text for each field."""

    def __init__(self, problems):
        ValueError.__init__(self, "; ".join(problems))
        self.problems = problems


def check_text(form, field, min, max, required, problems):
    if not field in form or form[field] is None:
        if required == True:
            problems.append(field + " is missing")
        return False
    else:
        if not isinstance(form[field], str):
            problems.append(field + " must be text")
            return False
        l = len(form[field].strip())
        if l == 0:
            if required == True:
                problems.append(field + " is missing")
            return False
        elif l < min:
            problems.append(field + " is too short")
            return False
        elif l > max:
            problems.append(field + " is too long")
            return False
        else:
            return True


def check_number(form, field, min, max, problems):
    if not field in form or form[field] is None or form[field] == "":
        problems.append(field + " is missing")
        return None
    elif isinstance(form[field], bool) or not isinstance(form[field], (int, str)):
        problems.append(field + " must be a whole number")
        return None
    else:
        try:
            number = int(form[field])
        except ValueError:
            problems.append(field + " must be a whole number")
            return None
        if number < min or number > max:
            problems.append(field + " must be " + str(min) + " to " + str(max))
            return None
        else:
            return number


def check_signup(form):
    """Return what is wrong with ``form``, in the order of the fields. An empty list: all is well."""
    problems = []
    check_text(form, "name", 2, 40, True, problems)
    if check_text(form, "email", 6, 60, True, problems) == True:
        parts = form["email"].strip().split("@")
        if len(parts) != 2:
            problems.append("email must have one @")
        elif parts[0] == "" or not "." in parts[1] or parts[1][0] == "." or parts[1][-1] == ".":
            problems.append("email is not complete")
    check_text(form, "city", 2, 30, False, problems)
    age = check_number(form, "age", 16, 120, problems)
    if age is not None:
        if age < 18:
            check_text(form, "guardian", 2, 80, True, problems)
    check_number(form, "seats", 1, 8, problems)
    if not "terms" in form or form["terms"] is not True:
        problems.append("terms must be accepted")
    unknown = []
    for k in form:
        if not k in ["name", "email", "city", "age", "guardian", "seats", "terms"]:
            unknown.append(k)
    unknown.sort()
    for k in unknown:
        problems.append("unknown field: " + k)
    return problems


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
