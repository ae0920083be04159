"""Writes TOML: tables, arrays, strings, numbers, truth values. What has no place in TOML is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from assay.identity import Json

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def toml(table: Mapping[str, Json]) -> str:
    """Return a document; tables nest to any depth, those within arrays are written inline."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Json], path: tuple[str, ...]) -> list[str]:
    """Plain values come before sub-tables, as TOML wants it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping) and value is not None}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    head = [f"[{'.'.join(map(_key, path))}]"] if path and (plain or not nested) else []
    lines = [*head, *(f"{_key(key)} = {_value(value)}" for key, value in plain.items())]
    for key, value in nested.items():
        lines += _lines(value, (*path, key))
    return lines


def _key(key: str) -> str:
    return key if _BARE.match(key) else _text(key)


def _value(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(each) for each in value if each is not None) + "]"
    return repr(value)


def _text(text: str) -> str:
    """TOML's basic strings escape as JSON does, but for characters beyond 16 bits, and DEL."""
    quoted = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return quoted.replace("\x7f", "\\u007f")
