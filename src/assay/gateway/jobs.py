"""What a call needs to be carried out: the provider as the gateway uses it, and the request as it will be sent."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from yarl import URL

from assay.gateway.credentials import Secret
from assay.gateway.door import LocalDoor
from assay.gateway.headers import proxy_for, upstream_url
from assay.gateway.pacing import Pacer
from assay.providers import Provider
from assay.records import Dialect, NanoUSD, Price


@dataclass(slots=True)
class Link:
    """A provider as the gateway uses it: key, limits, trust, and addresses worked out once."""

    provider: Provider
    secret: Secret | None
    key: tuple[str, str] | None = field(repr=False)
    pacer: Pacer | None
    trust: ssl.SSLContext | bool = True
    _addresses: dict[tuple[Dialect, str], tuple[URL, URL | None]] = field(default_factory=dict)

    def address(self, dialect: Dialect, query: str) -> tuple[URL, URL | None]:
        """Return where to send a call, and through which proxy."""
        known = self._addresses.get((dialect, query))
        if known is None:
            url = upstream_url(self.provider, dialect, query)
            known = self._addresses[dialect, query] = (url, proxy_for(url))
        return known


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
