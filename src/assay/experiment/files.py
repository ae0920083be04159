"""``file:mid.md``: text that lies beside the experiment file becomes content before anything is validated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.documents.base import Document, KeyPath
from assay.errors import ExperimentError
from assay.names import same_but_for_number

PREFIX = "file:"
MAX_BYTES = 1 << 20

# Blocks whose texts may lie in files. In the first group a file is a text; in the second a list, one entry a line.
_TEXTS = ("variants", "profiles", "question", "hypotheses")
_LISTS = ("tasks", "suite", "predict", "models")


def with_files(document: Document, folder: Path) -> dict[str, Any]:
    """Return the document's data with every ``file:`` reference replaced. Keys of providers are left alone."""
    return {key: _filled(value, (key,), document, folder) for key, value in document.data.items()}


def _filled(value: Any, path: KeyPath, document: Document, folder: Path) -> Any:
    block = str(path[0])
    if isinstance(value, Mapping):
        return {key: _filled(item, (*path, key), document, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [part for index, item in enumerate(value) for part in _item(item, (*path, index), document, folder)]
    if isinstance(value, str) and value.startswith(PREFIX):
        if _is_one_of(block, _TEXTS):
            return _read(value, path, document, folder)
        if _is_one_of(block, _LISTS):
            return _lines(_read(value, path, document, folder))
    return value


def _item(item: Any, path: KeyPath, document: Document, folder: Path) -> list[Any]:
    """Return what a list's item becomes; a file of names in a list of names is joined to it."""
    filled = _filled(item, path, document, folder)
    return filled if isinstance(item, str) and isinstance(filled, list) else [filled]


def _is_one_of(block: str, names: tuple[str, ...]) -> bool:
    return any(same_but_for_number(block, name) for name in names)


def _lines(text: str) -> list[str]:
    """One entry a line; blank lines and what follows ``#`` do not count."""
    return [entry for line in text.splitlines() if (entry := line.partition("#")[0].strip())]


def _read(reference: str, path: KeyPath, document: Document, folder: Path) -> str:
    name = reference.removeprefix(PREFIX).strip()
    place = document.place(path)
    file = folder / Path(name).expanduser()
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ExperimentError(f"'{name}' is larger than {MAX_BYTES >> 20} MB", where=place)
        return file.read_text(encoding="utf-8")
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        remedy = "Paths are relative to the experiment file"
        raise ExperimentError(f"cannot read '{name}': {reason}", where=place, remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise ExperimentError(f"'{name}' is not UTF-8 text", where=place) from error
