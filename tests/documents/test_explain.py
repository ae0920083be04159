from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from assay.documents.base import Kind, parse_document
from assay.documents.explain import explain
from assay.documents.schema import Strict, keys_at
from assay.errors import InputError, TaskError


class Inner(Strict):
    size: Annotated[int, Field(ge=1)]
    mode: Literal["fast", "slow"] = "fast"


class Outer(Strict):
    name: str = Field(pattern="^[a-z]+$")
    rows: list[Inner] = Field(default_factory=list)
    named: Mapping[str, Annotated[Inner, Field()]] = {}
    one: Inner | None = None


@dataclass(frozen=True)
class Line:
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    count: int
    unit: ClassVar[str] = "m"


KIND = Kind("a task file", TaskError, examples={"name": "name: first"}, patterns={"name": "small letters"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\nrows:\n  - {size: 1}\n  - {siz: 1}", "f:4: unknown key 'siz' in 'rows[2]'. Did you mean 'size'?"),
        ("name: x\nnamed:\n  size:\n    qq: 1", "f:4: unknown key 'qq' in 'named.size'. Valid: mode, size"),
        ("name: x\none: {size: 1, moode: fast}", "f:2: unknown key 'moode' in 'one'. Did you mean 'mode'?"),
        ("name: x\none: {size: 0, mode: slo}", "f:2: 'one.size' must be at least 1, not 0 (1 more after this one)"),
        ("name: x\none: {size: 1, mode: slo}", "f:2: 'one.mode' cannot be the text 'slo'. Did you mean 'slow'?"),
        ("name: X", "f:1: 'name' may hold small letters, not the text 'X'"),
        ("rows: []", "f:1: 'name' is missing. For example: name: first"),
        ("name: x\nnamed: {a: 1}", "f:2: 'named.a' must be a mapping of keys to values, not 1"),
        ("rows: x\nnaame: x", "f:2: unknown key 'naame' (1 more after this one). Did you mean 'name'?"),
    ],
)
def test_the_first_problem_is_one_line_in_the_callers_error(text: str, message: str) -> None:
    document = parse_document(text, Path("f"), KIND)
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(document.data)
    told = explain(caught.value, Outer, KIND, document)
    assert isinstance(told, TaskError)
    assert str(told) == message


def test_without_a_file_there_is_no_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({})
    assert explain(caught.value, Outer, KIND).where is None


def test_dataclasses_are_schemas_too() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Line).validate_json('{"cuont": 1}')
    assert str(explain(caught.value, Line, Kind("a file", InputError))) == "unknown key 'cuont'. Did you mean 'count'?"


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), ("name", "rows", "named", "one")),
        (("rows", 3), ("size", "mode")),
        (("named", "rows"), ("size", "mode")),
        (("named",), ()),
        (("one", "size"), ()),
        (("nowhere", 1, "x"), ()),
    ],
)
def test_keys_are_known_at_every_depth(path: Any, keys: tuple[str, ...]) -> None:
    assert keys_at(Outer, path) == keys
