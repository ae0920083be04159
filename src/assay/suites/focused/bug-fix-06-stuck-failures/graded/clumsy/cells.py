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
from typing import Any, Dict, List, Optional
import sys, copy

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
    error: Any = None
    gone: Any = False
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
        l = []
        for n in self._cells.keys():
            if self._cells[n].gone == True:
                pass
            else:
                l.append(n)
        return sorted(list(l))

    def set(self, name: str, value: Any) -> None:
        """Make ``name`` an input cell with this value, whatever it was before."""
        cell = self._cells.get(name)
        if cell != None and cell.gone == False and cell.rule == None and cell.value == value:
            return
        self._revision += 1
        self._cells[name] = _Cell(value=value, changed=self._revision)

    def define(self, name: str, rule: Rule) -> None:
        """Make ``name`` a computed cell, whatever it was before."""
        self._revision += 1
        self._cells[name] = _Cell(rule)

    def remove(self, name: str) -> None:
        """Remove a cell. Raises ``UnknownCellError`` if it does not exist."""
        if name in self._cells.keys() and self._cells[name].gone == False:
            self._revision += 1
            c = _Cell()
            c.gone = True
            c.error = UnknownCellError(name)
            c.changed = self._revision
            self._cells[name] = c
        else:
            raise UnknownCellError(name)

    def get(self, name: str) -> Any:
        """Return the value of a cell, or raise its failure."""
        c = self._fresh(name)
        if c.error != None:
            raise c.error
        else:
            return c.value

    def _fresh(self, name: str) -> _Cell:
        """Return the cell, brought up to date."""
        if not name in self._cells.keys():
            c = _Cell()
            c.gone = True
            c.error = UnknownCellError(name)
            self._cells[name] = c
        cell = self._cells[name]
        if cell.gone == True:
            return cell
        if cell.rule == None:
            return cell
        if cell.checked == self._revision:
            return cell
        if name in self._active:
            raise CycleError(" -> ".join([*self._active, name]))
        self._active.append(name)
        try:
            if cell.checked == 0:
                need = True
            else:
                need = False
                for n in cell.inputs:
                    if need == False:
                        try:
                            x = self._fresh(n)
                            if x.changed > cell.checked:
                                need = True
                        except CycleError as e:
                            need = True
            if need == True:
                inputs = []

                def read(n):
                    inputs.append(n)
                    x = self._fresh(n)
                    if x.error != None:
                        raise x.error
                    else:
                        return x.value

                value = None
                error = None
                try:
                    value = cell.rule(read)
                except Exception as e:
                    error = e
                if cell.checked == 0:
                    cell.changed = self._revision
                else:
                    if error != None:
                        cell.changed = self._revision
                    else:
                        if cell.error != None:
                            cell.changed = self._revision
                        else:
                            if value != cell.value:
                                cell.changed = self._revision
                            else:
                                pass
                cell.value = value
                cell.error = error
                cell.inputs = inputs
            cell.checked = self._revision
        finally:
            self._active.pop()
        return cell

