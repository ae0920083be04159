"""A PyPI agent as a tree of its own: an interpreter, its packages, and programs that name both by inside path.

The packages are fetched by uv, else pip, with the user's own settings. The interpreter is the system's where it is new
enough, because sandboxes show it; else the one that runs Assay, copied into the tree.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from assay.agents.installed import INSIDE, Tool
from assay.errors import InputError, MachineError
from assay.sandboxes.interpreter import LEFT_OUT, OLDEST, SYSTEM, TELL

_OFFLINE = ("dns error", "connect", "Network is unreachable", "Temporary failure", "timed out", "error sending request")
# Scripts hold paths of this machine, and metadata names the installer.
_OWN = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})


def fill(tool: Tool, version: str | None, tree: Path, source: Path | None, python: Path | None) -> None:
    """Install into ``tree``. Raises ``MachineError`` with the installer's reason, ``InputError`` for a bad Python."""
    base, version_of_python = _base(python)
    site = _lay_out(tree, base, version_of_python)
    what = [tool.package if version is None else f"{tool.package}=={version}", *tool.extra]
    if source and source.is_dir() and any(source.glob("*.whl")):
        what += ["--no-index", "--find-links", str(source.resolve())]
    elif source:
        what[0] = str(source.resolve())
    argv = [*_installer(tool, base), "--quiet", "--target", str(site), *what]
    done = subprocess.run(
        argv, cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise _failure(tool, what[0], done.stderr or done.stdout)
    shutil.rmtree(site / "bin", ignore_errors=True)
    for each in _found(tree):
        _scripts(tool, tree, each)
    _compile(tool, tree, base)


def host_argv(tree: Path, program: Path) -> list[str]:
    """Return how a program of the tree is started outside sandboxes, where its first line leads nowhere."""
    return [str(tree / "bin" / "python"), str(program)]


def contents(tree: Path) -> list[list[str]]:
    """Return name, version and file hashes of every package, as their installer recorded them."""
    return sorted([each.name, each.version, *sorted(_hashes(each))] for each in _found(tree))


def _hashes(each: Distribution) -> Iterator[str]:
    for file in each.files or ():
        if file.hash is not None and file.name not in _OWN and ".." not in file.parts and file.parts[0] != "bin":
            yield f"{file.as_posix()} {file.hash.value}"


def _found(tree: Path) -> list[Distribution]:
    return list(distributions(path=[str(path) for path in tree.glob("lib/python3*/site-packages")]))


def _base(python: Path | None) -> tuple[Path, str]:
    """Return the interpreter for the tree, and its version."""
    for candidate in (python,) if python else (SYSTEM, Path(sys.base_prefix, "bin", "python3")):
        version = _version(candidate)
        if version is not None and tuple(map(int, version.split(".")[:2])) >= OLDEST:
            return candidate, version
    if python:
        raise InputError(f"'{python}' is not a Python 3.11 or newer", where=python)
    raise MachineError("there is no Python for the agent's tree", remedy="Install the system's python3 (3.11 or newer)")


def _version(python: Path) -> str | None:
    try:
        done = subprocess.run([str(python), "-I", "-S", "-c", TELL], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _lay_out(tree: Path, base: Path, version: str) -> Path:
    """Make a virtual environment over a Python that sandboxes show, else a whole installation; return its packages."""
    name = "python" + ".".join(version.split(".")[:2])
    site = tree / "lib" / name / "site-packages"
    (tree / "bin").mkdir()
    if base.parent in (Path("/usr/bin"), Path("/usr/local/bin")):
        (tree / "bin" / "python").symlink_to(base)
        home = f"home = {base.parent}\ninclude-system-site-packages = false\nversion = {version}\n"
        (tree / "pyvenv.cfg").write_text(home, encoding="utf-8")
    else:
        real = base.resolve()
        shutil.copy2(real, tree / "bin" / name)
        (tree / "bin" / "python").symlink_to(name)
        libraries = real.parent.parent / "lib"
        shutil.copytree(libraries / name, tree / "lib" / name, symlinks=True, ignore=LEFT_OUT)
        for library in libraries.glob("libpython*.so*"):
            shutil.copy2(library, tree / "lib" / library.name, follow_symlinks=False)
    site.mkdir(parents=True, exist_ok=True)
    return site


def _installer(tool: Tool, base: Path) -> list[str]:
    """Return the command up to its options. uv is ten times as fast."""
    uv = shutil.which("uv")
    if uv:
        # Copies: a tree does not change when the cache it came from does.
        return [uv, "pip", "install", "--python", str(base), "--link-mode", "copy"]
    for pip in ([str(base), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(base)]):
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode == 0:
            return [*pip, "install", "--no-input", "--disable-pip-version-check"]
    raise MachineError(
        f"{tool.name} comes from PyPI, and neither uv nor pip is installed",
        remedy="Install uv or pip, or give an installed tree with --from",
    )


def _scripts(tool: Tool, tree: Path, each: Distribution) -> None:
    """Write the package's own programs, with the interpreter as sandboxes see it."""
    wanted = {Path(glob).name for glob in tool.programs}
    for entry in each.entry_points.select(group="console_scripts"):
        if entry.name in wanted:
            head = f"#!{INSIDE}/{tool.name}/bin/python\nimport sys\n"
            call = f"from {entry.module} import {entry.attr.split('.')[0]}\nsys.exit({entry.attr}())\n"
            script = tree / "bin" / entry.name
            script.write_text(head + call, encoding="utf-8")
            script.chmod(0o755)


def _compile(tool: Tool, tree: Path, base: Path) -> None:
    """Write byte code that is used without a look at the source: nothing can be written later."""
    flags = ["-q", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p"]
    argv = [str(base), "-I", "-m", "compileall", *flags, f"{INSIDE}/{tool.name}", str(tree / "lib")]
    subprocess.run(argv, check=False, capture_output=True)


def _failure(tool: Tool, what: str, said: str) -> MachineError:
    lines = [" ".join(line.split()).strip("│╰─▶\u00d7· ") for line in said.splitlines() if line.strip()]
    reason = next((line for line in lines if line.lower().startswith("error")), lines[0] if lines else "no reason")
    if any(word in said for word in _OFFLINE):
        return MachineError(
            f"PyPI cannot be reached for {what}",
            remedy="Check the network and the index of uv or pip, or install from a folder of wheels with --from",
        )
    return MachineError(
        f"{what} could not be installed: {reason[:300]}",
        remedy=f"The tested version is {tool.version}; another interpreter can be given with --python",
    )
