"""Checks of isolation: what a program can see, reach, become and pretend."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from assay.sandboxes.base import DOOR_PORT, Deadlines, Exit
from assay.testing.sandbox_bench import LONG, Bench, printed

TALK = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"to the door\\n" * 1000)
s.shutdown(socket.SHUT_WR)
got = b""
while chunk := s.recv(65536): got += chunk
print(len(got), got[:12])
"""
TRY = """
import socket, sys
socket.setdefaulttimeout(2)
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    try: socket.create_connection((host, int(port))); print("REACHED", address)
    except OSError as error: print(type(error).__name__)
print(*sorted(name for _, name in socket.if_nameindex()))
"""


@contextlib.asynccontextmanager
async def echo_door(folder: Path) -> AsyncIterator[Path]:
    """A gateway that answers with what it was sent, once the visitor has ended."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(-1))
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(echo, folder / "door.sock")
    async with server:
        yield folder / "door.sock"


async def door_carries(bench: Bench) -> None:
    """Both ways, half-close included, many at once."""
    async with echo_door(bench.folder) as door, bench.open(door=door) as sandbox:
        assert sandbox.door_url is not None
        port = sandbox.door_url.rpartition(":")[2]
        record = await sandbox.run([bench.python, "-c", TALK, port], deadlines=LONG)
        assert record.exit_code == 0, printed(sandbox, 2)
        assert printed(sandbox) == "12000 b'to the door\\n'\n"
        crowd = (
            f"import threading\ncode = {TALK!r}\n"
            "visitors = [threading.Thread(target=exec, args=(code, {})) for _ in range(40)]\n"
            "[visitor.start() for visitor in visitors]; [visitor.join() for visitor in visitors]"
        )
        record = await sandbox.run([bench.python, "-c", crowd, port], deadlines=LONG)
        assert printed(sandbox).count("12000 b'to the door\\n'\n") == 40, printed(sandbox, 2)


async def closed_door_is_closed(bench: Bench) -> None:
    """A gateway that is gone is a refused or ended connection, not a hang."""
    async with echo_door(bench.folder) as door:
        sandbox = bench.open(door=door)
        await sandbox.__aenter__()
    try:
        assert sandbox.door_url is not None
        port = sandbox.door_url.rpartition(":")[2]
        record = await sandbox.run([bench.python, "-c", TALK, port], deadlines=Deadlines(5.0))
        assert record.reason is Exit.EXITED
        assert printed(sandbox) == "0 b''\n" or "Error" in printed(sandbox, 2)
    finally:
        await sandbox.__aexit__(None, None, None)


async def network_is_the_door_alone(bench: Bench) -> None:
    """No address of the machine, none outside, no names; loopback is the sandbox's own."""
    with socket.create_server(("127.0.0.1", 0)) as host:
        ours = f"127.0.0.1:{host.getsockname()[1]}"
        async with bench.open() as sandbox:
            targets = [ours, "192.0.2.1:80", "2001:db8::1:80", "localhost:22"]
            record = await sandbox.run(
                [bench.python, "-c", TRY, *targets, "example.org:80", f"127.0.0.1:{DOOR_PORT}"], deadlines=LONG
            )
            assert record.exit_code == 0, printed(sandbox, 2)
            assert "REACHED" not in printed(sandbox)
            assert printed(sandbox).splitlines()[-1] == "lo"


async def names_are_on_record(bench: Bench) -> None:
    """No name is found, quickly; each that was asked for is in the record once; noise on the port harms nothing."""
    code = (
        "import socket, time\nbegun = time.monotonic()\n"
        "for name in ('Telemetry.Example.org', 'other.test', 'other.test', 'localhost'):\n"
        "  try: print(socket.getaddrinfo(name, 80)[0][4][0])\n  except socket.gaierror: print('unknown')\n"
        "noise = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for data in (b'', b'x', bytes(12) + b'\\xc0', bytes(12) + b'\\x3f' + b'a' * 9, bytes(4000)):\n"
        "  noise.sendto(data, ('127.0.0.1', 53))\n"
        "try: socket.create_connection(('127.0.0.1', 53)); print('REACHED')\nexcept OSError: pass\n"
        "try: socket.getaddrinfo('last.test', 80)\nexcept socket.gaierror: print('unknown')\n"
        "print(time.monotonic() - begun < 2)"
    )
    async with bench.open(audit_dns=True) as sandbox:
        record = await bench.python_in(sandbox, code)
        assert printed(sandbox).split() == [*["unknown"] * 3, "127.0.0.1", "unknown", "True"], printed(sandbox)
        asked = [name for name in record.lookups or () if name]
        assert asked == ["telemetry.example.org", "other.test", "last.test"], record
        assert (await bench.python_in(sandbox, "pass")).lookups == ()
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert printed(sandbox).split() == [*["unknown"] * 3, "127.0.0.1", "unknown", "True"], printed(sandbox)
        assert record.lookups is None


async def host_files_are_out_of_sight(bench: Bench) -> None:
    """Homes, secrets, scratch of others and the folder of the experiment do not exist inside."""
    (bench.folder / "secret").write_text("secret", encoding="utf-8")
    async with bench.open(bench.start(mine="x")) as other, bench.open() as sandbox:
        await bench.python_in(other, "open('answer', 'w').write('42')")
        paths = [
            bench.folder / "secret",
            bench.folder,
            bench.scratch,
            other.output(),
            Path.home() / ".bashrc",
            Path.home(),
            Path("/root"),
            Path("/etc/shadow"),
            Path("/var/log"),
            Path("/proc/1/environ"),
            Path("/proc/1/root/etc/shadow"),
        ]
        code = (
            "import os, sys\nfor path in sys.argv[1:]:\n  try:\n"
            "    found = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read()\n"
            "    print('SEEN', path, found)\n  except OSError: pass\nprint('looked')"
        )
        record = await sandbox.run([bench.python, "-c", code, *map(str, paths)], deadlines=LONG)
        assert record.exit_code == 0, printed(sandbox, 2)
        assert printed(sandbox) == "looked\n"


async def system_is_read_only(bench: Bench) -> None:
    """Nothing but workspace, HOME and the temporary folders can be written."""
    places = ("/", "/usr", "/usr/bin", "/etc", "/dev", "/run", "/opt", "/home", "/var", "/proc/sys/kernel", "/sys")
    code = (
        f"import os\nfor place in {places!r}:\n"
        "  try: open(place + '/assay-was-here', 'w').close(); print('WROTE', place)\n"
        "  except OSError: pass\nfor place in ('.', os.environ['HOME'], '/tmp', '/dev/shm'):\n"
        "  open(place + '/x', 'w').close()\nprint('tried')"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert (record.exit_code, printed(sandbox)) == (0, "tried\n"), printed(sandbox, 2)


async def there_are_no_privileges(bench: Bench) -> None:
    """Not root, no capability, no way to gain one, no new user namespace."""
    code = (
        "import ctypes, os\nfacts = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "sets = [facts[name].strip() for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')]\n"
        "print(os.getuid() != 0, all(int(s, 16) == 0 for s in sets), facts['NoNewPrivs'].strip())\n"
        "libc = ctypes.CDLL(None)\nprint(libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert record.exit_code == 0, printed(sandbox, 2)
        assert printed(sandbox) == "True True 1\n-1 -1\n"


async def record_cannot_be_forged(bench: Bench) -> None:
    """No descriptor but 0, 1, 2; signals to, tracing of and reading in the supervisor come to nothing."""
    code = (
        "import ctypes, json, os, signal\nprint(sorted(map(int, os.listdir('/proc/self/fd')))[:4])\n"
        "fake = json.dumps({'reason': 'exited', 'exit_code': 0}).encode() + b'\\n'\n"
        "for fd in range(3, 64):\n  try: os.write(fd, fake); print('WROTE', fd)\n  except OSError: pass\n"
        "me = os.getpid()\nothers = [int(n) for n in os.listdir('/proc') if n.isdigit() and int(n) != me]\n"
        "libc = ctypes.CDLL(None)\nfor pid in others:\n"
        "  for fd in range(64):\n"
        "    try: os.write(os.open(f'/proc/{pid}/fd/{fd}', os.O_WRONLY), fake); print('FORGED', fd)\n"
        "    except OSError: pass\n  try: open(f'/proc/{pid}/mem', 'r+b'); print('MEMORY')\n  except OSError: pass\n"
        "  if libc.ptrace(16, pid, 0, 0) == 0: print('TRACED')\n"
        "  for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):\n    os.kill(pid, number)\n"
        "print('alive', others)\nraise SystemExit(7)"
    )
    async with bench.open() as sandbox:
        record = await bench.python_in(sandbox, code)
        assert printed(sandbox) == "[0, 1, 2, 3]\nalive [1]\n", printed(sandbox, 2)
        assert (record.reason, record.exit_code) == (Exit.EXITED, 7)
        suicide = await bench.python_in(sandbox, "import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)")
        assert (suicide.reason, suicide.signal) == (Exit.SIGNALLED, 9)


DOOR_CHECKS = (door_carries, closed_door_is_closed)
NETWORK_CHECKS = (network_is_the_door_alone, names_are_on_record)
WALL_CHECKS = (host_files_are_out_of_sight, system_is_read_only, there_are_no_privileges, record_cannot_be_forged)
