"""What needs the C library by name: capabilities and the sub-reaper flag."""

from __future__ import annotations

import _ctypes  # the public module costs 2 ms of start-up

CAPABILITY_VERSION_3 = (0x20080522).to_bytes(4, "little")
PR_SET_CHILD_SUBREAPER = 36


class _Int(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001  # what ctypes.c_int is made of
    _type_ = "i"


class _Function(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL
    _restype_ = _Int


def _call(name: str, *arguments: int | bytes) -> int:
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), name)  # type: ignore[arg-type]  # None = this program
    return int(_Function(address)(*arguments))


def drop_capabilities() -> None:
    """Give up all capabilities, inheritable and ambient ones included. Raises ``OSError``."""
    header = CAPABILITY_VERSION_3 + bytes(4)
    if _call("capset", header, bytes(24)) != 0:
        raise OSError("capset failed")


def adopt_orphans() -> None:
    """Become the parent of every orphan below us (Linux 3.4). Raises ``OSError``."""
    if _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("prctl failed")
