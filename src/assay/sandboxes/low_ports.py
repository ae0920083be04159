"""Lets the programs of one sandbox listen on port 53: ``python3 -I -S low_ports.py PID``, PID being one of them.

The network of a sandbox belongs to a user namespace that no process is in any more (bubblewrap leaves it for a nested
one), so that no capability inside reaches it. Whoever made the sandbox has every right there: this process enters
both namespaces and lowers the first unprivileged port. It must be a process of its own, because only one with a
single thread may change its user namespace. Standard library only.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys

NS_GET_USERNS = 0xB701
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SETTING = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def main(pid: str, port: str) -> None:
    """Enter the network of process ``pid`` and make ``port`` the first that needs no right. Raises ``OSError``."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    owner = fcntl.ioctl(network, NS_GET_USERNS)
    libc = ctypes.CDLL(None, use_errno=True)
    for descriptor, kind in ((owner, CLONE_NEWUSER), (network, CLONE_NEWNET)):
        if libc.setns(descriptor, kind) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    setting = os.open(SETTING, os.O_WRONLY | os.O_CLOEXEC)
    os.write(setting, port.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
