"""Requests are read once and changed least."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.gateway.requests import BadRequestError, read_request, upstream_body, wants_usage
from assay.records import Dialect

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(
    members=st.dictionaries(st.text(max_size=8), json_values, max_size=6),
    model=st.text(min_size=1),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
)
def test_reading_agrees_with_json_and_rewriting_changes_the_model_alone(
    members: dict[str, Any], model: str, indent: int | None, ascii_only: bool
) -> None:
    data = {**members, "model": model}
    try:
        body = json.dumps(data, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    view = read_request(body)
    assert {name: member.value for name, member in view.members.items()} == data
    assert upstream_body(view, body, model, ask_usage=False) == (body, False)
    changed, _ = upstream_body(view, body, "another-model", ask_usage=False)
    assert json.loads(changed) == {**data, "model": "another-model"}
    assert len(changed) - len(body) == len(b'"another-model"') - len(
        json.dumps(model, ensure_ascii=ascii_only).encode()
    )


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_obfuscation": True}])
def test_usage_is_asked_for_beside_a_new_model(options: Any) -> None:
    body = json.dumps({"stream": True, "stream_options": options, "model": "a", "messages": []}).encode()
    view = read_request(body)
    assert wants_usage(Dialect.CHAT, view)
    sent, injected = upstream_body(view, body, "longer-name", ask_usage=True)
    assert injected
    data = json.loads(sent)
    assert data["model"] == "longer-name"
    assert data["stream_options"] == {**(options or {}), "include_usage": True}


def test_usage_is_not_asked_for_where_it_comes_anyway_or_cannot() -> None:
    def view(**more: Any) -> Any:
        return read_request(json.dumps({"model": "a", **more}).encode())

    assert not wants_usage(Dialect.CHAT, view())
    assert not wants_usage(Dialect.CHAT, view(stream=True, stream_options={"include_usage": True}))
    assert not wants_usage(Dialect.MESSAGES, view(stream=True))
    assert not wants_usage(Dialect.RESPONSES, view(stream=True))
    body = b'{"model":"a","stream":true,"stream_options":"nonsense"}'
    assert upstream_body(read_request(body), body, "a", ask_usage=True) == (body, False)


def test_a_model_that_is_not_a_string_is_no_model() -> None:
    with pytest.raises(BadRequestError, match="names no model"):
        read_request(b'{"model": 7}')
