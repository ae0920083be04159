"""Every error a user can meet, in one tree.

::

    AssayError                  what is wrong, where, what to do about it; exit code 1
    ├── InputError              a file or option that a person wrote; exit code 2
    │   ├── ExperimentError     experiment.yaml
    │   ├── TaskError           a task folder or suite
    │   ├── PriceError          a price override or an unpriced model under a money cap
    │   └── PolicyError         policy.yaml
    ├── RunError                a run folder that cannot be opened, resumed or extended; exit code 3
    │   ├── LedgerError         the ledger refuses or is damaged
    │   └── EvidenceError       evidence missing or unreadable
    ├── MachineError            this machine lacks something; exit code 4
    │   ├── SandboxError        no sandbox can be started here
    │   └── CredentialError     a key is missing or unreadable
    └── InternalError           a broken promise of ours; exit code 70

A failed *trial* is never one of these: it is a row in the ledger (see ``records.Ended``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error sits: a file, and a line (1-based) when one is known."""

    path: Path | str
    line: int | None = None

    def __str__(self) -> str:
        """``file`` or ``file:line``, as editors understand it."""
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"


class AssayError(Exception):
    """Base of the tree.

    ``what`` says what is wrong in one sentence, ``where`` names the file and line,
    ``remedy`` says what to do. ``str()`` is the single line a user sees.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: Place | Path | str | None = None, remedy: str | None = None) -> None:
        """Keep the three parts apart, so that ``--json`` can print them as fields."""
        self.what = what
        self.where = Place(where) if isinstance(where, (str, Path)) else where
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        """One line: ``where: what (remedy)``."""
        place = f"{self.where}: " if self.where is not None else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return " ".join(f"{place}{self.what.rstrip('.')}{remedy}".split())


class InputError(AssayError):
    """A file or option that a person wrote is wrong."""

    exit_code = 2


class ExperimentError(InputError):
    """``experiment.yaml`` is wrong."""


class TaskError(InputError):
    """A task folder or a suite is wrong."""


class PriceError(InputError):
    """A price override is wrong, or a money cap meets a model without a price."""


class PolicyError(InputError):
    """``policy.yaml`` is wrong."""


class RunError(AssayError):
    """A run folder cannot be opened, resumed or extended."""

    exit_code = 3


class LedgerError(RunError):
    """The ledger refuses, or is damaged."""


class EvidenceError(RunError):
    """Evidence is missing or unreadable."""


class MachineError(AssayError):
    """This machine lacks something that the command needs."""

    exit_code = 4


class SandboxError(MachineError):
    """No sandbox can be started here."""


class CredentialError(MachineError):
    """A key is missing or unreadable. The message never contains the key."""


class InternalError(AssayError):
    """A promise of our own was broken: please report it."""

    exit_code = 70
