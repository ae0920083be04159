"""Usage as each dialect reports it -> disjoint token kinds.

Anthropic counts input without the cache, OpenAI with it: adding them up alike is the field's commonest cost bug.
What a provider does not report stays None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.records import Dialect, Tokens


def tokens_of(dialect: Dialect, usage: Mapping[str, Any] | None, *, reasoning_apart: bool = False) -> Tokens:
    """Return the tokens of one usage object; all None without one.

    ``reasoning_apart`` is for providers whose Chat output leaves the reasoning out (Google): there the output is
    what the total has beyond the prompt.
    """
    if not isinstance(usage, Mapping):
        return Tokens()
    if dialect is Dialect.MESSAGES:
        return _messages(usage)
    if dialect is Dialect.CHAT:
        return _chat(usage, reasoning_apart=reasoning_apart)
    if dialect is Dialect.GEMINI:
        return _gemini(usage)
    return _responses(usage)


def _messages(usage: Mapping[str, Any]) -> Tokens:
    """Exclusive input; cache writes by lifetime in ``cache_creation``, their sum beside it."""
    split = _part(usage, "cache_creation")
    short, long = _count(split, "ephemeral_5m_input_tokens"), _count(split, "ephemeral_1h_input_tokens")
    written = _count(usage, "cache_creation_input_tokens")
    unknown: int | None = None
    if written is not None:
        unknown = written - (short or 0) - (long or 0)
        if short is None and long is None and written == 0:
            short, long, unknown = 0, 0, None
        elif unknown <= 0:
            unknown = None
    return Tokens(
        input_uncached=_count(usage, "input_tokens"),
        cache_read=_count(usage, "cache_read_input_tokens"),
        cache_write_5m=short,
        cache_write_1h=long,
        cache_write_unknown=unknown,
        output=_count(usage, "output_tokens"),
        reasoning=_count(_part(usage, "output_tokens_details"), "thinking_tokens"),
    )


def _chat(usage: Mapping[str, Any], *, reasoning_apart: bool) -> Tokens:
    details = _part(usage, "prompt_tokens_details")
    prompt, output = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    # DeepSeek and Moonshot report cache hits under names of their own.
    read = _first(
        _count(details, "cached_tokens"), _count(usage, "prompt_cache_hit_tokens"), _count(usage, "cached_tokens")
    )
    reasoning = _count(_part(usage, "completion_tokens_details"), "reasoning_tokens")
    total = _count(usage, "total_tokens")
    if total is not None and prompt is not None and output is not None:
        beyond = total - prompt - output
        # Reasoning beside the output shows in the total (xAI), or is known of the provider (Google).
        if beyond > 0 and (reasoning_apart or beyond == reasoning):
            output, reasoning = output + beyond, _first(reasoning, beyond)
    return _inclusive(prompt, read, _count(details, "cache_write_tokens"), output, reasoning)


def _responses(usage: Mapping[str, Any]) -> Tokens:
    details = _part(usage, "input_tokens_details")
    return _inclusive(
        _count(usage, "input_tokens"),
        _count(details, "cached_tokens"),
        _count(details, "cache_write_tokens"),
        _count(usage, "output_tokens"),
        _count(_part(usage, "output_tokens_details"), "reasoning_tokens"),
    )


def _gemini(usage: Mapping[str, Any]) -> Tokens:
    """Inclusive prompt; results of Google's own tools beside it, thoughts beside the candidates. Zeros are left out."""
    prompt, tool_results = _count(usage, "promptTokenCount"), _count(usage, "toolUsePromptTokenCount")
    candidates, thoughts = _count(usage, "candidatesTokenCount"), _count(usage, "thoughtsTokenCount")
    if prompt is not None:
        prompt += tool_results or 0
    output = None if candidates is None and thoughts is None else (candidates or 0) + (thoughts or 0)
    if output is None and prompt is not None and _count(usage, "totalTokenCount") == prompt:
        output = 0
    return _inclusive(prompt, _count(usage, "cachedContentTokenCount"), None, output, thoughts)


def _inclusive(
    prompt: int | None, read: int | None, written: int | None, output: int | None, reasoning: int | None
) -> Tokens:
    """Take the cache out of an inclusive prompt. More cache than prompt is a contradiction: uncached is unknown."""
    uncached = None if prompt is None else prompt - (read or 0) - (written or 0)
    return Tokens(
        input_uncached=None if uncached is None or uncached < 0 else uncached,
        cache_read=read,
        cache_write_unknown=written,
        output=output,
        reasoning=reasoning,
    )


def _part(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = usage.get(name)
    return part if isinstance(part, Mapping) else {}


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    """Return a whole, non-negative number, or None for anything else that a server may send."""
    value = usage.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
