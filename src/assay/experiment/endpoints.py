"""Providers of an experiment: the file's own and the known ones; and which of them a model id means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from assay.errors import ExperimentError, Place
from assay.experiment.fields import Model
from assay.experiment.settings import Dialects
from assay.names import nearest, suggestion
from assay.providers import CLOUDS, KNOWN, NEEDS, SUBSCRIPTION, Limits, Provider, cloud_address
from assay.records import Dialect

RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
SECRET_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization", "cookie"})

TYPO = 0.75  # a slip of the pen, no more: 'meta-llama' does not mean 'ollama'

# What bare model ids mean. Anything else is written provider/model.
_FAMILIES = (
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gpt-|chatgpt-|o\d+(-|$)|codex-"), "openai"),
    (re.compile(r"gemini-"), "google"),
)


def _prices(value: Any) -> Any:
    """``0``, ``{input, output}`` or ``{model: {input, output}}`` -> the last, USD per million tokens."""
    if isinstance(value, Mapping) and not set(value) & set(RATES):
        return {model: _rates(rates) for model, rates in value.items()}
    return {"*": _rates(value)}


def _rates(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value:
            raise PydanticCustomError("price", "must be 0, or rates such as {input: 3, output: 15} in USD per million")
        return dict.fromkeys(RATES, 0.0)
    if isinstance(value, Mapping) and not {"input", "output"} <= set(value):
        raise PydanticCustomError("price", "needs at least 'input' and 'output', in USD per million tokens")
    for key in value if isinstance(value, Mapping) else ():
        if key not in RATES:
            raise PydanticCustomError(
                "unknown_key", "unknown rate '{key}'", {"key": key, "remedy": suggestion(key, RATES)}
            )
    return value


def _key(value: str | None) -> str | None:
    """Refuse a key written into the file, without repeating it."""
    if value is None or value == "none" or re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", value):
        return value
    raise PydanticCustomError(
        "secret", "must be none, env:NAME or file:PATH; a key itself never stands in an experiment file"
    )


def _headers(value: Mapping[str, str]) -> Mapping[str, str]:
    for name in value:
        if name.casefold() in SECRET_HEADERS:
            raise PydanticCustomError("secret", "may not hold '{name}': use 'key' and 'auth'", {"name": name})
    return value


def _base_url(value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("base_url", "must be an http or https address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError("base_url", "may hold no user, password, query or fragment")
    return value.rstrip("/")


OPTIONS = ("region", "project", "resource", "api_version")
KEYLESS = frozenset({"none", "sigv4", "google"})
PART = r"^[A-Za-z0-9][A-Za-z0-9.:-]*$"
CHATGPT = "https://chatgpt.com/backend-api/codex"
PriceInput = float | Mapping[str, float] | Mapping[str, Mapping[str, float]]
UsdPerMillion = Annotated[float, Field(ge=0)]


class ProviderEntry(Model):
    """An endpoint of one's own, or changes to a known one. Keys are named here, never written."""

    base_url: Annotated[str | None, AfterValidator(_base_url)] = None
    dialect: Dialects = ()
    key: Annotated[str | None, AfterValidator(_key)] = None
    """``none``, ``env:NAME`` or ``file:PATH`` (relative to the experiment file)."""
    auth: str | None = None
    """``key`` (in the provider's own way), ``subscription`` (the user's own log-in; experimental) or ``none``; or how
    the key travels: ``bearer``, ``x-api-key``, a header's name; ``sigv4``, ``google``, ``entra`` are the clouds'."""
    kind: Literal["http", "bedrock", "vertex", "azure"] | None = None
    """``bedrock``, ``vertex`` and ``azure`` sign upstream, each by its extra; a provider so named is of that kind."""
    region: Annotated[str, Field(pattern=PART)] | None = None
    """Bedrock and Vertex."""
    project: Annotated[str, Field(pattern=PART)] | None = None
    """Vertex."""
    resource: Annotated[str, Field(pattern=PART)] | None = None
    """Azure."""
    api_version: Annotated[str, Field(pattern=PART)] | None = None
    """Azure: addresses by deployment, which stands in place of the model's id."""
    price: Annotated[
        Mapping[str, Mapping[str, UsdPerMillion]], BeforeValidator(_prices, json_schema_input_type=PriceInput)
    ] = {}
    """``0``, rates for all models, or rates by model: US dollars per million tokens."""
    concurrency: Annotated[int, Field(ge=1)] | Literal["auto"] | None = None
    """Calls at once; ``auto``: halved after each 429 or 529, and one more at a time while all are in use."""
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    tokens_per_minute: Annotated[int, Field(ge=1)] | None = None
    max_queue_s: Annotated[float, Field(ge=0)] | None = None
    headers: Annotated[Mapping[str, str], AfterValidator(_headers)] = {}
    quirks: Mapping[str, str] = {}

    def provider(self, name: str, folder: Path) -> Provider:
        """Build the provider, over the known one of that name if there is one. Raises ``ExperimentError``."""
        provider = self._template(name)
        auth, key_env, key_file = self._authentication(provider, folder)
        options = {key: value for key in OPTIONS if (value := getattr(self, key)) is not None}
        made = replace(
            provider,
            base_url=self.base_url or provider.base_url,
            dialects=tuple(map(Dialect, self.dialect)) or provider.dialects,
            auth=auth,
            key_env=key_env,
            key_file=key_file,
            prices=self.price or provider.prices,
            limits=self._limits(provider.limits),
            headers={**provider.headers, **self.headers},
            quirks={**provider.quirks, **self.quirks},
            options=options,
        )
        if auth == SUBSCRIPTION:
            return self._subscribed(made)
        return self._in_cloud(made) if made.kind in CLOUDS else made

    def _template(self, name: str) -> Provider:
        """Return the known provider of that name, or of that kind, or an empty one."""
        kind = self.kind or (name if name in CLOUDS and self.base_url is None else "http")
        if kind in CLOUDS:
            return replace(CLOUDS[kind], name=name)
        known = KNOWN.get(name)
        if known is None and self.base_url is None:
            raise ExperimentError(
                f"provider '{name}' needs a base_url: it is not a known one",
                remedy=suggestion(name, {**KNOWN, **CLOUDS}),
            )
        return known or Provider(name, "", (Dialect.CHAT,), auth="none")

    def _in_cloud(self, provider: Provider) -> Provider:
        lacks = [key for key in NEEDS[provider.kind] if key not in provider.options]
        if lacks and not (self.base_url and provider.kind == "azure"):
            raise ExperimentError(
                f"provider '{provider.name}' of kind {provider.kind} needs '{lacks[0]}'",
                remedy=f"Write providers: {{{provider.name}: {{{lacks[0]}: ...}}}}",
            )
        return replace(provider, base_url=provider.base_url or cloud_address(provider.kind, provider.options))

    def _subscribed(self, provider: Provider) -> Provider:
        """A log-in speaks one dialect: Messages with Claude Code's, Responses with Codex', at its own address."""
        if Dialect.MESSAGES in provider.dialects:
            return replace(provider, dialects=(Dialect.MESSAGES,))
        if Dialect.RESPONSES in provider.dialects:
            return replace(provider, dialects=(Dialect.RESPONSES,), base_url=self.base_url or CHATGPT)
        raise ExperimentError(
            f"provider '{provider.name}' speaks neither messages nor responses: no log-in fits it",
            remedy="auth: subscription goes with anthropic and openai",
        )

    def _limits(self, limits: Limits) -> Limits:
        adaptive = limits.adaptive if self.concurrency is None else self.concurrency == "auto"
        return Limits(
            limits.concurrency if self.concurrency is None or self.concurrency == "auto" else self.concurrency,
            self.requests_per_minute or limits.requests_per_minute,
            limits.max_queue_s if self.max_queue_s is None else self.max_queue_s,
            self.tokens_per_minute or limits.tokens_per_minute,
            adaptive,
        )

    def _authentication(self, provider: Provider, folder: Path) -> tuple[str, str | None, str | None]:
        """Return how the key travels, its environment variable, and its file."""
        wanted = None if self.auth == "key" else self.auth
        if self.key is None:
            env = None if wanted == SUBSCRIPTION else provider.key_env
            return wanted or provider.auth, env, provider.key_file
        if self.key == "none":
            return "none", None, None
        auth = wanted or ("bearer" if provider.auth in KEYLESS else provider.auth)
        source, _, where = self.key.partition(":")
        if source == "env":
            return auth, where, None
        return auth, None, str(folder / Path(where).expanduser())


class Telemetry(Model):
    """What happens to the agents' telemetry beside being kept."""

    forward: Annotated[str | None, AfterValidator(_base_url)] = None
    """An OTLP/HTTP address that gets it too, without ``/v1/...``. Headers: OTEL_EXPORTER_OTLP_HEADERS on the host."""


def merged_providers(entries: Mapping[str, ProviderEntry], folder: Path) -> dict[str, Provider]:
    """Return the known providers with the file's entries over them; relative key files lie in ``folder``."""
    return {**KNOWN, **{name: entry.provider(name, folder) for name, entry in entries.items()}}


def resolve_model(text: str, providers: Mapping[str, Provider], *, where: Place | None = None) -> tuple[str, str]:
    """Return ``(provider name, model id)``.

    ``lab/swift`` is model ``swift`` of provider ``lab``; only the first slash counts. Bare ids are known by family
    (``claude-*``, ``gpt-*``, ``o3``, ``gemini-*``). Raises ``ExperimentError`` for anything else.
    """
    name, slash, model = text.partition("/")
    if slash and name in providers and model:
        return name, model
    if not slash:
        for pattern, family in _FAMILIES:
            if pattern.match(text):
                return family, text
        raise ExperimentError(
            f"nobody knows which provider has the model '{text}'",
            where=where,
            remedy=f"Write provider/model, for example openrouter/{text}; providers: {', '.join(sorted(providers))}",
        )
    if name in CLOUDS:
        entry = ", ".join(f"{key}: ..." for key in NEEDS[name])
        raise ExperimentError(
            f"model '{text}': the provider '{name}' has no address by itself",
            where=where,
            remedy=f"Write providers: {{{name}: {{{entry}}}}}",
        )
    close = nearest(name, providers, TYPO)
    hint = f"Did you mean '{close}/{model}'?" if close else f"Write openrouter/{text}, or add '{name}' to 'providers'"
    raise ExperimentError(f"model '{text}' names the provider '{name}', which is unknown", where=where, remedy=hint)
