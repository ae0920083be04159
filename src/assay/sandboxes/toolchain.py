"""Toolchains: versioned, read-only trees that a task's programs and its verifier share.

``python`` is an interpreter with locked pytest, lizard and ruff, taken from the environment that Assay itself
runs in. It is laid out as a virtual environment (or, where the system's Python is too old, as a whole
installation), so that ``-I`` finds its packages and nothing of this machine's site-packages is seen.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path
from types import MappingProxyType

from assay.errors import SandboxError
from assay.identity import content_id
from assay.sandboxes.base import Mount
from assay.sandboxes.cache import built
from assay.sandboxes.interpreter import SYSTEM, Interpreter, interpreter

INSIDE = "/opt/toolchain"
# What the three tools need at run time; lizard imports pathspec and pygments.
DISTRIBUTIONS = ("pytest", "iniconfig", "pluggy", "packaging", "pygments", "lizard", "pathspec", "ruff")
PROGRAMS = ("ruff",)
# Metadata that differs between two installations of the same thing.
INSTALLERS_OWN = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})
LAYOUT = 1  # raise it when _build changes
# The interpreter is found through PATH, where ``Toolchain.env`` puts this tree first.
SCRIPT = "#!/usr/bin/env python\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
SCRIPTS = {"pytest": ("pytest", "main"), "lizard": ("lizard", "main")}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """``mounts`` show it, ``python`` is its interpreter by inside path, ``env`` puts its programs first.

    ``hash`` covers the content (files and interpreter version), not the machine; it belongs in the lock.
    """

    name: str
    hash: str
    mounts: tuple[Mount, ...]
    python: str
    env: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file to copy: where from, where to below the tree, and the hash its installer recorded."""

    source: Path
    target: str
    digest: str


def toolchain(name: str = "python") -> Toolchain:
    """Return a toolchain, building it once into the cache (a few seconds). Raises ``SandboxError``."""
    if name != "python":
        raise SandboxError(f"there is no toolchain {name!r}", remedy="The toolchain of this version is: python")
    return _python()


@cache
def _python() -> Toolchain:
    python = interpreter()
    distributions = [_distribution(name) for name in DISTRIBUTIONS]
    parts = sorted(_parts(distributions, _site(python)), key=lambda part: part.target)
    identity = content_id(
        "toolchain",
        {"layout": LAYOUT, "python": python.version, "files": [[part.target, part.digest] for part in parts]},
    )
    tree = built("toolchain", identity, lambda folder: _build(folder, parts, python))
    return Toolchain(
        name="python",
        hash=identity,
        mounts=(Mount(tree, INSIDE),),
        python=f"{INSIDE}/bin/python",
        env=MappingProxyType({"PATH": f"{INSIDE}/bin:/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}),
        versions=MappingProxyType(
            {"python": python.version, **{each.name.lower(): each.version for each in distributions}}
        ),
    )


def _site(python: Interpreter) -> str:
    return "lib/python" + ".".join(python.version.split(".")[:2]) + "/site-packages"


def _distribution(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise SandboxError(
            f"the python toolchain needs {name}, which is not installed beside Assay",
            remedy="Reinstall Assay with its dependencies",
        ) from None


def _parts(distributions: list[Distribution], site: str) -> Iterator[_Part]:
    """Yield modules, metadata and the named programs; other scripts hold paths of this machine."""
    for each in distributions:
        for file in each.files or ():
            if ".." in file.parts:
                if file.name in PROGRAMS:
                    yield _part(file, f"bin/{file.name}")
            elif file.suffix != ".pyc" and file.name not in INSTALLERS_OWN:
                yield _part(file, f"{site}/{file.as_posix()}")


def _part(file: PackagePath, target: str) -> _Part:
    return _Part(Path(str(file.locate())), target, file.hash.value if file.hash is not None else "")


def _build(folder: Path, parts: list[_Part], python: Interpreter) -> None:
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    if python.host == SYSTEM:
        for name in ("python", "python3"):
            (bin_folder / name).symlink_to(python.inside)
        home = f"home = {SYSTEM.parent}\ninclude-system-site-packages = false\nversion = {python.version}\n"
        (folder / "pyvenv.cfg").write_text(home, encoding="utf-8")
    else:
        shutil.copytree(python.host.parent.parent, folder, symlinks=True, dirs_exist_ok=True)
        (bin_folder / "python").symlink_to(python.host.name)
    for part in parts:
        target = folder / part.target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(part.source, target)
    for name, (module, function) in SCRIPTS.items():
        script = bin_folder / name
        script.write_text(SCRIPT.format(module=module, function=function), encoding="utf-8")
        script.chmod(0o755)
    _compile(folder, python)


def _compile(folder: Path, python: Interpreter) -> None:
    """Write byte code that is used without a look at the source; paths in tracebacks are inside paths."""
    flags = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", INSIDE]
    # The cache is not for those who build: a module that does not compile (test data) is left as source.
    subprocess.run(
        [str(python.host), "-I", "-m", "compileall", *flags, str(folder / "lib")], check=False, capture_output=True
    )
