"""Shapes that an experiment file may write in more than one way, brought to one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from assay.documents.schema import Strict
from assay.names import same_but_for_number

_UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


class Model(Strict):
    """Strict, but singular/plural slips of a key are understood."""

    @model_validator(mode="before")
    @classmethod
    def _understand_slips(cls, data: Any) -> Any:
        """Give a key its proper number; what is unknown even so is left to be refused."""
        if not isinstance(data, Mapping):
            return data
        clean = dict[str, Any]()
        for key, value in data.items():
            near = (name for name in cls.model_fields if same_but_for_number(name, key))
            proper = key if key in cls.model_fields else next(near, key)
            if proper in clean:
                raise PydanticCustomError("key_twice", "'{key}' is written in singular and plural", {"key": proper})
            clean[proper] = value
        return clean


def as_tuple(value: Any) -> Any:
    """One thing or a list of things -> a tuple."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        return (value,)
    for index, item in enumerate(value):
        if isinstance(item, (str, int, float)) and item in value[:index]:
            raise PydanticCustomError("names", "lists '{twice}' twice", {"twice": str(item)})
    return tuple(value)


def as_names(value: Any) -> Any:
    """``a``, ``[a, b]`` or ``{name: a}`` -> ``{name: a}``; unnamed entries are named after themselves."""
    if isinstance(value, str):
        return {value: value}
    if not isinstance(value, (list, tuple)):
        return value
    for item in value:
        if not isinstance(item, str):
            raise PydanticCustomError("names", "must list model ids as text; write a mapping to name them")
    if len(set(value)) < len(value):
        twice = next(item for item in value if list(value).count(item) > 1)
        raise PydanticCustomError("names", "lists '{twice}' twice", {"twice": twice})
    return {item: item for item in value}


def as_mounts(value: Any) -> Any:
    """``[{host, inside}]`` is one value of a factor: a list of folders is not a list of alternatives."""
    if not isinstance(value, (list, tuple)):
        return value
    if value and all(isinstance(item, Mapping) for item in value):
        return (tuple(value),)
    return tuple(tuple(item) if isinstance(item, (list, tuple)) else item for item in value)


def as_lists(value: Any) -> Any:
    """``a`` or ``[a, b]`` is one value of a factor, ``[[a, b], [c]]`` are two."""
    if isinstance(value, str):
        return ((value,),)
    if not isinstance(value, (list, tuple)):
        return value
    if value and all(isinstance(item, str) for item in value):
        return (as_tuple(value),)
    return tuple(as_tuple(item) for item in value)


def as_bytes(value: Any) -> Any:
    """``2GB``, ``512 MB`` or a whole number of bytes -> bytes."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B?", value.strip(), re.IGNORECASE)
    if not match:
        raise PydanticCustomError("size", "must be a size such as 512MB or 2GB, not '{value}'", {"value": value})
    return int(float(match[1]) * _UNITS[match[2].upper() + "B"])


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | list[str])]
Names = Annotated[
    Mapping[str, str], BeforeValidator(as_names, json_schema_input_type=str | list[str] | Mapping[str, str])
]
Bytes = Annotated[int, BeforeValidator(as_bytes, json_schema_input_type=str | int)]
