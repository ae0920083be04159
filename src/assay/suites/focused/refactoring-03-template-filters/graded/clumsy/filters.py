"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position, message):
        ValueError.__init__(self, "filter " + str(position) + ": " + message)
        self.position = position


def kind(value):
    """Return what a value is called in messages."""
    if isinstance(value, str):
        return "text"
    elif isinstance(value, (list, tuple)):
        return "list"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    else:
        return type(value).__name__


def no_args(name, args):
    if len(args) != 0:
        return name + " takes no argument"
    else:
        return None


def cut_args(name, args):
    if len(args) != 1:
        return name + " takes 1 argument"
    elif not args[0].strip().isdecimal() or int(args[0]) == 0:
        return name + ": size must be a whole number above 0"
    else:
        return None


def pad_args(name, args):
    if len(args) != 1 and len(args) != 2:
        return name + " takes 1 or 2 arguments"
    elif not args[0].strip().isdecimal() or int(args[0]) == 0:
        return name + ": width must be a whole number above 0"
    elif len(args) == 2 and len(args[1]) != 1:
        return name + ": fill must be one character"
    else:
        return None


def replace_args(name, args):
    if len(args) != 2:
        return name + " takes 2 arguments"
    elif args[0] == "":
        return name + ": old must not be empty"
    else:
        return None


def default_args(name, args):
    if len(args) != 1:
        return name + " takes 1 argument"
    else:
        return None


def join_args(name, args):
    if len(args) > 1:
        return name + " takes at most 1 argument"
    else:
        return None


def round_args(name, args):
    if len(args) > 1:
        return name + " takes at most 1 argument"
    elif len(args) == 1 and not args[0].strip().isdecimal():
        return name + ": digits must be a whole number"
    else:
        return None


def needs(value, kinds, name, pos):
    if not kind(value) in kinds:
        raise FilterError(pos, name + " needs " + " or ".join(kinds) + ", not " + kind(value))


def text_filter(method):
    def f(value, args, name, pos):
        if value is None:
            return None
        else:
            needs(value, ["text"], name, pos)
            return method(value)

    return f


def reverse(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["text", "list"], name, pos)
        if kind(value) == "text":
            return value[::-1]
        else:
            return list(value)[::-1]


def cut(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["text"], name, pos)
        if len(value) > int(args[0]):
            return value[: int(args[0]) - 1].rstrip() + "~"
        else:
            return value


def pad(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["text"], name, pos)
        if len(args) == 2:
            return value.ljust(int(args[0]), args[1])
        else:
            return value.ljust(int(args[0]), " ")


def replace(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["text"], name, pos)
        return value.replace(args[0], args[1])


def default(value, args, name, pos):
    if value is None or value == "" or value == [] or value == ():
        return args[0]
    else:
        return value


def join(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["list"], name, pos)
        l = []
        for x in value:
            if x is not None:
                l.append(str(x))
        if len(args) == 1:
            return args[0].join(l)
        else:
            return " ".join(l)


def size(value, args, name, pos):
    if value is None:
        return 0
    else:
        needs(value, ["text", "list"], name, pos)
        return len(value)


def round_(value, args, name, pos):
    if value is None:
        return None
    else:
        needs(value, ["number"], name, pos)
        if len(args) == 0 or int(args[0]) == 0:
            return round(value)
        else:
            return round(value, int(args[0]))


FILTERS = {
    "trim": [text_filter(lambda s: s.strip()), no_args, ""],
    "upper": [text_filter(lambda s: s.upper()), no_args, ""],
    "lower": [text_filter(lambda s: s.lower()), no_args, ""],
    "reverse": [reverse, no_args, ""],
    "cut": [cut, cut_args, ":size"],
    "pad": [pad, pad_args, ":width[,fill]"],
    "replace": [replace, replace_args, ":old,new"],
    "default": [default, default_args, ":text"],
    "join": [join, join_args, "[:separator]"],
    "size": [size, no_args, ""],
    "round": [round_, round_args, "[:digits]"],
}


def apply(value, chain):
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``.

    None is handed on by all filters that have no other use for it.
    """
    if chain.strip() == "":
        return value
    pos = 0
    for part in chain.split("|"):
        pos = pos + 1
        if ":" in part:
            name = part[: part.index(":")].strip()
            args = part[part.index(":") + 1 :].split(",")
        else:
            name = part.strip()
            args = []
        if not name in FILTERS:
            raise FilterError(pos, "unknown filter: " + name)
        else:
            problem = FILTERS[name][1](name, args)
            if problem != None:
                raise FilterError(pos, problem)
            value = FILTERS[name][0](value, args, name, pos)
    return value


def check(chain):
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    if chain.strip() == "":
        return problems
    pos = 0
    for part in chain.split("|"):
        pos = pos + 1
        if ":" in part:
            name = part[: part.index(":")].strip()
            args = part[part.index(":") + 1 :].split(",")
        else:
            name = part.strip()
            args = []
        if not name in FILTERS:
            problems.append("filter " + str(pos) + ": unknown filter: " + name)
        else:
            problem = FILTERS[name][1](name, args)
            if problem != None:
                problems.append("filter " + str(pos) + ": " + problem)
    return problems


def usage():
    """Return how each filter is written; what is in brackets may be left out."""
    lines = []
    for name in FILTERS.keys():
        lines.append(name + FILTERS[name][2])
    return lines
