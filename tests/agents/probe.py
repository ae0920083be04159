"""Started by an agent, as any program of its tools: what it reaches and reads goes into ``reached.json``.

``probe.json`` says where to knock, and the key to look for, back to front, so that it is not found there.
"""

import json
import os
import socket
from pathlib import Path

LARGEST = 8 << 20
LISTENS = "0A"


def opens(host: str, port: int) -> bool:
    """Tell whether a connection can be had, by TCP."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def leaves(host: str) -> bool:
    """Tell whether there is any way for a datagram."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((host, 53))
        except OSError:
            return False
        return True


def listening() -> list[int]:
    """Ports on which anything in here listens."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()[1:]]
    return sorted({int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENS})


def readable() -> dict[str, bytes]:
    """Every file that may hold a secret, and every process's variables and arguments."""
    roots = ("/home", "/workspace", "/tmp", "/run", "/etc", "/var")
    files = [Path(where, name) for root in roots for where, _, names in os.walk(root) for name in names]
    files += [path for name in ("environ", "cmdline") for path in Path("/proc").glob(f"[0-9]*/{name}")]
    found = {}
    for path in files:
        try:
            if not path.is_fifo() and not path.is_socket() and path.stat().st_size <= LARGEST:
                found[str(path)] = path.read_bytes()
        except OSError:
            continue
    return found


def main() -> None:
    """Knock at all doors, look at all files."""
    given = json.loads(Path("probe.json").read_text())
    files = readable()
    variables = {line for path, data in files.items() if path.endswith("/environ") for line in data.split(b"\0")}
    named = [line.decode(errors="replace").partition("=") for line in variables]
    result = {
        "tcp": [[host, port] for host, port in given["tcp"] if opens(host, port)],
        "udp": [host for host in given["udp"] if leaves(host)],
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "listening": listening(),
        "keys": sorted({value for name, _, value in named if name.upper().endswith(("KEY", "TOKEN", "SECRET"))}),
        "holds_key": sorted(path for path, data in files.items() if given["key"][::-1].encode() in data),
        "files": len(files),
    }
    Path("reached.json").write_text(json.dumps(result))


main()
