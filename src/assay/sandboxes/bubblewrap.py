"""Bubblewrap: Linux namespaces without privileges. What it stops and what not: ``docs/sandbox.md``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from assay.errors import SandboxError
from assay.sandboxes.base import HOME, WORKSPACE, Capabilities, Deadlines, Limits, Mount, SandboxSpec
from assay.sandboxes.box import Box
from assay.sandboxes.cache import cache_root
from assay.sandboxes.interpreter import interpreter
from assay.sandboxes.library import inside_library, start_command
from assay.sandboxes.local import PLAIN_ENV, LocalSandbox
from assay.sandboxes.reaper import reap_boxes
from assay.sandboxes.supervised import Request, Supervised, limits_of
from assay.sandboxes.system_files import HOSTNAME, UID, system_files
from assay.sandboxes.unprivileged import stranger_can_reach, stranger_can_read
from assay.sandboxes.workspace import copy_tree

OLDEST = (0, 8, 0)
LIBRARY = "/run/assay/lib"
DOOR = "/run/assay/door.sock"
SHARED_MEMORY_BYTES = 64 << 20
TMP = "/tmp"  # noqa: S108  # a path inside
SHM = "/dev/shm"  # noqa: S108  # a path inside

CAPABILITIES = Capabilities(
    isolates_network=True,
    isolates_files=True,
    limits_memory=True,
    limits_processes=True,
    mechanism="bubblewrap: user, pid, net, ipc, uts and cgroup namespaces; memory and disk polled by the supervisor; "
    "processes, CPU and file size by rlimit; as root under an unprivileged uid",
)

WALLS = (
    *("--unshare-user", "--uid", str(UID), "--gid", str(UID), "--disable-userns"),
    *("--unshare-pid", "--as-pid-1", "--unshare-net", "--unshare-ipc", "--unshare-cgroup-try"),
    *("--unshare-uts", "--hostname", HOSTNAME, "--die-with-parent", "--new-session", "--clearenv"),
    *("--setenv", "LC_ALL", "C.UTF-8"),
    # For the supervisor alone: to count what hides in closed folders and processes. With more rights than
    # the command it also cannot be traced by it. The command has none.
    *("--cap-add", "CAP_SYS_PTRACE", "--cap-add", "CAP_DAC_READ_SEARCH"),
)


@cache
def system_mounts() -> tuple[str, ...]:
    """Return the arguments that show ``/usr`` and the top-level names that belong to it."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    return tuple(arguments)


def bwrap_arguments(box: Box, limits: Limits, mounts: Iterable[Mount], door: Path | None) -> list[str]:
    """Return everything between ``bwrap`` and ``--``. The root, ``/dev`` and ``/run`` end up read-only."""
    room = str(min(limits.disk_bytes, limits.memory_bytes // 2))
    shared = str(min(SHARED_MEMORY_BYTES, limits.memory_bytes // 2))
    arguments = [*WALLS, *system_mounts(), "--ro-bind", str(system_files()), "/etc"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for size, place in ((shared, SHM), (room, TMP)):
        arguments += ["--perms", "1777", "--size", size, "--tmpfs", place]
    arguments += ["--symlink", f"..{TMP}", f"/var{TMP}"]
    arguments += ["--bind", str(box.workspace), WORKSPACE, "--bind", str(box.home), HOME]
    for mount in {mount.inside: mount for mount in mounts}.values():
        arguments += ["--bind" if mount.writable else "--ro-bind", str(mount.host), mount.inside]
    if door is not None:
        arguments += ["--ro-bind", str(door), DOOR]
    return [*arguments, "--remount-ro", "/"]


class BubblewrapSandbox(LocalSandbox):
    """One bwrap per run: what a run leaves behind in processes or in /tmp is gone before the next."""

    capabilities: ClassVar[Capabilities] = CAPABILITIES
    separate_user: ClassVar[bool] = True

    def __init__(self, spec: SandboxSpec) -> None:
        super().__init__(spec)
        self._door: Path | None = spec.door
        self._mounts: list[Mount] = []

    def _furnish(self) -> None:
        """Copy the start, and make everything reachable for the user that the sandbox runs under."""
        self._python = interpreter()
        self._library = inside_library(self._python.host)
        super()._furnish()
        self._mounts = [self._reachable(index, mount) for index, mount in enumerate(self.spec.mounts)]
        self._door = self._reachable_door()

    def _reachable(self, index: int, mount: Mount) -> Mount:
        """Return the mount as it is, or a readable copy of it when the sandbox's user could not read it."""
        if not mount.host.exists():
            raise SandboxError("there is nothing to mount", where=mount.host)
        if self.box.uid is None or mount.host.is_relative_to(cache_root()):
            return mount
        if mount.writable:
            if not stranger_can_reach(mount.host):
                raise SandboxError("a writable mount must be reachable by every user", where=mount.host)
            return mount
        if stranger_can_read(mount.host):
            return mount
        copy = self.box.folder / f"mount-{index}"
        copy.mkdir(mode=0o700)
        self.box.own(copy)
        if mount.host.is_dir():
            copy_tree(mount.host, copy, self.box.uid)
            return Mount(copy, mount.inside)
        shutil.copy2(mount.host, copy / mount.host.name)
        self.box.own(copy / mount.host.name)
        return Mount(copy / mount.host.name, mount.inside)

    def _reachable_door(self) -> Path | None:
        """Return the door's path for the sandbox's user.

        As root the socket gets a second name in a folder that only this sandbox's user can enter; its mode
        is opened, while the folder that the caller made keeps guarding the first name.
        """
        door = self.spec.door
        if door is None or self.box.uid is None:
            return door
        folder = self.box.folder / "door"
        try:
            folder.mkdir(mode=0o700)
            self.box.own(folder)
            try:
                os.link(door, folder / "door.sock")
                door = folder / "door.sock"
            except OSError:
                if not stranger_can_reach(door):
                    raise
            door.chmod(0o666)
        except OSError as error:
            raise SandboxError(
                f"the gateway's socket cannot be shown to the sandbox: {error.strerror}",
                where=self.spec.door,
                remedy=f"Put it on the same file system as {self.spec.scratch}",
            ) from error
        return door

    def supervised(
        self, argv: Sequence[str], env: Mapping[str, str], deadlines: Deadlines, cwd: str
    ) -> tuple[Supervised, Sequence[int]]:
        """Wrap the supervisor, and through it the command, in bwrap."""
        limits = self.spec.limits
        mounts = [*self._mounts, *self._python.mounts, Mount(self._library, LIBRARY)]
        command = ["bwrap", *bwrap_arguments(self.box, limits, mounts, self._door), "--"]
        command += start_command(self._python.inside, LIBRARY, self.box.token)
        request = Request(
            argv=list(argv),
            env={**PLAIN_ENV, **env},
            cwd=cwd,
            deadlines=deadlines,
            limits=limits_of(limits, processes=limits.processes + 1),  # the supervisor counts as one
            isolated=True,
            roots=(WORKSPACE, HOME),
            tmpfs=(TMP, SHM),
            door=DOOR if self._door is not None else None,
            audit=self.spec.audit_dns,
        )
        return Supervised(command, request, self.output(), self.box.uid), ()


class BubblewrapKind:
    """The default on Linux."""

    name: ClassVar[str] = "bubblewrap"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def open(self, spec: SandboxSpec) -> BubblewrapSandbox:
        """Return an unstarted sandbox."""
        return BubblewrapSandbox(spec)

    def probe(self) -> str | None:
        """Start an empty sandbox for real: presence says little where user namespaces are forbidden."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is not installed. Install it: apt-get install bubblewrap (or dnf, pacman, zypper)"
        if os.geteuid() == 0 and shutil.which("setpriv") is None:
            return "setpriv is not installed; as root it is needed. Install it: apt-get install util-linux"
        version = _version()
        if version < OLDEST:
            found, needed = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
            return f"bubblewrap {found} is too old, {needed} or newer is needed. Upgrade the package"
        done = subprocess.run(
            ["bwrap", *WALLS, *system_mounts(), "--proc", "/proc", "--dev", "/dev", "--", "/usr/bin/env", "true"],
            capture_output=True,
            check=False,
            text=True,
        )
        return None if done.returncode == 0 else _remedy(done.stderr.strip())

    def reap(self, scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
        """Kill and remove what earlier drivers left."""
        return reap_boxes(scratch, live)


def _version() -> tuple[int, ...]:
    done = subprocess.run(["bwrap", "--version"], capture_output=True, check=False, text=True)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)


def _remedy(complaint: str) -> str:
    """Name the usual causes of a refused namespace."""
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restricted.exists() and restricted.read_text(encoding="ascii").strip() == "1":
        return (
            f"AppArmor forbids user namespaces ({complaint}). Install the profile: apt-get install apparmor-profiles "
            "and enable bwrap-userns-restrict, or run: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        )
    return (
        f"bubblewrap cannot make namespaces here ({complaint}). In a container allow them (docker: --security-opt "
        "seccomp=unconfined); on a machine set sysctl kernel.unprivileged_userns_clone=1"
    )
