"""Sandbox kinds by name: built in, by entry point ``assay.sandboxes``, or by dotted path ``package.module:Class``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points

from assay.errors import SandboxError
from assay.names import suggestion
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.unsafe_host import UnsafeHostKind

GROUP = "assay.sandboxes"
BUILT_IN: Mapping[str, Callable[[], SandboxKind]] = {
    BubblewrapKind.name: BubblewrapKind,
    UnsafeHostKind.name: UnsafeHostKind,
}


def sandbox_kind(name: str | None = None) -> SandboxKind:
    """Return the kind called ``name``; None = the best that works here, which is never ``unsafe-host``.

    Raises ``SandboxError`` with the remedy when there is none, when the name is unknown, or when the kind
    that was asked for does not work on this machine.
    """
    kind = BubblewrapKind() if name is None else _by_name(name)
    missing = kind.probe()
    if missing is not None:
        unsafe = f"; or run without isolation, if you trust the agents: --sandbox {UnsafeHostKind.name}"
        raise SandboxError(f"no {kind.name} sandbox can be started here", remedy=missing + unsafe)
    return kind


def _by_name(name: str) -> SandboxKind:
    if name in BUILT_IN:
        return BUILT_IN[name]()
    plugins = {point.name: point for point in entry_points(group=GROUP)}
    try:
        if name in plugins:
            return _made(plugins[name].load(), name)
        module, separator, attribute = name.partition(":")
        if separator:
            return _made(getattr(import_module(module), attribute), name)
    except (ImportError, AttributeError) as error:
        raise SandboxError(f"the sandbox kind {name!r} cannot be loaded: {error}") from error
    raise SandboxError(f"there is no sandbox kind {name!r}", remedy=suggestion(name, {*BUILT_IN, *plugins}))


def _made(made: object, name: str) -> SandboxKind:
    """Accept a class or a ready object, and check that it is a kind before a trial depends on it."""
    kind = made() if callable(made) else made
    absent = [part for part in ("name", "capabilities", "open", "probe", "reap") if not hasattr(kind, part)]
    if absent:
        raise SandboxError(f"{name!r} is not a sandbox kind: it has no {', '.join(absent)}")
    return kind  # type: ignore[return-value]  # checked just above
