"""Command-line agents as trees of files: installed once, versioned, read-only, shown to every sandbox.

A tree lies at ``<root>/<name>/<version>/`` with ``tool.json`` beside its files; ``<root>`` is ``$ASSAY_TOOLS``, else
``tools/`` in Assay's cache folder. Inside a sandbox it is ``/opt/agents/<name>``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from assay.errors import MachineError
from assay.sandboxes.base import Mount
from assay.sandboxes.cache import cache_root

INSIDE = "/opt/agents"
DESCRIPTION = "tool.json"


@dataclass(frozen=True, slots=True)
class Tool:
    """Where an agent comes from. ``registry``: ``npm | pypi``. ``version`` is the one that was tested: the default.

    ``programs`` are globs inside the tree of what is started, what starts fastest first; ``extra`` are further
    packages for the same tree; ``check`` are the arguments with which the program says its version.
    """

    name: str
    registry: str
    package: str
    version: str
    programs: tuple[str, ...]
    extra: tuple[str, ...] = ()
    check: tuple[str, ...] = ("--version",)


@dataclass(frozen=True, slots=True)
class ToolTree:
    """An installed tree. ``sha256`` is of its packages with their own hashes; ``size`` in bytes, None = not known."""

    name: str
    version: str
    host: Path
    program: str
    sha256: str = ""
    size: int | None = None

    @property
    def inside(self) -> str:
        """Where a sandbox shows it."""
        return f"{INSIDE}/{self.name}"

    @property
    def command(self) -> str:
        """Inside path of the program."""
        return f"{self.inside}/{self.program}"

    @property
    def mount(self) -> Mount:
        """How a sandbox shows it: read-only."""
        return Mount(self.host, self.inside)


def tools_root() -> Path:
    """Return the folder of all trees."""
    given = os.environ.get("ASSAY_TOOLS")
    return Path(given) if given else cache_root() / "tools"


def tool_tree(tool: Tool, version: str | None = None) -> ToolTree:
    """Return an installed tree. Raises ``MachineError`` with the command that installs it."""
    wanted = version or tool.version
    folder = tools_root() / tool.name / wanted
    asked = f"{tool.name}@{wanted}"
    try:
        tree = described(tool.name, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        others = installed_versions(tool.name)
        here = f" (installed: {', '.join(others)})" if others else ""
        raise MachineError(f"{asked} is not installed{here}", remedy=f"Run: assay agents install {asked}") from error
    if not (folder / tree.program).is_file():
        raise MachineError(
            f"the tree of {asked} is damaged: {tree.program} is missing",
            where=folder,
            remedy=f"Run: assay agents remove {asked}, then: assay agents install {asked}",
        )
    return tree


def described(name: str, folder: Path) -> ToolTree:
    """Read ``tool.json`` of a tree. Raises ``OSError``, ``ValueError``, ``KeyError`` or ``TypeError``."""
    said = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    size = said.get("size")
    return ToolTree(name, str(said["version"]), folder, str(said["program"]), str(said.get("sha256", "")), size)


def installed_versions(name: str) -> tuple[str, ...]:
    """Return the versions that are there, sorted as text; what is being installed is not among them."""
    found = (path.parent.name for path in (tools_root() / name).glob(f"*/{DESCRIPTION}"))
    return tuple(sorted(version for version in found if not version.startswith(".")))
