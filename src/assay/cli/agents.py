"""``assay agents``: install command-line agents once, see what is there, remove it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from assay.agents.catalogue import TOOLS, asked_tool
from assay.agents.install import install, remove
from assay.agents.installed import Tool, described, installed_versions, tool_tree, tools_root
from assay.cli.options import PATH, json_option
from assay.cli.output import page, print_json, progress, table
from assay.errors import AssayError, InputError, MachineError
from assay.records import Record

AT_ONCE = 3  # an installation waits for the network most of its time


@dataclass(frozen=True, slots=True)
class Listed(Record):
    """One agent: ``pinned`` is the tested version, ``installed`` maps versions to bytes on disk (None = not known)."""

    name: str
    pinned: str
    package: str
    installed: Mapping[str, int | None]
    problem: str | None


@click.group(no_args_is_help=True)
def agents() -> None:
    """Install, list and remove command-line agents (docs/agents.md)."""


@agents.command("install")
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]]...")
@click.option("--all", "every", is_flag=True, help="Every agent, at its tested version.")
@click.option("--from", "source", type=PATH, help="An installed tree, a package, or a folder of wheels.")
@click.option("--python", type=PATH, help="The interpreter for an agent from PyPI.")
@json_option
def install_command(
    names: tuple[str, ...], every: bool, source: Path | None, python: Path | None, as_json: bool
) -> None:
    """Install agents from npm or PyPI, with your own registry settings; without a version, the tested one.

    Once for all experiments: a tree is read-only, and shown to every sandbox. What is installed already stays.
    """
    wanted = [asked_tool(name) for name in (*names, *(TOOLS if every else ()))]
    if not wanted:
        raise InputError("no agent is named", remedy=f"Give a name, or --all. Names: {', '.join(TOOLS)}")
    if source is not None and len(wanted) > 1:
        raise InputError("--from is for one agent", remedy="Install them one by one")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda one: _installed(one[0], one[1], source, python), dict.fromkeys(wanted)))
    failed = [one for one in found if isinstance(one, AssayError)]
    if as_json and not failed:
        print_json([one for one in found if not isinstance(one, AssayError)])
    for one in failed[1:]:
        progress().print(f"error: {one}")
    if failed:
        raise failed[0]


@agents.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the agents that can be installed, and what is there."""
    found = [_listed(tool) for tool in TOOLS.values()]
    if as_json:
        print_json([one.to_json() for one in found])
        return
    shown = table(("agent", "tested", "installed", "disk", "problem"), numbers=("disk",))
    for one in found:
        sizes = [size for size in one.installed.values() if size is not None]
        disk = f"{sum(sizes) / 1e6:,.0f} MB" if sizes else ""
        shown.add_row(
            one.name, one.pinned, ", ".join(one.installed) or "none", disk, one.problem if one.installed else ""
        )
    page().print(shown)
    if any(not one.installed for one in found):
        progress().print("Install with: assay agents install NAME ... (or --all)")
    progress().print(f"Trees are in {tools_root()}")


@agents.command("remove")
@click.argument("name", metavar="NAME@VERSION")
def remove_command(name: str) -> None:
    """Delete one installed version."""
    tool, version = asked_tool(name)
    if version is None:
        there = ", ".join(f"{tool.name}@{one}" for one in installed_versions(tool.name)) or "nothing is installed"
        raise InputError("no version is named", remedy=f"Give NAME@VERSION: {there}")
    remove(tool, version)
    progress().print(f"removed {tool.name}@{version}")


def _installed(
    tool: Tool, version: str | None, source: Path | None, python: Path | None
) -> dict[str, str | int | float | None] | AssayError:
    """Install one; its error is a value, so that the others are finished."""
    console, begun = progress(), time.monotonic()
    wanted = version or ("" if source else tool.version)
    asked = f"{tool.name}@{wanted}" if wanted else tool.name
    if wanted in installed_versions(tool.name):
        console.print(f"{asked} is installed")
    else:
        console.print(f"installing {asked} from {source or tool.registry}")
    try:
        tree = install(tool, version, source, python)
    except AssayError as error:
        return error
    seconds = time.monotonic() - begun
    if wanted != tree.version or seconds > 1:
        console.print(f"installed {tree.name}@{tree.version}, {(tree.size or 0) / 1e6:,.0f} MB, in {seconds:.0f} s")
    return {"name": tree.name, "version": tree.version, "path": str(tree.host), "program": tree.program}


def _listed(tool: Tool) -> Listed:
    sizes: dict[str, int | None] = {}
    problem = None
    for version in installed_versions(tool.name):
        try:
            sizes[version] = described(tool.name, tools_root() / tool.name / version).size
            tool_tree(tool, version)
        except MachineError as error:
            problem = str(error)
        except (OSError, ValueError, KeyError, TypeError) as error:
            sizes[version] = None
            problem = f"{tool.name}@{version}: tool.json cannot be read: {error}"
    if tool.version not in sizes:
        problem = problem or f"the tested version is not installed. Run: assay agents install {tool.name}"
    return Listed(tool.name, tool.version, tool.package, sizes, problem)
