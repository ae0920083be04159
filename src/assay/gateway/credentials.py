"""Real keys: read from the environment or a key file on the host, held in memory, sent upstream, nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from assay.errors import CredentialError
from assay.providers import Provider


class Secret:
    """A key that does not show itself: not in ``repr``, not in ``str``, not in a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        """Hide the value."""
        return "Secret(...)"

    def __reduce__(self) -> str:
        """Refuse to be stored."""
        raise TypeError("a key is never stored")


class Mask:
    """Blots a key out of bytes that a provider sends, keeping their length.

    A provider that echoes the key, as some do in errors, must not carry it into the sandbox or the evidence.
    Bytes are held back only while they may be the beginning of the key.
    """

    def __init__(self, secret: Secret) -> None:
        self._key = secret.reveal().encode()
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """Return a complete body, masked."""
        return data.replace(self._key, b"*" * len(self._key)) if self._key in data else data

    def feed(self, data: bytes) -> bytes:
        """Return what may be passed on now of a stream."""
        data = (self._held + data).replace(self._key, b"*" * len(self._key))
        longest = min(len(self._key) - 1, len(data))
        held = next((size for size in range(longest, 0, -1) if data.endswith(self._key[:size])), 0)
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def flush(self) -> bytes:
        """Return what was held back, at the end."""
        held, self._held = self._held, b""
        return held


def read_key(provider: Provider, environ: Mapping[str, str] | None = None) -> Secret | None:
    """Return the provider's key, or None when it needs none. Raises ``CredentialError`` without showing content."""
    if provider.auth == "none":
        return None
    environ = os.environ if environ is None else environ
    if provider.key_file is not None:
        return _from_file(provider, Path(provider.key_file).expanduser())
    if provider.key_env is None:
        raise CredentialError(
            f"provider '{provider.name}' needs a key, but names no place for it",
            remedy="Set key: env:NAME or file:PATH, or key: none",
        )
    value = environ.get(provider.key_env, "").strip()
    if not value:
        raise CredentialError(
            f"no key for provider '{provider.name}': {provider.key_env} is not set",
            remedy=f"export {provider.key_env}=...",
        )
    return _secret(provider, value, f"${provider.key_env}")


def auth_header(provider: Provider, secret: Secret | None) -> tuple[str, str] | None:
    """Return the header that carries the key, by ``Provider.auth``."""
    if secret is None:
        return None
    if provider.auth == "bearer":
        return "Authorization", f"Bearer {secret.reveal()}"
    return provider.auth, secret.reveal()


def _from_file(provider: Provider, path: Path) -> Secret:
    try:
        value = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not plain ASCII text"
        raise CredentialError(
            f"the key file of provider '{provider.name}' cannot be read: {reason}",
            where=path,
            remedy="Check the path and its permissions",
        ) from None
    if not value:
        raise CredentialError(
            f"the key file of provider '{provider.name}' is empty", where=path, remedy="Write the key into it"
        )
    return _secret(provider, value, str(path))


def _secret(provider: Provider, value: str, where: str) -> Secret:
    """A key with blanks or control characters is a mistake, and could forge headers."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise CredentialError(
            f"the key of provider '{provider.name}' holds blanks or other characters that no key has",
            where=where,
            remedy="It must be one line with the key alone",
        )
    return Secret(value)
