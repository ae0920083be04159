"""What a call needs to be carried out: the provider as the gateway uses it, and the request as it will be sent."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from yarl import URL

from assay.gateway.credentials import Secret
from assay.gateway.door import LocalDoor
from assay.gateway.headers import ENDPOINTS, GEMINI_KEY, gemini_endpoint, proxy_for, upstream_url, without_key
from assay.gateway.pacing import Pacer
from assay.gateway.signed import Asked, Signer
from assay.gateway.windows import Window
from assay.providers import Provider
from assay.records import Dialect, NanoUSD, Price

MAX_ADDRESSES = 1000


@dataclass(slots=True)
class Link:
    """A provider as the gateway uses it: key, limits, trust, and addresses worked out once."""

    provider: Provider
    secret: Secret | None
    key: tuple[str, str] | None = field(repr=False)
    pacer: Pacer
    trust: ssl.SSLContext | bool = True
    signer: Signer | None = field(default=None, repr=False)
    window: Window = field(default_factory=Window)
    _addresses: dict[tuple[Asked, str], tuple[URL, URL | None]] = field(default_factory=dict)

    def address(self, asked: Asked, query: str) -> tuple[URL, URL | None]:
        """Return where to send a call, and through which proxy."""
        key = (asked, query)
        known = self._addresses.get(key)
        if known is None:
            own = self.signer.address(asked) if self.signer is not None else None
            if asked.dialect is Dialect.GEMINI:
                query = without_key(query)
            url = self._usual(asked, query) if own is None else _with_query(own, query)
            if len(self._addresses) >= MAX_ADDRESSES:
                self._addresses.clear()  # the query is the caller's: no sandbox may fill the memory
            known = self._addresses[key] = (url, proxy_for(url))
        return known

    def key_for(self, dialect: Dialect) -> tuple[str, str] | None:
        """Return the header with the key. A bearer token is OpenAI's way; Gemini's own dialect has another."""
        if dialect is Dialect.GEMINI and self.secret is not None and self.provider.auth == "bearer":
            return GEMINI_KEY, self.secret.reveal()
        return self.key

    def _usual(self, asked: Asked, query: str) -> URL:
        endpoint = None
        if asked.dialect is Dialect.GEMINI:
            verb = "countTokens" if asked.count else "streamGenerateContent" if asked.stream else "generateContent"
            endpoint = gemini_endpoint(asked.model, verb)
        elif asked.count:
            endpoint = f"{ENDPOINTS[asked.dialect]}/count_tokens"
        return upstream_url(self.provider, asked.dialect, query, endpoint)

    @property
    def echoed(self) -> Secret | None:
        """What an answer must not echo: the key, or what was signed with last."""
        return self.secret if self.signer is None else self.signer.secret


def _with_query(address: str, query: str) -> URL:
    both = f"{address}{'&' if '?' in address else '?'}{query}" if query else address
    return URL(both, encoded=True)


@dataclass(slots=True)  # not frozen: one is made for every call, and freezing triples its cost
class Job:
    """What is to be sent, and on whose account. ``estimate`` is the meter's reservation."""

    door: LocalDoor
    link: Link
    dialect: Dialect
    query: str
    model_requested: str
    model_sent: str
    body: bytes
    original: bytes
    usage_injected: bool
    price: Price | None
    estimate: NanoUSD
    hints: str = "{}"
    effort: str | None = None
    stream: bool = False

    @property
    def asked(self) -> Asked:
        """What the address may depend on."""
        named = self.dialect is Dialect.GEMINI or self.link.signer is not None
        return Asked(self.dialect, self.model_sent if named else "", self.stream)
