"""Settings in layers: defaults for everybody, overrides for each tenant on top.

Settings are trees of dictionaries with text keys; a dotted path such as ``mail.sender`` names one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Tree = dict[str, Any]


class SettingsError(ValueError):
    """A path that leads through a value which is not a dictionary."""


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """Return ``base`` with ``over`` laid on top; dictionaries are merged key by key, all else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


class Settings:
    """Defaults, and one tree of overrides for each tenant that has any.

    Every tree is copied on its way in and on its way out: nothing is shared with callers or between tenants.
    """

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = deepcopy(dict(defaults))
        self._overrides: dict[str, Tree] = {}

    def resolve(self, tenant: str) -> Tree:
        """Return all settings that hold for ``tenant``."""
        return deepcopy(merge(self._defaults, self._overrides.get(tenant, {})))

    def get(self, tenant: str, path: str, default: Any = None) -> Any:
        """Return the value at ``path`` for ``tenant``, or ``default`` when there is none."""
        node: Any = self.resolve(tenant)
        for key in path.split("."):
            if not isinstance(node, dict) or key not in node:
                return default
            node = node[key]
        return node

    def override(self, tenant: str, path: str, value: Any) -> None:
        """Set ``path`` for ``tenant`` alone. Raises ``SettingsError`` if the path leads through a plain override."""
        *parents, last = path.split(".")
        node = self._overrides.setdefault(tenant, {})
        for key in parents:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise SettingsError(f"{path}: {key} is a plain value")
        node[last] = deepcopy(value)

    def unset(self, tenant: str, path: str) -> bool:
        """Remove the override at ``path``; return whether there was one."""
        *parents, last = path.split(".")
        node: Any = self._overrides.get(tenant, {})
        for key in parents:
            node = node.get(key)
            if not isinstance(node, dict):
                return False
        if last not in node:
            return False
        del node[last]
        return True

    def clone(self, source: str, target: str) -> None:
        """Give ``target`` the overrides of ``source``, in place of any it had."""
        self._overrides[target] = deepcopy(self._overrides.get(source, {}))

    def snapshot(self) -> dict[str, Tree]:
        """Return the overrides of all tenants as they are now, for ``restore``."""
        return deepcopy(self._overrides)

    def restore(self, snapshot: Mapping[str, Tree]) -> None:
        """Put back the overrides of a snapshot."""
        self._overrides = deepcopy(dict(snapshot))
