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
        if name == "trim" or name == "upper" or name == "lower":
            if len(args) != 0:
                raise FilterError(pos, name + " takes no argument")
            if value is not None:
                if kind(value) != "text":
                    raise FilterError(pos, name + " needs text, not " + kind(value))
                if name == "trim":
                    value = value.strip()
                elif name == "upper":
                    value = value.upper()
                else:
                    value = value.lower()
        elif name == "reverse":
            if len(args) != 0:
                raise FilterError(pos, "reverse takes no argument")
            if value is not None:
                if kind(value) == "text":
                    value = value[::-1]
                elif kind(value) == "list":
                    value = list(value)[::-1]
                else:
                    raise FilterError(pos, "reverse needs text or list, not " + kind(value))
        elif name == "cut":
            if len(args) != 1:
                raise FilterError(pos, "cut takes 1 argument")
            if not args[0].strip().isdecimal() or int(args[0]) == 0:
                raise FilterError(pos, "cut: size must be a whole number above 0")
            if value is not None:
                if kind(value) != "text":
                    raise FilterError(pos, "cut needs text, not " + kind(value))
                if len(value) > int(args[0]):
                    value = value[: int(args[0]) - 1].rstrip() + "~"
        elif name == "pad":
            if len(args) != 1 and len(args) != 2:
                raise FilterError(pos, "pad takes 1 or 2 arguments")
            if not args[0].strip().isdecimal() or int(args[0]) == 0:
                raise FilterError(pos, "pad: width must be a whole number above 0")
            if len(args) == 2 and len(args[1]) != 1:
                raise FilterError(pos, "pad: fill must be one character")
            if value is not None:
                if kind(value) != "text":
                    raise FilterError(pos, "pad needs text, not " + kind(value))
                value = value.ljust(int(args[0]), args[1] if len(args) == 2 else " ")
        elif name == "replace":
            if len(args) != 2:
                raise FilterError(pos, "replace takes 2 arguments")
            if args[0] == "":
                raise FilterError(pos, "replace: old must not be empty")
            if value is not None:
                if kind(value) != "text":
                    raise FilterError(pos, "replace needs text, not " + kind(value))
                value = value.replace(args[0], args[1])
        elif name == "default":
            if len(args) != 1:
                raise FilterError(pos, "default takes 1 argument")
            if value is None or value == "" or value == [] or value == ():
                value = args[0]
        elif name == "join":
            if len(args) > 1:
                raise FilterError(pos, "join takes at most 1 argument")
            if value is not None:
                if kind(value) != "list":
                    raise FilterError(pos, "join needs list, not " + kind(value))
                l = []
                for x in value:
                    if x is not None:
                        l.append(str(x))
                value = (args[0] if len(args) == 1 else " ").join(l)
        elif name == "size":
            if len(args) != 0:
                raise FilterError(pos, "size takes no argument")
            if value is None:
                value = 0
            else:
                if kind(value) != "text" and kind(value) != "list":
                    raise FilterError(pos, "size needs text or list, not " + kind(value))
                value = len(value)
        elif name == "round":
            if len(args) > 1:
                raise FilterError(pos, "round takes at most 1 argument")
            if len(args) == 1 and not args[0].strip().isdecimal():
                raise FilterError(pos, "round: digits must be a whole number")
            if value is not None:
                if kind(value) != "number":
                    raise FilterError(pos, "round needs number, not " + kind(value))
                if len(args) == 0 or int(args[0]) == 0:
                    value = round(value)
                else:
                    value = round(value, int(args[0]))
        else:
            raise FilterError(pos, "unknown filter: " + name)
    return value


def check(chain):
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    if chain.strip() == "":
        return problems
    pos = 0
    for part in chain.split("|"):
        pos = pos + 1
        name = part.split(":")[0].strip()
        args = part[part.index(":") + 1 :].split(",") if ":" in part else []
        if name in ["trim", "upper", "lower", "reverse", "size"]:
            if len(args) != 0:
                problems.append("filter %d: %s takes no argument" % (pos, name))
        elif name == "cut" or name == "default":
            if len(args) != 1:
                problems.append("filter %d: %s takes 1 argument" % (pos, name))
            elif name == "cut" and (not args[0].strip().isdecimal() or int(args[0]) == 0):
                problems.append("filter %d: cut: size must be a whole number above 0" % pos)
        elif name == "pad":
            if len(args) not in (1, 2):
                problems.append("filter %d: pad takes 1 or 2 arguments" % pos)
            elif not args[0].strip().isdecimal() or int(args[0]) == 0:
                problems.append("filter %d: pad: width must be a whole number above 0" % pos)
            elif len(args) == 2 and len(args[1]) != 1:
                problems.append("filter %d: pad: fill must be one character" % pos)
        elif name == "replace":
            if len(args) != 2:
                problems.append("filter %d: replace takes 2 arguments" % pos)
            elif args[0] == "":
                problems.append("filter %d: replace: old must not be empty" % pos)
        elif name == "join" or name == "round":
            if len(args) > 1:
                problems.append("filter %d: %s takes at most 1 argument" % (pos, name))
            elif name == "round" and len(args) == 1 and not args[0].strip().isdecimal():
                problems.append("filter %d: round: digits must be a whole number" % pos)
        else:
            problems.append("filter %d: unknown filter: %s" % (pos, name))
    return problems


def usage():
    """Return how each filter is written; what is in brackets may be left out."""
    lines = []
    for name in ["trim", "upper", "lower", "reverse", "cut", "pad", "replace", "default", "join", "size", "round"]:
        if name == "cut":
            lines.append(name + ":size")
        elif name == "pad":
            lines.append(name + ":width[,fill]")
        elif name == "replace":
            lines.append(name + ":old,new")
        elif name == "default":
            lines.append(name + ":text")
        elif name == "join":
            lines.append(name + "[:separator]")
        elif name == "round":
            lines.append(name + "[:digits]")
        else:
            lines.append(name)
    return lines
