"""From plain data back to the records that it was made of: ``Record.to_json`` and JSON undone, by type. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

_Made = TypeVar("_Made")
Decode: TypeAlias = Callable[[Any], Any]


def from_plain(kind: type[_Made], data: object) -> _Made:
    """Build a record, its nested records, enumerations and tuples included, from what ``to_json`` gave.

    Raises ``TypeError`` for missing or unknown fields, ``ValueError`` or ``AttributeError`` for unfit values.
    """
    wanted: Any = kind
    made: _Made = _decoder(wanted)(data)
    return made


@cache
def _decoder(kind: Any) -> Decode:
    """Return what turns plain data into one type; made once a type, as an attempt has thousands of values."""
    origin, of = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _optional(of)
    if origin is tuple:
        item = _decoder(of[0])
        return lambda data: tuple(item(one) for one in data)
    if origin is not None and issubclass(origin, Mapping):
        value = _decoder(of[1])
        return lambda data: {key: value(one) for key, one in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else _as_it_is


def _optional(of: tuple[Any, ...]) -> Decode:
    """Decode ``X | None``; a wider union (``Json``) is of plain data."""
    kinds = [one for one in of if one is not NoneType]
    if len(kinds) > 1 or (decode := _decoder(kinds[0])) is _as_it_is:
        return _as_it_is
    return lambda data: None if data is None else decode(data)


def _record(kind: type) -> Decode:
    hints = get_type_hints(kind)
    known = ((one.name, _decoder(hints[one.name])) for one in fields(kind))
    changed = [(name, decode) for name, decode in known if decode is not _as_it_is]

    def decode(data: Any) -> Any:
        return kind(**{**data, **{name: of(data[name]) for name, of in changed if name in data}})

    return decode


def _as_it_is(data: Any) -> Any:
    return data
