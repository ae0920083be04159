"""Is this a whole protobuf message? Its outer framing says so, without knowing what is in it."""

from __future__ import annotations

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_FIXED = {FIXED64: 8, FIXED32: 4}


def is_framed(data: bytes, levels: int = 2) -> bool:
    """Walk the fields of a message, and of the messages in it so many ``levels`` down; no value is copied.

    The OTLP requests hold messages in their length-delimited fields on the outer two levels, but for texts, which are
    passed over. Format: protobuf.dev, "Encoding".
    """
    return _walk(data, 0, len(data), levels)


def _walk(data: bytes, at: int, end: int, levels: int) -> bool:
    while at < end:
        key, at = _varint(data, at, end)
        wire = key & 7
        if at < 0 or key >> 3 == 0:
            return False
        if wire == VARINT:
            _, at = _varint(data, at, end)
            if at < 0:
                return False
        elif wire == LENGTH:
            length, at = _varint(data, at, end)
            if at < 0 or at + length > end:
                return False
            # On both levels field 1 is a message: resource groups, then the resource.
            if levels > 1 and key >> 3 == 1 and not _walk(data, at, at + length, levels - 1):
                return False
            at += length
        elif wire in _FIXED:
            at += _FIXED[wire]
        else:
            return False
    return at == end


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number and where it ends; -1 when it is cut or too long."""
    value = shift = 0
    for place in range(at, min(end, at + _LONGEST_VARINT)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, place + 1
        shift += 7
    return 0, -1
