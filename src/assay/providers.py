"""Providers: where a model id lives. Data, not code; known ones are in ``KNOWN`` and any other by ``base_url``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.records import Dialect, Record

SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Limits(Record):
    """What a provider allows: calls at once, calls and tokens per minute. None = no limit of ours.

    ``adaptive``: calls at once are found out from the provider's 429 and 529, in place of ``concurrency``.
    """

    concurrency: int | None = None
    requests_per_minute: int | None = None
    max_queue_s: float = 60.0
    tokens_per_minute: int | None = None
    adaptive: bool = False


@dataclass(frozen=True, slots=True)
class Provider(Record):
    """One endpoint.

    ``kind``: ``http`` | ``lab`` (simulated models) | ``bedrock`` | ``vertex`` | ``azure``; the last three sign.
    ``auth`` says how the real key travels: ``x-api-key`` | ``bearer`` | ``none`` | any header name; ``subscription`` =
    the user's own log-in of Claude Code or Codex; ``sigv4``, ``google`` and ``entra`` are the clouds' own ways.
    ``key_env`` / ``key_file`` say where it lies on the host; the key itself is never a field. ``options`` are what a
    kind needs beside: ``region``, ``project``, ``resource``, ``api_version``.
    ``prices`` overrides rates per model id ("*" = all): USD per million tokens, by ``input output
    cache_read cache_write_5m cache_write_1h``. ``quirks``:

    - ``priced_as``: the genai-prices provider whose prices hold behind this address (a gateway in between);
    - ``stream_options``: ``no`` = the server refuses them, so Chat streams keep usage unknown;
    - ``reasoning``: ``apart`` = Chat's ``completion_tokens`` leave the reasoning out (the total has it).
    """

    name: str
    base_url: str
    dialects: tuple[Dialect, ...]
    kind: str = "http"
    auth: str = "bearer"
    key_env: str | None = None
    key_file: str | None = None
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    headers: Mapping[str, str] = field(default_factory=dict)
    quirks: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def billing(self) -> str:
        """Who pays how: ``api`` (by use), ``subscription`` (cost is API-equivalent, not billed), or ``none``."""
        return {SUBSCRIPTION: SUBSCRIPTION, "none": "none"}.get(self.auth, "api")

    @property
    def simulated(self) -> bool:
        """True for the Lab: results are labelled, and cost never counts against ``max_cost``."""
        return self.kind == "lab"


_ALL = (Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES)

KNOWN: Mapping[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider(
            "anthropic", "https://api.anthropic.com", (Dialect.MESSAGES,), auth="x-api-key", key_env="ANTHROPIC_API_KEY"
        ),
        Provider("openai", "https://api.openai.com/v1", (Dialect.CHAT, Dialect.RESPONSES), key_env="OPENAI_API_KEY"),
        Provider("openrouter", "https://openrouter.ai/api/v1", (Dialect.CHAT,), key_env="OPENROUTER_API_KEY"),
        Provider(
            "google",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            (Dialect.CHAT, Dialect.GEMINI),
            key_env="GEMINI_API_KEY",
            quirks={"reasoning": "apart"},
        ),
        Provider("ollama", "http://127.0.0.1:11434/v1", (Dialect.CHAT,), auth="none"),
        Provider("vllm", "http://127.0.0.1:8000/v1", (Dialect.CHAT,), auth="none"),
        Provider("llama.cpp", "http://127.0.0.1:8080/v1", (Dialect.CHAT,), auth="none"),
        Provider("llama-swap", "http://127.0.0.1:8080/v1", (Dialect.CHAT,), auth="none"),
        Provider("lab", "http://127.0.0.1:0", (*_ALL, Dialect.GEMINI), kind="lab", auth="none"),
    )
}

# Known by name, but not by address alone: what a user must add.
CLOUDS: Mapping[str, Provider] = {
    "bedrock": Provider("bedrock", "", _ALL, kind="bedrock", auth="sigv4", quirks={"priced_as": "aws"}),
    "vertex": Provider("vertex", "", (Dialect.MESSAGES, Dialect.CHAT), kind="vertex", auth="google"),
    "azure": Provider(
        "azure", "", (Dialect.CHAT, Dialect.RESPONSES), kind="azure", auth="api-key", key_env="AZURE_OPENAI_API_KEY"
    ),
}

NEEDS: Mapping[str, tuple[str, ...]] = {"bedrock": ("region",), "vertex": ("project",), "azure": ("resource",)}


def cloud_address(kind: str, options: Mapping[str, str]) -> str:
    """Return where a cloud's models live, from its region or resource."""
    region = options.get("region", "global")
    if kind == "bedrock":
        return f"https://bedrock-runtime.{region}.amazonaws.com"
    if kind == "vertex":
        return f"https://{'' if region == 'global' else f'{region}-'}aiplatform.googleapis.com"
    return f"https://{options['resource']}.openai.azure.com/openai{'' if 'api_version' in options else '/v1'}"
