"""Settings in layers: defaults for everybody, overrides for each tenant on top.

Settings are trees of dictionaries with text keys; a dotted path such as ``mail.sender`` names one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List
import copy, json

Tree = dict[str, Any]


def copy_it(x):
    if x == None:
        return None
    if type(x) == dict:
        r = {}
        for k in x.keys():
            if type(x[k]) == dict:
                r[k] = copy_it(x[k])
            elif type(x[k]) == list:
                l = []
                for i in range(0, len(x[k])):
                    if type(x[k][i]) == dict or type(x[k][i]) == list:
                        l.append(copy_it(x[k][i]))
                    else:
                        l.append(x[k][i])
                r[k] = l
            else:
                r[k] = x[k]
        return r
    elif type(x) == list:
        l = []
        for i in range(0, len(x)):
            l.append(copy_it(x[i]))
        return l
    else:
        try:
            return copy.deepcopy(x)
        except:
            return x


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
    """Defaults, and one tree of overrides for each tenant that has any."""

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = copy_it(dict(defaults))
        self._overrides: dict[str, Tree] = {}

    def resolve(self, tenant: str) -> Tree:
        """Return all settings that hold for ``tenant``."""
        a = copy_it(self._defaults)
        if tenant in self._overrides.keys():
            b = copy_it(self._overrides[tenant])
        else:
            b = {}
        result = merge(a, b)
        return result

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
        node[last] = copy_it(value)

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
        if source in self._overrides.keys():
            o = copy_it(self._overrides[source])
            self._overrides[target] = o
        else:
            self._overrides[target] = {}

    def snapshot(self) -> dict[str, Tree]:
        """Return the overrides of all tenants as they are now, for ``restore``."""
        snap = {}
        for t in self._overrides.keys():
            snap[t] = copy_it(self._overrides[t])
        return snap

    def restore(self, snapshot: Mapping[str, Tree]) -> None:
        """Put back the overrides of a snapshot."""
        new = {}
        for t in snapshot.keys():
            new[t] = copy_it(snapshot[t])
        self._overrides = new
