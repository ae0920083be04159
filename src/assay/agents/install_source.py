"""What ``--from`` may name: an installed tree is taken as it is; anything else is the client's affair."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from assay.agents.installed import DESCRIPTION
from assay.errors import InputError

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")


def tree_from(source: Path, tree: Path) -> bool:
    """Fill ``tree`` when ``source`` is an installed tree (folder or archive); False = it is something else."""
    if not source.exists():
        raise InputError(f"'{source}' does not exist", where=source)
    if source.is_dir():
        return _copied(source, tree)
    if not source.name.endswith(ARCHIVES):
        return False
    with tempfile.TemporaryDirectory(dir=tree.parent) as folder:
        # The program, because tarfile has no safe way to unpack in the oldest Python that Assay runs on.
        argv = ["tar", "-xf", str(source.resolve()), "--no-same-owner", "-C", folder]
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise InputError(f"the archive cannot be read: {' '.join(done.stderr.split())[:200]}", where=source)
        inside = list(Path(folder).iterdir())
        return any(_copied(root, tree) for root in (Path(folder), *inside[:1]) if root.is_dir())


def _copied(source: Path, tree: Path) -> bool:
    there = (source / DESCRIPTION).is_file() or (source / "node_modules").is_dir() or (source / "pyvenv.cfg").is_file()
    # A package that brings its own modules has its own manifest beside them, with a name; a tree's has none.
    if not there or (not (source / DESCRIPTION).is_file() and _is_package(source)):
        return False
    shutil.copytree(source, tree, symlinks=True, dirs_exist_ok=True)
    return True


def _is_package(source: Path) -> bool:
    manifest = source / "package.json"
    return manifest.is_file() and '"name"' in manifest.read_text(encoding="utf-8", errors="replace")
