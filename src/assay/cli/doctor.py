"""``assay doctor``: what works on this machine, what does not, and the remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click
from rich.text import Text

from assay import __version__
from assay.agents.kinds import agent_infos
from assay.cli.doctor_agent import examine_agents
from assay.cli.doctor_live import live
from assay.cli.failures import EXIT_MACHINE
from assay.cli.options import PATH, json_option
from assay.cli.output import page, print_json, table
from assay.errors import MachineError
from assay.providers import KNOWN, Provider
from assay.records import Record
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain

OLDEST_PYTHON = (3, 11)
SCARCE_BYTES = 2 << 30


class Status(StrEnum):
    """What a check found. Only ``missing`` makes ``doctor`` fail."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check(Record):
    """One thing that was looked at. ``remedy`` is None when nothing is to be done."""

    name: str
    status: Status
    detail: str
    remedy: str | None = None


@click.command()
@click.option(
    "--agent", "agents", multiple=True, metavar="NAME", help="Run this agent's self-test on simulated models."
)
@click.option("--live", "go_live", is_flag=True, help="Make one tiny real call per provider that has a key.")
@click.option("--model", "models", multiple=True, metavar="MODEL", help="With --live: call these, and no others.")
@click.option("--out", type=PATH, help="With --live: where to write the transcript.")
@json_option
def doctor(agents: tuple[str, ...], go_live: bool, models: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Look at this machine: what works, what does not, and the remedy. Keys are named, never shown."""
    if agents:
        if go_live or models or out:
            raise click.UsageError("--agent goes with --json alone")
        if not examine_agents(agents, as_json=as_json):
            click.get_current_context().exit(EXIT_MACHINE)
        return
    if go_live:
        if not live(models, out, as_json=as_json):
            click.get_current_context().exit(EXIT_MACHINE)
        return
    if models or out:
        raise click.UsageError("--model and --out go with --live")
    checks = examine(os.environ)
    if as_json:
        print_json({"ok": healthy(checks), "checks": [check.to_json() for check in checks]})
    else:
        _print(checks)
    if not healthy(checks):
        click.get_current_context().exit(EXIT_MACHINE)


def healthy(checks: tuple[Check, ...]) -> bool:
    """True when nothing that is needed is missing."""
    return all(check.status is not Status.MISSING for check in checks)


def examine(environment: Mapping[str, str]) -> tuple[Check, ...]:
    """Run every check. One that breaks is a finding itself, not the end."""
    return tuple(found for look in _looks(environment) for found in _guarded(look))


def _looks(environment: Mapping[str, str]) -> Iterator[Callable[[], Iterator[Check]]]:
    yield _python
    yield _sandbox
    yield _toolchain
    yield _disk
    yield _git
    yield _agents
    yield lambda: _keys(environment)


def _guarded(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - a doctor does not fall over his patient
        name = getattr(look, "__name__", "check").strip("_<>")
        yield Check(name, Status.MISSING, f"could not be checked: {type(error).__name__}: {error}")


def _python() -> Iterator[Check]:
    detail = f"assay {__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    detail += f", {os.cpu_count() or '?'} processors"
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        yield Check("python", Status.MISSING, detail, f"Install Python {wanted} or later")
    else:
        yield Check("python", Status.OK, detail)


def _sandbox() -> Iterator[Check]:
    try:
        kind = sandbox_kind(None)
    except MachineError as error:
        yield Check("sandbox", Status.MISSING, error.what, error.remedy)
    else:
        how = kind.capabilities.mechanism.removeprefix(f"{kind.name}: ")
        yield Check("sandbox", Status.OK, f"{kind.name}: {how}")


def _toolchain() -> Iterator[Check]:
    try:
        tools = toolchain()
    except MachineError as error:
        yield Check("toolchain", Status.MISSING, error.what, error.remedy)
    else:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(tools.versions.items()))
        yield Check("toolchain", Status.OK, f"{tools.name} {tools.hash[:8]}: {versions}")


def _disk() -> Iterator[Check]:
    for name, folder in (("disk (here)", Path.cwd()), ("disk (temporary)", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        detail = f"{free / (1 << 30):.1f} GB free in {folder}"
        if not os.access(folder, os.W_OK):
            yield Check(name, Status.MISSING, f"{folder} cannot be written", "Give a folder of your own with --out")
        elif free < SCARCE_BYTES:
            yield Check(name, Status.OPTIONAL, detail, "A run of 1,000 trials needs about 1 GB")
        else:
            yield Check(name, Status.OK, detail)


def _git() -> Iterator[Check]:
    if shutil.which("git"):
        yield Check("git", Status.OK, "found; the lock records the commit")
    else:
        yield Check("git", Status.OPTIONAL, "not found: the lock cannot record the commit", "Install git")


def _agents() -> Iterator[Check]:
    for name, info in agent_infos().items():
        if info.version is None:
            yield Check(f"agent {name}", Status.OPTIONAL, "not installed", info.problem)
        else:
            spoken = ", ".join(sorted(info.dialects)) or "needs no model"
            yield Check(f"agent {name}", Status.OK, f"version {info.version}; {spoken}")


def _keys(environment: Mapping[str, str]) -> Iterator[Check]:
    for provider in KNOWN.values():
        yield _key(provider, environment)


def _key(provider: Provider, environment: Mapping[str, str]) -> Check:
    """Say whether a key is there, by its name; its value is never looked at beyond being empty."""
    name = f"provider {provider.name}"
    if provider.key_env is None:
        where = (
            "simulated, nothing is sent"
            if provider.simulated
            else f"needs no key; would be asked at {provider.base_url}"
        )
        return Check(name, Status.OK, where)
    if environment.get(provider.key_env):
        return Check(name, Status.OK, f"{provider.key_env} is set")
    remedy = (
        f"Set {provider.key_env}, or name a file in the experiment: providers: {{{provider.name}: {{key: file:PATH}}}}"
    )
    return Check(name, Status.OPTIONAL, f"{provider.key_env} is not set", remedy)


def _print(checks: tuple[Check, ...]) -> None:
    console = page()
    colours = {Status.OK: "green", Status.OPTIONAL: "yellow", Status.MISSING: "red"}
    found = table(["", "what", "found"])
    for check in checks:
        text = check.detail if check.remedy is None else f"{check.detail}. {check.remedy}"
        found.add_row(Text(check.status.value, style=colours[check.status]), check.name, text)
    console.print(found)
    missing = [check.name for check in checks if check.status is Status.MISSING]
    console.print(f"Missing: {', '.join(missing)}" if missing else "Ready: try 'assay demo'", style="bold")
