"""Installs agents into their trees: made apart, checked, then put in place in one move. A half tree is never used."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from assay.agents import install_npm, install_pypi
from assay.agents.install_source import tree_from
from assay.agents.installed import DESCRIPTION, Tool, ToolTree, described, installed_versions, tool_tree, tools_root
from assay.errors import InputError, MachineError
from assay.sandboxes.cache import open_to_all

VERSION = re.compile(r"\d+\.\d+(?:\.\w+)*(?:[-+][\w.]+)?")
CHECK_S = 120.0
_MAKING = ".making-"


def install(tool: Tool, version: str | None = None, source: Path | None = None, python: Path | None = None) -> ToolTree:
    """Return the tree, made when it is not there: from its registry, or from ``source``, a folder or an archive.

    ``source`` is an installed tree, a package, or (PyPI) a folder of wheels; with it ``version`` may be left open and
    is what the program says of itself. ``python`` is the interpreter of a PyPI agent's tree. Raises ``InputError``
    for a version that does not fit, ``MachineError`` when the registry's client is missing or fails.
    """
    wanted = version or (None if source else tool.version)
    if wanted in installed_versions(tool.name):
        return tool_tree(tool, wanted)
    parent = tools_root() / tool.name
    parent.mkdir(parents=True, exist_ok=True)
    for folder in (parent, parent.parent):
        folder.chmod(0o755)
    _clear(parent)
    work = Path(tempfile.mkdtemp(prefix=f"{_MAKING}{os.getpid()}-", dir=parent))
    try:
        return _placed(tool, work, wanted, source, python)
    except OSError as error:
        raise MachineError(f"{tool.name} cannot be installed: {error}", where=parent) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def remove(tool: Tool, version: str) -> None:
    """Delete a tree; it is out of use at once. Raises ``InputError`` when it is not there."""
    place = tools_root() / tool.name / version
    if version.startswith(".") or "/" in version or not place.is_dir():
        there = ", ".join(installed_versions(tool.name)) or "none"
        raise InputError(f"{tool.name}@{version} is not installed", remedy=f"Installed versions: {there}")
    gone = Path(tempfile.mkdtemp(prefix=f"{_MAKING}{os.getpid()}-", dir=place.parent))
    place.rename(gone / version)
    shutil.rmtree(gone, ignore_errors=True)


def _placed(tool: Tool, work: Path, wanted: str | None, source: Path | None, python: Path | None) -> ToolTree:
    tree = work / "tree"
    tree.mkdir()
    if not (source and tree_from(source, tree)):
        if tool.registry == "npm":
            install_npm.fill(tool, wanted, tree, source)
        else:
            install_pypi.fill(tool, wanted, tree, source, python)
    program, version = _checked(tool, tree, wanted)
    contents = install_npm.contents(tree) if tool.registry == "npm" else install_pypi.contents(tree)
    said = {
        "name": tool.name,
        "version": version,
        "program": program,
        "registry": tool.registry,
        "package": tool.package,
        "sha256": hashlib.sha256(json.dumps(contents).encode()).hexdigest(),
        "size": _size(tree),
    }
    (tree / DESCRIPTION).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    open_to_all(tree)
    place = tools_root() / tool.name / version
    try:
        tree.rename(place)
    except OSError:
        # Somebody else was faster, with the same thing.
        if version not in installed_versions(tool.name):
            raise
    return described(tool.name, place)


def _checked(tool: Tool, tree: Path, wanted: str | None) -> tuple[str, str]:
    """Return the program that starts, and the version it prints. It is asked in an empty home."""
    found = [path for glob in tool.programs for path in sorted(tree.glob(glob)) if path.is_file()]
    if not found:
        raise MachineError(f"{tool.package} brought no program: {' or '.join(tool.programs)} is missing", where=tree)
    answers = []
    for path in found:
        with tempfile.TemporaryDirectory(prefix="assay-home-") as home:
            answer = _asked(tool, tree, path, Path(home))
        version = VERSION.search(answer)
        if version and wanted in (None, version[0]):
            return path.relative_to(tree).as_posix(), version[0]
        answers.append(version[0] if version else " ".join(answer.split())[:200] or "nothing")
    wish = f"version {wanted}" if wanted else "a version"
    raise MachineError(
        f"{tool.name} was to be {wish}, but the program says: {answers[0]}",
        remedy=f"Ask for the version that it is, or install from the registry: assay agents install {tool.name}",
    )


def _asked(tool: Tool, tree: Path, program: Path, home: Path) -> str:
    argv = install_pypi.host_argv(tree, program) if tool.registry == "pypi" else [str(program)]
    paths = f"{tree / 'bin'}:{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            [*argv, *tool.check],
            env=_quiet(home, paths),
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CHECK_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"nothing for {CHECK_S:.0f} seconds"
    except OSError as error:
        return str(error)
    return done.stdout + done.stderr


def _quiet(home: Path, paths: str) -> Mapping[str, str]:
    """Nothing of the user's, and nobody is asked for updates."""
    off = ("DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "OPENCODE_DISABLE_AUTOUPDATE")
    told = {"AIDER_CHECK_UPDATE": "false", "AIDER_ANALYTICS": "false", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return {"HOME": str(home), "PATH": paths, "LANG": "C.UTF-8"} | dict.fromkeys(off, "1") | told


def _size(tree: Path) -> int:
    """Bytes on disk; a file under two names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, files in os.walk(tree):
        for name in files:
            state = (Path(parent) / name).lstat()
            seen[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(seen.values())


def _clear(parent: Path) -> None:
    """Delete what an installation left behind that was killed."""
    for folder in parent.glob(f"{_MAKING}*"):
        process = folder.name.removeprefix(_MAKING).partition("-")[0]
        if not (process.isdigit() and Path("/proc", process).exists()):
            shutil.rmtree(folder, ignore_errors=True)
