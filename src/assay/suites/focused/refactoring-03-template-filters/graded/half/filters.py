"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position, message):
        super().__init__(f"filter {position}: {message}")
        self.position = position


def _whole(name, label, text, least=1):
    if not text.strip().isdecimal() or int(text) < least:
        raise ValueError(f"{name}: {label} must be a whole number" + (" above 0" if least else ""))
    return int(text)


def _reverse(value):
    return value[::-1]


def _cut(value, size):
    size = _whole("cut", "size", size)
    return value if len(value) <= size else value[: size - 1].rstrip() + "~"


def _pad(value, width, fill=" "):
    width = _whole("pad", "width", width)
    if len(fill) != 1:
        raise ValueError("pad: fill must be one character")
    return value.ljust(width, fill)


def _replace(value, old, new):
    if not old:
        raise ValueError("replace: old must not be empty")
    return value.replace(old, new)


def _default(value, text):
    return value or text


def _join(value, separator=" "):
    return separator.join(str(item) for item in value if item is not None)


def _round(value, digits="0"):
    return round(value, _whole("round", "digits", digits, 0) or None)


# function, kind of the value, least and most arguments, usage
FILTERS = {
    "trim": (str.strip, "text", 0, 0, "trim"),
    "upper": (str.upper, "text", 0, 0, "upper"),
    "lower": (str.lower, "text", 0, 0, "lower"),
    "reverse": (_reverse, "text or list", 0, 0, "reverse"),
    "cut": (_cut, "text", 1, 1, "cut:size"),
    "pad": (_pad, "text", 1, 2, "pad:width[,fill]"),
    "replace": (_replace, "text", 2, 2, "replace:old,new"),
    "default": (_default, None, 1, 1, "default:text"),
    "join": (_join, "list", 0, 1, "join[:separator]"),
    "size": (len, "text or list", 0, 0, "size"),
    "round": (_round, "number", 0, 1, "round[:digits]"),
}
COUNTS = {
    (0, 0): "no argument",
    (1, 1): "1 argument",
    (1, 2): "1 or 2 arguments",
    (2, 2): "2 arguments",
    (0, 1): "at most 1 argument",
}
KINDS = {str: "text", list: "list", tuple: "list", int: "number", float: "number"}


def apply(value, chain):
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``.

    None is handed on by all filters that have no other use for it.
    """
    for position, name, arguments in _parse(chain):
        function, kinds, *_ = _find(position, name, arguments)
        if value is None and kinds:
            continue
        kind = KINDS.get(type(value), type(value).__name__)
        if kinds and kind not in kinds.split(" or "):
            raise FilterError(position, f"{name} needs {kinds}, not {kind}")
        try:
            value = function(value, *arguments)
        except ValueError as error:
            raise FilterError(position, str(error)) from None
    return value


def check(chain):
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    for position, name, arguments in _parse(chain):
        try:
            _find(position, name, arguments)
        except FilterError as error:
            problems.append(str(error))
    return problems


def usage():
    """Return how each filter is written; what is in brackets may be left out."""
    return [entry[4] for entry in FILTERS.values()]


def _find(position, name, arguments):
    if name not in FILTERS:
        raise FilterError(position, f"unknown filter: {name}")
    entry = FILTERS[name]
    if not entry[2] <= len(arguments) <= entry[3]:
        raise FilterError(position, f"{name} takes {COUNTS[entry[2], entry[3]]}")
    return entry


def _parse(chain):
    for position, part in enumerate(chain.split("|"), start=1):
        if part.strip():
            name, colon, arguments = part.partition(":")
            yield position, name.strip(), arguments.split(",") if colon else []
