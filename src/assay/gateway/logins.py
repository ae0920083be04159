"""A user's own log-in, held on the host: Claude Code's for Messages, Codex' for Responses. Experimental.

The sandbox holds a dummy. The files are read again whenever they change, because the clients renew them; Assay renews
and writes nothing. A log-in is sent to its maker and to this machine, and to nobody else.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.errors import CredentialError
from assay.gateway.credentials import Secret
from assay.gateway.headers import LOOPBACK
from assay.gateway.signed import Outgoing, Signer
from assay.providers import Provider
from assay.records import Dialect

OAUTH_BETA = "oauth-2025-04-20"  # what Claude Code 2.1 sends beside its token


@dataclass(frozen=True, slots=True)
class Client:
    """Whose log-in: the agent that may use it, where it lies, how to get it, and whom it is sent to."""

    agent: str
    variable: str
    home_variable: str
    folder: str
    file: str
    host: str
    remedy: str


CLAUDE = Client(
    "claude-code",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    ".claude",
    ".credentials.json",
    "api.anthropic.com",
    "Log in with 'claude', or set CLAUDE_CODE_OAUTH_TOKEN (claude setup-token)",
)
CODEX = Client("codex", "", "CODEX_HOME", ".codex", "auth.json", "chatgpt.com", "Log in with 'codex login'")


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in as read: ``expires`` in epoch seconds, None = not said; ``account`` is Codex' account id."""

    token: Secret
    expires: float | None = None
    account: Secret | None = None


def client_of(provider: Provider) -> Client:
    """Return whose log-in a provider takes. Raises ``CredentialError`` for one that no log-in fits."""
    client = CLAUDE if Dialect.MESSAGES in provider.dialects else CODEX
    host = urlsplit(provider.base_url).hostname or ""
    if host not in {client.host, *LOOPBACK}:
        raise CredentialError(
            f"the log-in of {client.agent} is not sent to {host}, which is not its maker",
            remedy=f"auth: subscription goes with https://{client.host} only; use a key for others",
        )
    return client


def login_file(client: Client, provider: Provider, environ: Mapping[str, str]) -> Path:
    """Return where the log-in lies: the file that the experiment names, else the client's own."""
    if provider.key_file is not None:
        return Path(provider.key_file).expanduser()
    named = environ.get(client.home_variable)
    return (Path(named) if named else Path.home() / client.folder) / client.file


def read_login(provider: Provider, environ: Mapping[str, str] | None = None) -> Login:
    """Return the log-in as it is now. Raises ``CredentialError`` without showing content."""
    environ = os.environ if environ is None else environ
    client = client_of(provider)
    variable = provider.key_env if provider.key_env and provider.key_env.endswith("TOKEN") else client.variable
    if variable and environ.get(variable, "").strip() and provider.key_file is None:
        return Login(_token(environ[variable].strip(), client, f"${variable}"))
    path = login_file(client, provider, environ)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        login = _claude(data, client, path) if client is CLAUDE else _codex(data, client, path)
    except OSError as error:
        raise CredentialError(
            f"no log-in of {client.agent}: {error.strerror}", where=path, remedy=client.remedy
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CredentialError(
            f"holds no log-in of {client.agent} that this version can read", where=path, remedy=client.remedy
        ) from None
    if login.expires is not None and login.expires < time.time():
        raise CredentialError(
            f"the log-in of {client.agent} has expired", where=path, remedy=f"Start {client.agent} once: it renews it"
        )
    return login


def _claude(data: Any, client: Client, path: Path) -> Login:
    oauth = data["claudeAiOauth"]
    expires = oauth.get("expiresAt")
    return Login(_token(oauth["accessToken"], client, path), expires / 1000 if expires else None)


def _codex(data: Any, client: Client, path: Path) -> Login:
    tokens = data["tokens"]
    account = tokens.get("account_id")
    return Login(_token(tokens["access_token"], client, path), None, Secret(account) if account else None)


def _token(value: str, client: Client, where: Path | str) -> Secret:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise CredentialError(f"the token of {client.agent} is not one", where=where, remedy=client.remedy)
    return Secret(value)


class LoginSigner(Signer):
    """Sends the log-in as its own client does, from the file as it is now."""

    def __init__(self, provider: Provider) -> None:
        """Raise ``CredentialError`` when there is no log-in to send."""
        self._provider = provider
        self._client = client_of(provider)
        self._seen: tuple[int, int] | None = None
        self._login = read_login(provider)
        self._seen = self._state()

    @property
    def secret(self) -> Secret | None:
        """The token in use."""
        return self._login.token

    async def headers(self, outgoing: Outgoing) -> Mapping[str, str]:
        """Read the file again when it has changed, or when the token has run out."""
        state = self._state()
        expired = self._login.expires is not None and self._login.expires < time.time()
        if state != self._seen or expired:
            self._login, self._seen = read_login(self._provider), state
        sent = {"Authorization": f"Bearer {self._login.token.reveal()}"}
        if self._client is CLAUDE:
            given = [part.strip() for part in outgoing.headers.get("anthropic-beta", "").split(",") if part.strip()]
            sent["anthropic-beta"] = ",".join(dict.fromkeys([*given, OAUTH_BETA]))
        elif self._login.account is not None:
            sent["ChatGPT-Account-ID"] = self._login.account.reveal()
        return sent

    def _state(self) -> tuple[int, int] | None:
        try:
            found = login_file(self._client, self._provider, os.environ).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
