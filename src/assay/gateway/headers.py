"""Which headers pass, and where a request goes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from assay.providers import Provider
from assay.records import Dialect

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
    | {"proxy-authenticate", "proxy-authorization"}
)
CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})
TRIAL_HEADER = "x-assay-trial"
SIMULATED_HEADER = "x-assay-simulated-ms"
# The length is counted anew; usage must be readable as it passes, so no compression is asked for.
_REQUEST_OWN = frozenset({"host", "content-length", "accept-encoding", "expect"})
_OURS = "x-assay-"
_REQUEST_IDS = ("request-id", "x-request-id", "x-oai-request-id")
MAX_REQUEST_ID = 256

ENDPOINTS: Mapping[Dialect, str] = {
    Dialect.MESSAGES: "/messages",
    Dialect.CHAT: "/chat/completions",
    Dialect.RESPONSES: "/responses",
}
_GEMINI_VERSIONS = ("/v1beta", "/v1alpha", "/v1")
GEMINI_KEY = "x-goog-api-key"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def request_headers(
    received: CIMultiDictProxy[str], provider: Provider, key: tuple[str, str] | None
) -> CIMultiDict[str]:
    """Return the headers to send: as received, without hop-by-hop, host and the client's credentials."""
    dropped = _connection_names(received)
    sent: CIMultiDict[str] = CIMultiDict()
    for name, value in received.items():
        lower = name.lower()
        if lower in HOP_BY_HOP or lower in CREDENTIALS or lower in _REQUEST_OWN or lower in dropped:
            continue
        if not lower.startswith(_OURS):
            sent.add(name, value)
    sent["Accept-Encoding"] = "identity"
    for name, value in provider.headers.items():
        sent[name] = value
    if key is not None:
        sent[key[0]] = key[1]
    return sent


def response_headers(received: CIMultiDictProxy[str], *, same_length: bool) -> CIMultiDict[str]:
    """Return the headers to pass on. The length stays when the bytes do."""
    dropped = _connection_names(received)
    passed: CIMultiDict[str] = CIMultiDict()
    for name, value in received.items():
        lower = name.lower()
        if lower in HOP_BY_HOP or lower in dropped or lower.startswith(_OURS):
            continue
        if same_length or lower != "content-length":
            passed.add(name, value)
    return passed


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id that a provider gave a request: what its support, and an agent's telemetry, call it by."""
    found = next((headers[name] for name in _REQUEST_IDS if name in headers), None)
    return found[:MAX_REQUEST_ID] if found else None


def _connection_names(headers: CIMultiDictProxy[str]) -> frozenset[str]:
    """Headers that ``Connection`` declares hop-by-hop (RFC 9110, 7.6.1)."""
    value = headers.get("Connection", "")
    return frozenset(part.strip().lower() for part in value.split(",")) if value else frozenset()


def upstream_url(provider: Provider, dialect: Dialect, query: str, endpoint: str | None = None) -> URL:
    """Join a provider's ``base_url`` with an endpoint, as the makers' own clients do.

    OpenAI-shaped addresses hold the version (``.../v1``, ``.../v1beta/openai``); one without any path gets
    ``/v1``. Anthropic-shaped ones do not; a final ``/v1`` there is not doubled. Gemini's own dialect lives beside
    Google's OpenAI-shaped one, at the same address without ``/openai``. ``endpoint`` is for what has no fixed one.
    """
    base = URL(provider.base_url)
    path = base.raw_path.rstrip("/")
    if dialect is Dialect.GEMINI:
        path = path.removesuffix("/openai")
        path = path if path.endswith(_GEMINI_VERSIONS) else path + _GEMINI_VERSIONS[0]
    elif not (path.endswith("/v1") if dialect is Dialect.MESSAGES else path):
        path += "/v1"
    own = base.raw_query_string
    both = "&".join(part for part in (own, query) if part)
    address = f"{base.scheme}://{base.raw_authority}{path}{endpoint or ENDPOINTS[dialect]}"
    return URL(address + (f"?{both}" if both else ""), encoded=True)


def gemini_endpoint(model: str, verb: str) -> str:
    """Return the path of a model, which is where Gemini's dialect names it."""
    return f"/models/{quote(model, safe='/@')}:{verb}"


def without_key(query: str) -> str:
    """Drop the dummy key that Gemini's clients may put into the query."""
    return "&".join(part for part in query.split("&") if not part.startswith("key="))


def proxy_for(url: URL) -> URL | None:
    """Return the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for an address; loopback never has one."""
    host = url.host or ""
    if host in LOOPBACK or host.startswith("127.") or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return URL(proxy) if proxy else None
