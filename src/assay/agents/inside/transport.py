"""One HTTP/1.1 POST over a plain socket: the address is always the gateway's door, on loopback.

``http.client`` would double the start-up time of every trial (it imports the e-mail package).
"""

from __future__ import annotations

import socket

TYPE_CHECKING = False  # importing typing would cost every trial 4 ms
if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = 65536
_MAX_LINE = 16 << 20


class TransportError(Exception):
    """No connection (``kind`` is ``connect``), a broken one (``cut``), or no HTTP (``protocol``)."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = kind
        super().__init__(detail)


class Response:
    """Status, headers (names in lower case) and a body that is read as it comes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self.status = 0
        self.headers: dict[str, str] = {}
        self._read_head()
        length = self.headers.get("content-length")
        self._left = int(length) if length is not None and length.isdigit() else None
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self._ended = False

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the body without their ends, as they arrive."""
        rest = bytearray()
        while True:
            piece = self.piece()
            if not piece:
                break
            rest += piece
            *whole, last = rest.split(b"\n")
            rest = bytearray(last)
            if len(rest) > _MAX_LINE:
                raise TransportError("protocol", "a line of the stream is longer than 16 MiB")
            for line in whole:
                yield bytes(line).rstrip(b"\r")
        if rest:
            yield bytes(rest)

    def body(self, limit: int) -> bytes:
        """Return the rest of the body, at most ``limit`` bytes of it."""
        data = bytearray()
        while len(data) < limit:
            piece = self.piece()
            if not piece:
                break
            data += piece
        return bytes(data[:limit])

    def piece(self) -> bytes:
        """Return the next bytes of the body; empty at its end. Raises ``TransportError`` when cut short."""
        if self._ended:
            return b""
        if self._chunked:
            return self._chunk()
        if self._left == 0:
            self._ended = True
            return b""
        data = self._some()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
            if not data:
                raise TransportError("cut", "the connection closed before the end of the answer")
        self._ended = not data
        return data

    def close(self) -> None:
        """Close the connection, whatever is still on its way."""
        self._connection.close()

    def _chunk(self) -> bytes:
        size_line = self._line()
        try:
            size = int(size_line.split(b";")[0], 16)
        except ValueError:
            raise TransportError("protocol", "a chunk has no size") from None
        while len(self._buffer) < size + 2:
            self._fill()
        data = bytes(self._buffer[:size])
        del self._buffer[: size + 2]
        self._ended = size == 0
        return data

    def _some(self) -> bytes:
        if self._buffer:
            data = bytes(self._buffer)
            self._buffer.clear()
            return data
        return self._receive()

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._fill()
        end = self._buffer.index(b"\n")
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _read_head(self) -> None:
        parts = self._line().split(None, 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():  # noqa: PLR2004 - version, status
            raise TransportError("protocol", "the answer is not HTTP")
        self.status = int(parts[1])
        while True:
            line = self._line()
            if not line:
                return
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.strip().lower()] = value.strip()

    def _fill(self) -> None:
        data = self._receive()
        if not data:
            raise TransportError("cut", "the connection closed before the end of the answer")
        self._buffer += data

    def _receive(self) -> bytes:
        try:
            return self._connection.recv(_READ)
        except OSError as error:
            raise TransportError("cut", f"the connection broke: {error.strerror or error}") from error


def post(url: str, headers: dict[str, str], body: bytes, connect_timeout_s: float = 10.0) -> Response:
    """Send ``body`` to ``http://host[:port]/path`` and return the response once its head is there."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = authority.partition(":")
    if scheme != "http":
        raise TransportError("connect", f"the door speaks http, not {scheme}")
    head = [f"POST {slash}{path} HTTP/1.1", f"host: {authority}", f"content-length: {len(body)}"]
    head += ["connection: close", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    try:
        connection = socket.create_connection((host, int(port or 80)), connect_timeout_s)
        connection.settimeout(None)
        connection.sendall("\r\n".join(head).encode("latin-1") + body)
    except OSError as error:
        raise TransportError("connect", f"no connection to the gateway: {error.strerror or error}") from error
    return Response(connection)
