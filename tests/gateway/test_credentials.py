"""The real key goes upstream and nowhere else."""

import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import CredentialError
from assay.evidence.bodies import read_bodies
from assay.gateway.credentials import Mask, Secret, read_key
from assay.gateway.probe import probe_model
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import SSE, question, whole

MakeProvider = Callable[..., Provider]
KEY = "sk-real-7f3a9c0d1e5b4826"


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [("bearer", "Authorization", f"Bearer {KEY}"), ("x-api-key", "x-api-key", KEY), ("api-key", "api-key", KEY)],
)
async def test_dummy_key_in_real_key_out(
    auth: str, header: str, value: str, enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    dummies = {"x-api-key": "dummy", "Authorization": "Bearer dummy", "api-key": "dummy", "x-goog-api-key": "dummy"}
    made = {"auth": auth, "key_env": "SOME_KEY"}
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url, **made)) as inside:
        await inside.send(Dialect.CHAT, json.dumps(question(Dialect.CHAT, "small")).encode(), dummies)
    assert upstream.requests[0].header(header) == value
    assert "dummy" not in str(upstream.requests[0])


async def test_without_authentication_no_key_is_sent(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        await inside.send(
            Dialect.CHAT, json.dumps(question(Dialect.CHAT, "small")).encode(), {"Authorization": "Bearer dummy"}
        )
    assert upstream.requests[0].header("Authorization") is None


def leaky(received: Received) -> Reply:
    """A provider that puts the key into everything it says."""
    kind = received.data.get("user")
    words = f"bad key {received.header('Authorization')}"
    if kind == "error":
        return Reply(json.dumps({"error": {"message": words}}).encode(), 401)
    if kind == "stream":
        said = f"data: {json.dumps({'error': {'message': words}})}\n\n".encode()
        return Reply(tuple(said[at : at + 5] for at in range(0, len(said), 5)), headers=SSE)
    return whole(Dialect.CHAT, words)


async def test_the_key_is_in_nothing_that_is_written_said_or_shown(
    enter: Any,
    provider: MakeProvider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    made = {"auth": "bearer", "key_env": "SOME_KEY"}
    async with ScriptedUpstream(leaky) as upstream, enter(provider(upstream.url, **made)) as inside:
        said = [await inside.ask(Dialect.CHAT, user=kind) for kind in ("error", "stream", "plain")]
        probe = await probe_model(inside.gateway, inside.door.visitor.models["small"].provider, "small", Dialect.CHAT)
        totals = await inside.door.close()
        link = inside.gateway.link(inside.door.visitor.models["small"].provider)
        shown = [repr(link), str(link.secret), repr(inside.gateway.__dict__), repr(totals), repr(probe)]
        folder = inside.door.visitor.folder
        stored = [body.unpack() for body in read_bodies(folder)]
        written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(upstream.requests) == 4
    assert all(request.header("Authorization") == f"Bearer {KEY}" for request in upstream.requests)
    captured = capfd.readouterr()
    everything = [
        *shown,
        caplog.text,
        captured.out,
        captured.err,
        *map(str, said),
        *map(str, stored),
        *map(str, written),
    ]
    assert len(stored) == 6
    assert not [text for text in everything if KEY in text]


@given(st.integers(1, 30), st.integers(0, 5))
def test_a_key_cut_by_chunks_is_masked_and_nothing_else_is_lost(size: int, tail: int) -> None:
    said = b"s sk sk-real " + KEY.encode() + b" and " + KEY[: tail + 3].encode()
    mask = Mask(Secret(KEY))
    passed = b"".join(mask.feed(said[at : at + size]) for at in range(0, len(said), size)) + mask.flush()
    assert passed == said.replace(KEY.encode(), b"*" * len(KEY))


def test_a_secret_is_not_stored() -> None:
    secret = read_key(Provider("p", "http://x", (Dialect.CHAT,), key_env="K"), {"K": KEY})
    assert secret is not None
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(secret)


def test_keys_from_files_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    secret = read_key(Provider("p", "http://x", (Dialect.CHAT,), key_file=str(path), key_env="K"), {"K": "other"})
    assert secret is not None
    assert secret.reveal() == KEY, "a file that is named wins over the known variable"


@pytest.mark.parametrize(
    ("changes", "content", "says"),
    [
        ({"key_env": "K"}, None, "K is not set"),
        ({}, None, "names no place"),
        ({"key_file": "FILE"}, None, "No such file"),
        ({"key_file": "FILE"}, b"", "is empty"),
        ({"key_file": "FILE"}, f"{KEY}\nX-Evil: 1\n".encode(), "other characters"),
        ({"key_file": "FILE"}, f"{KEY} and more".encode(), "blanks"),
        ({"key_file": "FILE"}, KEY.encode() + b"\xff", "not plain ASCII"),
    ],
)
def test_an_unreadable_key_is_one_line_with_a_remedy(
    changes: dict[str, str], content: bytes | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    made = {name: str(path) if value == "FILE" else value for name, value in changes.items()}
    with pytest.raises(CredentialError) as caught:
        read_key(Provider("corp", "http://x", (Dialect.CHAT,), **made), {})  # type: ignore[arg-type]
    line = str(caught.value)
    assert says in line
    assert "'corp'" in line
    assert caught.value.remedy
    assert "\n" not in line
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_a_missing_key_is_told_when_the_door_is_opened(enter: Any, provider: MakeProvider) -> None:
    with pytest.raises(CredentialError, match="NO_SUCH_KEY is not set"):
        async with enter(provider("http://127.0.0.1:9", auth="bearer", key_env="NO_SUCH_KEY")):
            pass
