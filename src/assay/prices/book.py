"""The price book: what a model costs at a provider, declared by the user or published."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from assay.errors import InternalError, PriceError
from assay.identity import Json, content_id
from assay.providers import Provider
from assay.records import Price

Overrides: TypeAlias = Mapping[str, Mapping[str, Mapping[str, float]]]
Catalogue: TypeAlias = Callable[[Sequence[Mapping[str, str]]], Sequence[Mapping[str, Any] | None]]

RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
CATALOGUE_TIMEOUT_S = 60.0


def published(queries: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, Any] | None]:
    """Ask the published tables, in a child process (see ``assay.prices.catalogue``)."""
    command = [sys.executable, "-m", "assay.prices.catalogue"]
    try:
        done = subprocess.run(
            command, input=json.dumps(queries).encode(), capture_output=True, check=True, timeout=CATALOGUE_TIMEOUT_S
        )
        answers: list[Mapping[str, Any] | None] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise InternalError(f"the price tables could not be read: {error}") from error
    return answers


class PriceBook:
    """Resolves (provider, model) to frozen rates, once each.

    Order: ``overrides[provider name][model or "*"]``, the provider's own ``prices[model or "*"]``, the published
    tables. Declared rates are USD per million tokens. A price of 0 exists only where it was declared; a Lab
    model without declared prices and any unlisted model are unpriced (None).
    """

    def __init__(
        self, *, overrides: Overrides | None = None, as_of: datetime | None = None, catalogue: Catalogue = published
    ) -> None:
        """``as_of`` chooses among dated prices (default: now)."""
        self._overrides = overrides or {}
        self._as_of = as_of or datetime.now(UTC)
        self._catalogue = catalogue
        self._known: dict[tuple[str, str, str], Price | None] = {}

    def freeze(self, prices: Iterable[Price], providers: Iterable[Provider]) -> None:
        """Take prices recorded earlier in this run as they are: a resumed run keeps its rates."""
        urls = {provider.name: provider.base_url for provider in providers}
        for price in prices:
            if price.provider in urls:
                self._known[price.provider, urls[price.provider], price.model] = price

    def resolve(self, provider: Provider, model: str) -> Price | None:
        """Return the price, or None = unpriced. Raises ``PriceError`` for a declared rate that makes no sense."""
        return self.resolve_all([(provider, model)])[0]

    def resolve_all(self, pairs: Sequence[tuple[Provider, str]]) -> tuple[Price | None, ...]:
        """Resolve many at once: one look into the published tables for all."""
        wanted: list[tuple[Provider, str]] = []
        for provider, model in pairs:
            key = (provider.name, provider.base_url, model)
            if key in self._known:
                continue
            declared = self._declared(provider, model)
            if declared is not None or provider.simulated:
                self._known[key] = declared
            elif (provider, model) not in wanted:
                wanted.append((provider, model))
        if wanted:
            answers = self._catalogue([self._query(provider, model) for provider, model in wanted])
            for (provider, model), answer in zip(wanted, answers, strict=True):
                self._known[provider.name, provider.base_url, model] = self._listed(provider, model, answer)
        return tuple(self._known[provider.name, provider.base_url, model] for provider, model in pairs)

    def _query(self, provider: Provider, model: str) -> dict[str, str]:
        """Name the seller by address, or by the provider's quirk ``priced_as``: for gateways in between."""
        query = {"model": model, "url": provider.base_url, "at": self._as_of.isoformat()}
        named = provider.quirks.get("priced_as")
        return {**query, "provider_id": named} if named else query

    def _listed(self, provider: Provider, model: str, answer: Mapping[str, Any] | None) -> Price | None:
        if answer is None:
            return None
        return self._price(provider, model, answer["rates"], answer["source"], tuple(answer["tiers"]))

    def _declared(self, provider: Provider, model: str) -> Price | None:
        for source, table in (("override", self._overrides.get(provider.name, {})), ("declared", provider.prices)):
            rates = table.get(model, table.get("*"))
            if rates is not None:
                return self._price(provider, model, _checked(provider.name, model, rates), source)
        return None

    def _price(
        self,
        provider: Provider,
        model: str,
        rates: Mapping[str, float | None],
        source: str,
        tiers: tuple[Mapping[str, float], ...] = (),
    ) -> Price:
        identity: Json = {
            "provider": provider.name,
            "model": model,
            "rates": dict(rates),
            "tiers": [dict(tier) for tier in tiers],
            "source": source,
        }
        return Price(
            id=content_id("price", identity),
            provider=provider.name,
            model=model,
            **{kind: rates.get(kind) for kind in RATES},
            source=source,
            as_of=self._as_of.date().isoformat(),
            simulated=provider.simulated,
            tiers=tiers,
        )


def _checked(provider: str, model: str, rates: Mapping[str, float]) -> dict[str, float | None]:
    """USD per million -> nano-USD per token, with what was left out filled in where it is safe.

    Cache reads without a rate are billed as plain input, which no seller exceeds. Cache writes are dearer
    than input at some, so theirs stays unknown, unless everything is declared free.
    """
    where = f"price of {provider}/{model}"
    unknown = sorted(set(rates) - set(RATES))
    if unknown:
        raise PriceError(f"unknown rate '{unknown[0]}'", where=where, remedy=f"Use {', '.join(RATES)}")
    for kind in ("input", "output"):
        if kind not in rates:
            raise PriceError(f"'{kind}' is missing", where=where, remedy="Give USD per million tokens")
    for kind, rate in rates.items():
        if not math.isfinite(rate) or rate < 0:
            raise PriceError(f"'{kind}: {rate}' is not a price", where=where, remedy="Give USD per million tokens")
    nano: dict[str, float | None] = {kind: _exact(rates[kind]) if kind in rates else None for kind in RATES}
    if nano["cache_read"] is None:
        nano["cache_read"] = nano["input"]
    if not any(rates.values()):
        nano = dict.fromkeys(RATES, 0)
    return nano


def _exact(usd_per_million: float) -> float:
    """Multiply by 1000 without the noise of binary fractions (0.7 * 1000)."""
    nano = round(usd_per_million * 1000, 6)
    return int(nano) if nano == int(nano) else nano
