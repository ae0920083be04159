"""Clouds: the address, body and signature that each documents, seen by a scripted upstream."""

import json
from pathlib import Path
from typing import Any

import pytest

from assay.errors import CredentialError
from assay.gateway import extras
from assay.gateway.extras import extra
from assay.gateway.signing import signer_for
from assay.providers import CLOUDS, Provider
from assay.records import Dialect
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import streamed, whole

botocore_auth = pytest.importorskip("botocore.auth")
botocore_request = pytest.importorskip("botocore.awsrequest")
botocore_credentials = pytest.importorskip("botocore.credentials")
pytest.importorskip("google.auth.transport.requests")
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

ACCESS, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session-token-5e1f"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"ACCESS_KEY_ID": ACCESS, "SECRET_ACCESS_KEY": SECRET, "SESSION_TOKEN": TOKEN}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def cloud(kind: str, url: str, **changes: Any) -> dict[str, Any]:
    known = CLOUDS[kind]
    return {"kind": kind, "auth": known.auth, "dialects": known.dialects, "name": kind, "base_url": url, **changes}


def made(kind: str, url: str, **changes: Any) -> Provider:
    return Provider(**cloud(kind, url, **{"prices": {"*": {"input": 1.0, "output": 5.0}}, **changes}))


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        (Dialect.MESSAGES, "/anthropic/v1/messages"),
        (Dialect.CHAT, "/openai/v1/chat/completions"),
        (Dialect.RESPONSES, "/openai/v1/responses"),
    ],
)
async def test_bedrock_is_signed_as_botocore_signs(dialect: Dialect, path: str, aws: None, enter: Any) -> None:
    async with ScriptedUpstream(whole(dialect)) as upstream:
        provider = made("bedrock", upstream.url, options={"region": "eu-west-1"})
        async with enter(provider, model="anthropic.claude-x") as inside:
            status, _ = await inside.ask(dialect)
    assert status == 200
    received = upstream.requests[0]
    assert received.target == path
    assert received.header("X-Amz-Security-Token") == TOKEN
    given = received.header("Authorization") or ""
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    again = botocore_request.AWSRequest("POST", upstream.url + path, data=received.body)
    for name in names:
        if name not in {"host", "x-amz-date", "x-amz-security-token"}:
            again.headers[name] = received.header(name)
    signer = botocore_auth.SigV4Auth(botocore_credentials.Credentials(ACCESS, SECRET, TOKEN), "bedrock", "eu-west-1")
    again.context["timestamp"] = received.header("X-Amz-Date")
    again.headers["X-Amz-Date"] = received.header("X-Amz-Date")
    again.headers["X-Amz-Security-Token"] = TOKEN
    signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert given.endswith(f"Signature={signature}")
    assert f"{ACCESS}/" in given
    assert "/eu-west-1/bedrock/aws4_request" in given
    assert SECRET not in str(received)


async def test_a_bedrock_key_travels_as_bearer(enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDROCK_KEY", "bedrock-api-key-1")
    async with ScriptedUpstream(whole(Dialect.MESSAGES)) as upstream:
        options = {"region": "eu-west-1"}
        provider = made("bedrock", upstream.url, auth="bearer", key_env="BEDROCK_KEY", options=options)
        async with enter(provider) as inside:
            await inside.ask(Dialect.MESSAGES)
    assert upstream.requests[0].target == "/anthropic/v1/messages"
    assert upstream.requests[0].header("Authorization") == "Bearer bedrock-api-key-1"


def google_account(folder: Path, url: str) -> Path:
    """A service account whose tokens come from our own server."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {
        "type": "service_account",
        "client_email": "tester@example.iam.gserviceaccount.com",
        "private_key": pem,
        "private_key_id": "k1",
        "project_id": "p-1",
        "token_uri": f"{url}/token",
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return path


def vertex_answers(received: Received) -> Reply:
    if received.target == "/token":
        return Reply(json.dumps({"access_token": "ya29.short-lived", "expires_in": 3600}).encode())
    if received.target.endswith(":streamRawPredict"):
        return streamed(Dialect.MESSAGES)
    return whole(Dialect.MESSAGES if "anthropic" in received.target else Dialect.CHAT, "ya29.short-lived")


async def test_vertex_renews_its_token_and_puts_the_model_into_the_address(
    enter: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedUpstream(vertex_answers) as upstream:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google_account(tmp_path, upstream.url)))
        provider = made("vertex", upstream.url, options={"project": "p-1", "region": "us-east5"})
        async with enter(provider, model="claude-x@20250929") as inside:
            _, plain = await inside.ask(Dialect.MESSAGES)
            await inside.ask(Dialect.MESSAGES, stream=True)
            await inside.ask(Dialect.CHAT, model="small")
            totals = await inside.door.close()
    targets = [one.target for one in upstream.requests]
    base = "/v1/projects/p-1/locations/us-east5"
    assert targets == [
        "/token",
        f"{base}/publishers/anthropic/models/claude-x@20250929:rawPredict",
        f"{base}/publishers/anthropic/models/claude-x@20250929:streamRawPredict",
        f"{base}/endpoints/openapi/chat/completions",
    ]
    asked = upstream.requests[1].data
    assert "model" not in asked
    assert asked["anthropic_version"] == "vertex-2023-10-16"
    assert upstream.requests[3].data["model"] == "google/claude-x@20250929"
    assert {one.header("Authorization") for one in upstream.requests[1:]} == {"Bearer ya29.short-lived"}
    assert b"ya29.short-lived" not in plain, "a token that is echoed is blotted out"
    assert totals.tokens.output == 120


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({"resource": "ours"}, "/openai/v1/chat/completions"),
        (
            {"resource": "ours", "api_version": "2024-10-21"},
            "/openai/v1/deployments/our-gpt/chat/completions?api-version=2024-10-21",
        ),
    ],
)
async def test_azure_by_key(options: dict[str, str], target: str, enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_KEY", "azure-key-1")
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream:
        provider = made("azure", f"{upstream.url}/openai/v1", key_env="AZURE_KEY", options=options)
        async with enter(provider, model="our-gpt") as inside:
            await inside.ask(Dialect.CHAT)
    assert upstream.requests[0].target == target
    assert upstream.requests[0].header("api-key") == "azure-key-1"
    assert upstream.requests[0].header("Authorization") is None


async def test_azure_by_entra_renews_before_it_ends(enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Token:
        def __init__(self, token: str) -> None:
            self.token, self.expires_on = token, 0

    class Identity:
        asked = 0

        class DefaultAzureCredential:
            def get_token(self, scope: str) -> Token:
                assert scope == "https://cognitiveservices.azure.com/.default"
                Identity.asked += 1
                return Token(f"entra-{Identity.asked}")

    def module(name: str) -> Any:
        assert name == "azure.identity"
        return Identity

    monkeypatch.setattr(extras, "import_module", module)
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream:
        provider = made("azure", f"{upstream.url}/openai/v1", auth="entra", options={"resource": "ours"})
        async with enter(provider) as inside:
            for _ in range(2):
                await inside.ask(Dialect.CHAT)
    assert [one.header("Authorization") for one in upstream.requests] == ["Bearer entra-1", "Bearer entra-2"]


def test_a_missing_package_is_named_with_its_extra() -> None:
    with pytest.raises(CredentialError, match=r"pip install 'assay\[azure\]'"):
        extra("no_such_package.identity", "azure", "azure")


def test_no_credentials_are_said_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AZURE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none"))
    with pytest.raises(CredentialError, match="no AWS credentials"):
        signer_for(made("bedrock", "http://127.0.0.1:9", options={"region": "eu-west-1"}))
    with pytest.raises(CredentialError, match="no Google credentials"):
        signer_for(made("vertex", "http://127.0.0.1:9", options={"project": "p"}))
    with pytest.raises(CredentialError, match="AZURE_KEY is not set"):
        signer_for(made("azure", "http://127.0.0.1:9", key_env="AZURE_KEY", options={"resource": "r"}))
