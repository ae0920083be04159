"""Cells that compute themselves from other cells, and do so again only when needed.

An input cell holds a value. A computed cell has a rule: a function that is given ``read`` and reads other cells with
it; which ones may differ from run to run.

- ``get`` always answers as if every rule had been run just now.
- A rule runs only when its cell is asked for, directly or by another rule, and only if it has not run yet or something
  that it read when it last ran has another result since then. A cell that is computed anew with an equal value has not
  changed.
- A failure is a result like a value: it is kept, and raised at every ``get`` and ``read``, until something that was
  read has changed. To read a cell that does not exist is such a failure (``UnknownCellError``); so is to read a cell
  that is being computed (``CycleError``).
- A rule may catch the failure of a cell that it reads and return something else.
- What is not an ``Exception`` (``KeyboardInterrupt`` and the like) is no result: it passes through ``get``, and the
  cells that were being computed are computed when they are next asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Read = Callable[[str], Any]
Rule = Callable[[Read], Any]


class CellError(Exception):
    """What goes wrong with cells as such."""


class UnknownCellError(CellError):
    """A cell that does not exist."""


class CycleError(CellError):
    """A cell that needs itself."""


@dataclass
class _Cell:
    """A cell; times are revisions of the sheet, ``checked`` 0 = never computed."""

    rule: Rule | None = None
    value: Any = None
    changed: int = 0
    checked: int = 0
    inputs: list[str] = field(default_factory=list)


class Sheet:
    """Cells by name."""

    def __init__(self) -> None:
        self._cells: dict[str, _Cell] = {}
        self._active: list[str] = []
        self._revision = 1

    def names(self) -> list[str]:
        """Return the names of all cells, sorted."""
        return sorted(self._cells)

    def set(self, name: str, value: Any) -> None:
        """Make ``name`` an input cell with this value, whatever it was before."""
        cell = self._cells.get(name)
        if cell is not None and cell.rule is None and cell.value == value:
            return
        self._revision += 1
        self._cells[name] = _Cell(value=value, changed=self._revision)

    def define(self, name: str, rule: Rule) -> None:
        """Make ``name`` a computed cell, whatever it was before."""
        self._revision += 1
        self._cells[name] = _Cell(rule)

    def remove(self, name: str) -> None:
        """Remove a cell. Raises ``UnknownCellError`` if it does not exist."""
        if name not in self._cells:
            raise UnknownCellError(name)
        self._revision += 1
        del self._cells[name]

    def get(self, name: str) -> Any:
        """Return the value of a cell, or raise its failure."""
        return self._fresh(name).value

    def _fresh(self, name: str) -> _Cell:
        """Return the cell, brought up to date."""
        if name not in self._cells:
            raise UnknownCellError(name)
        cell = self._cells[name]
        if cell.rule is None or cell.checked == self._revision:
            return cell
        if name in self._active:
            raise CycleError(" -> ".join([*self._active, name]))
        self._active.append(name)
        try:
            if cell.checked == 0 or self._inputs_changed(cell):
                self._compute(cell, cell.rule)
            cell.checked = self._revision
        finally:
            self._active.pop()
        return cell

    def _inputs_changed(self, cell: _Cell) -> bool:
        """Whether something that the cell read has changed since; later reads may hang on earlier ones."""
        return any(self._fresh(name).changed > cell.checked for name in cell.inputs)

    def _compute(self, cell: _Cell, rule: Rule) -> None:
        inputs: list[str] = []

        def read(name: str) -> Any:
            value = self._fresh(name).value
            inputs.append(name)
            return value

        value = rule(read)
        if cell.checked == 0 or value != cell.value:
            cell.value = value
            cell.changed = self._revision
        cell.inputs = inputs
