"""Company networks: proxies, their exceptions, the system's trust store."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from assay.gateway.headers import proxy_for
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import ScriptedUpstream
from assay.testing.wire import whole

MakeProvider = Callable[..., Provider]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_calls_go_through_the_proxy_that_the_environment_names(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("http://", "http://user:pass@"))
        async with enter(provider("http://models.example/v1")) as inside:
            status, _ = await inside.ask(Dialect.CHAT)
    assert status == 200
    assert proxy.requests[0].target == "http://models.example/v1/chat/completions"
    assert proxy.requests[0].header("Host") == "models.example"


async def test_loopback_never_goes_through_a_proxy(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        assert (await inside.ask(Dialect.CHAT))[0] == 200


def test_no_proxy_and_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp:3128")
    monkeypatch.setenv("NO_PROXY", "internal.corp,10.0.0.5")
    assert proxy_for(URL("https://api.anthropic.com/v1/messages")) == URL("http://proxy.corp:3128")
    assert proxy_for(URL("http://api.example/v1")) is None
    assert proxy_for(URL("https://models.internal.corp/v1")) is None
    assert proxy_for(URL("https://10.0.0.5/v1")) is None
    assert proxy_for(URL("https://localhost:8443/v1")) is None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "cert.pem"


async def test_a_certificate_is_trusted_when_the_system_trusts_it_and_not_before(
    certificate: Path, enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        return web.Response(body=whole(Dialect.CHAT).body, content_type="application/json")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    runner = web.ServerRunner(web.Server(answer), handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        url = f"https://localhost:{runner.addresses[0][1]}/v1"
        async with enter(provider(url)) as inside:
            assert (await inside.ask(Dialect.CHAT))[0] == 502
            totals = await inside.door.close()
        assert (totals.cost, totals.last_call_failed) == (0, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with enter(provider(url)) as inside:
            assert (await inside.ask(Dialect.CHAT))[0] == 200
    finally:
        await runner.cleanup()
