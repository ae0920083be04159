"""npm as its users know it: their registry, their settings, their cache. No host is named here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from assay.agents.installed import Tool
from assay.errors import MachineError

QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", "--package-lock")
IMPATIENT = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
"""Without these a registry that cannot be reached is tried for more than a minute, in silence."""
_OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")
_ABSENT = ("ETARGET", "E404", "notarget")


def fill(tool: Tool, version: str | None, tree: Path, source: Path | None) -> None:
    """Install into ``tree``. Raises ``MachineError`` with npm's own reason in one line."""
    npm = shutil.which("npm")
    if npm is None:
        raise MachineError(
            f"{tool.name} comes from npm, which is not installed",
            remedy="Install Node.js (it brings npm), or give an installed tree with --from",
        )
    what = str(source.resolve()) if source else f"{tool.package}@{version}"
    # A tree without links out of it, for a package that is a folder.
    argv = [
        npm,
        "install",
        "--prefix",
        str(tree),
        *QUIET,
        *IMPATIENT,
        "--save-exact",
        "--install-links",
        what,
        *tool.extra,
    ]
    done = subprocess.run(
        argv, cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise _failure(tool, what, done.stderr or done.stdout)
    _node(tool, tree)


def contents(tree: Path) -> list[list[str]]:
    """Return path, version and integrity of every package, from npm's lock; none when it wrote none."""
    for name in ("package-lock.json", "node_modules/.package-lock.json"):
        if (tree / name).is_file():
            packages = json.loads((tree / name).read_text(encoding="utf-8")).get("packages", {})
            return sorted([key, str(p.get("version")), str(p.get("integrity"))] for key, p in packages.items() if key)
    return []


def _failure(tool: Tool, what: str, said: str) -> MachineError:
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    code = next((line.removeprefix("code ") for line in lines if line.startswith("code ")), "")
    if code in _OFFLINE or any(word in said for word in _OFFLINE):
        return MachineError(
            f"npm cannot reach its registry for {what} ({code or 'no network'})",
            remedy="Check the network and 'npm config get registry', or install from a file with --from",
        )
    if code in _ABSENT:
        return MachineError(f"npm knows no {what}", remedy=f"The tested version is {tool.version}")
    reason = next((line for line in lines if not line.startswith("code ")), "") or said.strip()[-200:] or "no reason"
    return MachineError(f"npm could not install {what}: {reason}", remedy="See the log that npm names in ~/.npm/_logs")


def _node(tool: Tool, tree: Path) -> None:
    """Put the interpreter into the tree when sandboxes would not see it: they show ``/usr`` and nothing else."""
    programs = [path for glob in tool.programs for path in tree.glob(glob)]
    node = shutil.which("node")
    if node is None or any(_native(path) for path in programs):
        return
    real = Path(node).resolve()
    if real.parts[:2] != ("/", "usr"):
        (tree / "bin").mkdir(exist_ok=True)
        shutil.copy2(real, tree / "bin" / "node")


def _native(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
