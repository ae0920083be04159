"""Published prices, by genai-prices. Runs as a process of its own: ``python -m assay.prices.catalogue``.

Its tables take 65 MB and most of a second to load, and are needed once for each model in a run. So the
driver asks a short-lived child: JSON queries on standard input, JSON answers on standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import genai_prices
from genai_prices import data_snapshot
from genai_prices.types import ModelPrice, TieredPrices

KINDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def look_up(query: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``{rates, tiers, source}`` in nano-USD per token, or None when the model is not listed.

    A query is ``{model, provider_id | url, at}``; ``at`` is an ISO date and time with zone.
    """
    snapshot = data_snapshot.get_snapshot()
    try:
        provider, model = snapshot.find_provider_model(
            query["model"], None, query.get("provider_id"), None if query.get("provider_id") else query["url"]
        )
    except LookupError:
        return None
    listed = model.get_prices(datetime.fromisoformat(query["at"]))
    if listed.input_mtok is None or listed.output_mtok is None or listed.requests_kcount is not None:
        return None
    compiled = _compile(listed)
    if not compiled["rates"]["input"] and not compiled["rates"]["output"]:
        return None  # a published 0/0 has been wrong before; free is what the user declares
    return {
        **compiled,
        "source": f"genai-prices {genai_prices.__version__}: {provider.id}/{model.id}",
    }


def _compile(listed: ModelPrice) -> dict[str, Any]:
    """Flatten Decimal prices per million into nano-USD per token.

    As genai-prices itself counts, a cache kind without a price of its own is billed as plain input. The
    exception is a 1 hour write beside a listed 5 minute one: its rate is unknown, not cheaper.
    """
    found = {kind: getattr(listed, key) for kind, key in KINDS.items()}
    found["cache_read"] = found["cache_read"] if found["cache_read"] is not None else found["input"]
    if found["cache_write_5m"] is None:
        found["cache_write_5m"] = found["input"]
        found["cache_write_1h"] = found["cache_write_1h"] or found["input"]
    starts = sorted({tier.start for value in found.values() if isinstance(value, TieredPrices) for tier in value.tiers})
    return {
        "rates": {kind: _nano(_at(value, 0)) for kind, value in found.items()},
        "tiers": [
            {"above": start}
            | {kind: _nano(_at(value, start + 1)) for kind, value in found.items() if value is not None}
            for start in starts
        ],
    }


def _at(value: Decimal | TieredPrices | None, prompt: int) -> Decimal | None:
    """Return the price that holds for a prompt of this length."""
    if not isinstance(value, TieredPrices):
        return value
    price = value.base
    for tier in sorted(value.tiers, key=lambda tier: tier.start):
        if prompt > tier.start:
            price = tier.price
    return price


def _nano(price: Decimal | None) -> int | float | None:
    """USD per million tokens -> nano-USD per token, as an integer where it is one."""
    if price is None:
        return None
    rate = price * 1000
    return int(rate) if rate == rate.to_integral_value() else float(rate)


def main() -> None:
    """Answer one list of queries."""
    json.dump([look_up(query) for query in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
