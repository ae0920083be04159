"""From tokens and rates to money: plain arithmetic, safe on the hot path."""

from __future__ import annotations

from assay.records import NanoUSD, Price, Tokens

INPUT_KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h")


def cost(price: Price | None, tokens: Tokens) -> NanoUSD | None:
    """Return the cost of one call in nano-USD, or None when it cannot be known.

    None: no price; uncached input or output not reported; or a kind with tokens but without a rate.
    Cache kinds that were not reported are taken as absent. Writes of unknown lifetime are billed at the
    5 minute rate, the cheaper and usual one. Tiers apply to the whole request, by the length of its prompt.
    """
    if price is None or tokens.input_uncached is None or tokens.output is None:
        return None
    rates = _rates(price, tokens)
    parts = (
        (tokens.input_uncached, rates["input"]),
        (tokens.cache_read, rates["cache_read"]),
        (tokens.cache_write_5m, rates["cache_write_5m"]),
        (tokens.cache_write_1h, rates["cache_write_1h"]),
        (tokens.cache_write_unknown, rates["cache_write_5m"]),
        (tokens.output, rates["output"]),
    )
    total = 0.0
    for count, rate in parts:
        if not count:
            continue
        if rate is None:
            return None
        total += count * rate
    return round(total)


def partial_cost(price: Price | None, tokens: Tokens) -> NanoUSD | None:
    """Return what the known tokens of a cut call cost at least; None when nothing is known.

    A kind that was not reported, or has no rate, adds nothing: the result is a lower bound.
    """
    if price is None or tokens.total is None:
        return None
    rates = _rates(price, tokens)
    counts = (tokens.input_uncached, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h)
    total = sum((count or 0) * (rates[kind] or 0) for kind, count in zip(INPUT_KINDS, counts, strict=True))
    total += (tokens.cache_write_unknown or 0) * (rates["cache_write_5m"] or 0)
    return round(total + (tokens.output or 0) * (rates["output"] or 0))


def reservation(price: Price | None, body_bytes: int) -> NanoUSD:
    """Return a low estimate of what a request will cost, before it is sent: its prompt at the cheapest input rate.

    Eight bytes a token is more than any common tokenizer needs for text, so the estimate stays below the truth.
    """
    if price is None:
        return 0
    known = [rate for rate in (getattr(price, kind) for kind in INPUT_KINDS) if rate is not None]
    return round(min(known, default=0.0) * (body_bytes // 8))


def _rates(price: Price, tokens: Tokens) -> dict[str, float | None]:
    """Return the rates of the tier that the prompt falls into."""
    rates: dict[str, float | None] = {
        "input": price.input,
        "output": price.output,
        "cache_read": price.cache_read,
        "cache_write_5m": price.cache_write_5m,
        "cache_write_1h": price.cache_write_1h,
    }
    prompt = tokens.prompt or 0
    for tier in price.tiers:
        if prompt > tier["above"]:
            rates.update((kind, rate) for kind, rate in tier.items() if kind != "above")
    return rates
