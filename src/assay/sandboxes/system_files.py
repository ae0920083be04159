"""The sandbox's ``/etc``: generated, with nothing of this machine but loader cache, alternatives and certificates."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from assay.sandboxes.base import HOME
from assay.sandboxes.cache import built

UID = 1000
HOSTNAME = "assay"

GENERATED = {
    "passwd": f"root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:{UID}:{UID}:agent:{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": f"root:x:0:\nagent:x:{UID}:\nnogroup:x:65534:\n",
    "hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost\n",
    # Nobody answers there, or, where names are audited, the supervisor: no name exists.
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "hostname": f"{HOSTNAME}\n",
}
# Public files that programs expect; links are followed, so that nothing points out of the copy.
COPIED = (
    "ld.so.cache",
    "ld.so.conf",
    "localtime",
    "mime.types",
    "ssl/openssl.cnf",
    "ssl/certs/ca-certificates.crt",
    "pki/tls/certs/ca-bundle.crt",
)
ALTERNATIVES = Path("/etc/alternatives")


@cache
def system_files() -> Path:
    """Return a folder to show as ``/etc``, built once per content."""
    files = {name: text.encode() for name, text in GENERATED.items()}
    for name in COPIED:
        try:
            files[name] = (Path("/etc") / name).read_bytes()
        except OSError:
            continue
    links = {}
    if ALTERNATIVES.is_dir():
        links = {f"alternatives/{path.name}": path.readlink() for path in ALTERNATIVES.iterdir() if path.is_symlink()}
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    digest.update(repr(sorted(links.items())).encode())

    def build(folder: Path) -> None:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, target in links.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)

    return built("etc", digest.hexdigest()[:20], build)
