"""Packages that sign for a cloud: optional, so loaded when a provider needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from assay.errors import CredentialError


def extra(module: str, name: str, provider: str, otherwise: str = "") -> Any:
    """Return a module of the extra ``name``. Raises ``CredentialError`` saying how to install it."""
    try:
        return import_module(module)
    except ImportError:
        raise CredentialError(
            f"provider '{provider}' needs the package {module.rpartition('.')[0] or module}, which is not installed",
            remedy=f"Install it: pip install 'assay[{name}]'{otherwise}",
        ) from None
