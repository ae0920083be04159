"""Documents: dictionaries with texts as keys, nested as sections. No function changes one; each makes a new one.

A dotted path such as ``schedule.hours`` names a value in a section.
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


class DocumentError(ValueError):
    """A document that is not as it should be."""


def has(document: Document, path: str) -> bool:
    """Tell whether there is a value at ``path``."""
    section, _, rest = path.partition(".")
    if section not in document or not rest:
        return section in document
    return isinstance(document[section], dict) and has(document[section], rest)


def value_at(document: Document, path: str, default: Any = None) -> Any:
    """Return the value at ``path``, or ``default`` if there is none."""
    if not has(document, path):
        return default
    section, _, rest = path.partition(".")
    return value_at(document[section], rest) if rest else document[section]


def placed(document: Document, path: str, value: Any) -> Document:
    """Return ``document`` with ``value`` at ``path``: in place of the value there, or else at the end of its section.

    Sections that are missing are made. Raises ``DocumentError`` if the path leads through a value that is no section.
    """
    section, _, rest = path.partition(".")
    if not rest:
        return {**document, section: value}
    inner = document.get(section, {})
    if not isinstance(inner, dict):
        raise DocumentError(f"{section}: not a section")
    return {**document, section: placed(inner, rest, value)}


def dropped(document: Document, path: str) -> Document:
    """Return ``document`` without the value at ``path``, if there is one."""
    if not has(document, path):
        return dict(document)
    section, _, rest = path.partition(".")
    if rest:
        return {**document, section: dropped(document[section], rest)}
    return {key: value for key, value in document.items() if key != section}


def moved(document: Document, source: str, target: str) -> Document:
    """Return ``document`` with the value at ``source``, if there is one, placed at ``target`` instead."""
    if not has(document, source):
        return dict(document)
    return placed(dropped(document, source), target, value_at(document, source))
