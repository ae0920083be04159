"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position, message):
        super().__init__(f"filter {position}: {message}")
        self.position = position


def kind(value):
    """Return what a value is called in messages."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple)):
        return "list"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


# What the filters do. All are called with the value and the texts of the arguments.


def trim(value, args):
    return value.strip()


def upper(value, args):
    return value.upper()


def lower(value, args):
    return value.lower()


def reverse(value, args):
    if isinstance(value, str):
        return value[::-1]
    return list(value)[::-1]


def cut(value, args):
    size = int(args[0])
    if len(value) <= size:
        return value
    return value[: size - 1].rstrip() + "~"


def pad(value, args):
    fill = args[1] if len(args) == 2 else " "
    return value.ljust(int(args[0]), fill)


def replace(value, args):
    return value.replace(args[0], args[1])


def default(value, args):
    if value is None or value in ("", [], ()):
        return args[0]
    return value


def join(value, args):
    separator = args[0] if args else " "
    return separator.join(str(item) for item in value if item is not None)


def size(value, args):
    if value is None:
        return 0
    return len(value)


def round_number(value, args):
    digits = int(args[0]) if args else 0
    if digits == 0:
        return round(value)
    return round(value, digits)


# What is wrong with the arguments of a filter; None if nothing is.


def check_nothing(args):
    return None


def is_above_zero(text):
    return text.strip().isdecimal() and int(text) > 0


def check_cut(args):
    if not is_above_zero(args[0]):
        return "size must be a whole number above 0"
    return None


def check_pad(args):
    if not is_above_zero(args[0]):
        return "width must be a whole number above 0"
    if len(args) == 2 and len(args[1]) != 1:
        return "fill must be one character"
    return None


def check_replace(args):
    if args[0] == "":
        return "old must not be empty"
    return None


def check_round(args):
    if args and not args[0].strip().isdecimal():
        return "digits must be a whole number"
    return None


NO_ARGUMENT = ("no argument", 0, 0)
ONE_ARGUMENT = ("1 argument", 1, 1)
ONE_OR_TWO_ARGUMENTS = ("1 or 2 arguments", 1, 2)
TWO_ARGUMENTS = ("2 arguments", 2, 2)
AT_MOST_ONE_ARGUMENT = ("at most 1 argument", 0, 1)

# name: (function, kinds of values, handles None, number of arguments, check of arguments, usage)
FILTERS = {
    "trim": (trim, ["text"], False, NO_ARGUMENT, check_nothing, ""),
    "upper": (upper, ["text"], False, NO_ARGUMENT, check_nothing, ""),
    "lower": (lower, ["text"], False, NO_ARGUMENT, check_nothing, ""),
    "reverse": (reverse, ["text", "list"], False, NO_ARGUMENT, check_nothing, ""),
    "cut": (cut, ["text"], False, ONE_ARGUMENT, check_cut, ":size"),
    "pad": (pad, ["text"], False, ONE_OR_TWO_ARGUMENTS, check_pad, ":width[,fill]"),
    "replace": (replace, ["text"], False, TWO_ARGUMENTS, check_replace, ":old,new"),
    "default": (default, None, True, ONE_ARGUMENT, check_nothing, ":text"),
    "join": (join, ["list"], False, AT_MOST_ONE_ARGUMENT, check_nothing, "[:separator]"),
    "size": (size, ["text", "list"], True, NO_ARGUMENT, check_nothing, ""),
    "round": (round_number, ["number"], False, AT_MOST_ONE_ARGUMENT, check_round, "[:digits]"),
}


def split_chain(chain):
    """Return position, name and arguments of each filter in a chain."""
    if chain.strip() == "":
        return []
    steps = []
    for position, part in enumerate(chain.split("|"), start=1):
        if ":" in part:
            name, rest = part.split(":", 1)
            args = rest.split(",")
        else:
            name = part
            args = []
        steps.append((position, name.strip(), args))
    return steps


def find_problem(name, args):
    """Return what is wrong with a filter and its arguments, or None."""
    if name not in FILTERS:
        return f"unknown filter: {name}"
    _, _, _, (words, least, most), check_arguments, _ = FILTERS[name]
    if len(args) < least or len(args) > most:
        return f"{name} takes {words}"
    problem = check_arguments(args)
    if problem is not None:
        return f"{name}: {problem}"
    return None


def apply(value, chain):
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``.

    None is handed on by all filters that have no other use for it.
    """
    for position, name, args in split_chain(chain):
        problem = find_problem(name, args)
        if problem is not None:
            raise FilterError(position, problem)
        function, kinds, handles_none, _, _, _ = FILTERS[name]
        if value is None:
            if handles_none:
                value = function(value, args)
            continue
        if kinds is not None and kind(value) not in kinds:
            raise FilterError(position, f"{name} needs {' or '.join(kinds)}, not {kind(value)}")
        value = function(value, args)
    return value


def check(chain):
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    for position, name, args in split_chain(chain):
        problem = find_problem(name, args)
        if problem is not None:
            problems.append(f"filter {position}: {problem}")
    return problems


def usage():
    """Return how each filter is written; what is in brackets may be left out."""
    return [name + entry[5] for name, entry in FILTERS.items()]
