"""What a file may say: strict schemas (pydantic models or dataclasses), and which keys they allow where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict

from assay.documents.base import KeyPath


class Strict(BaseModel):
    """Base of file schemas: unknown keys are errors, and nothing is converted (``"60"`` is not 60)."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def keys_at(schema: Any, path: KeyPath) -> tuple[str, ...]:
    """Return the keys that ``schema`` allows in the mapping at ``path``; empty where they are free."""
    for part in path:
        schema = _inside(_bare(schema), part)
    return tuple(_fields(_bare(schema)) or ())


def _inside(schema: Any, part: str | int) -> Any:
    keys = _fields(schema)
    if keys is not None:
        return keys.get(str(part))
    values = [kind for kind in get_args(schema) if kind is not Ellipsis]
    return values[-1] if values else None


def _bare(annotation: Any) -> Any:
    """``X`` of ``Annotated[X, ...]`` and of ``X | None``."""
    while get_origin(annotation) in {Annotated, Union, UnionType}:
        annotation = next(kind for kind in get_args(annotation) if kind is not NoneType)
    return annotation


def _fields(schema: Any) -> Mapping[str, Any] | None:
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return {name: field.annotation for name, field in schema.model_fields.items()}
    if not is_dataclass(schema):
        return None
    kinds = get_type_hints(schema)
    return {field.name: kinds[field.name] for field in fields(schema)}
