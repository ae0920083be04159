"""The door: a TCP port on the sandbox's loopback, relayed to one unix socket."""

from __future__ import annotations

import _socket  # the public module costs 7 ms of start-up
import os

from .loop import READ, WRITE, Loop

CHUNK = 65536
MAX_CONNECTIONS = 512
RETRY_S = 0.01


class Way:
    """One direction of a connection: at most one chunk is held, so that a slow reader slows the writer."""

    def __init__(self, source: _socket.socket, target: _socket.socket) -> None:
        self.source = source
        self.target = target
        self.held = b""
        self.ended = False
        self.closed = False

    def read(self) -> None:
        """Take one chunk, or learn that the source has ended."""
        if self.held or self.ended:
            return
        try:
            self.held = self.source.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        self.ended = not self.held

    def write(self) -> None:
        """Pass on what is held; pass on the end of the source as a half-close."""
        if self.held:
            try:
                self.held = self.held[self.target.send(self.held) :]
            except (BlockingIOError, InterruptedError):
                return
        if self.ended and not self.held and not self.closed:
            self.closed = True
            self.target.shutdown(_socket.SHUT_WR)


class Connection:
    """A visitor and the gateway's end, both ways."""

    def __init__(self, relay: Relay, inner: _socket.socket, outer: _socket.socket) -> None:
        self.relay = relay
        self.inner = inner
        self.outer = outer
        self.ways = (Way(inner, outer), Way(outer, inner))
        self.interest()

    def interest(self) -> None:
        """Ask for exactly the events that can make progress, or none at all."""
        up, down = self.ways
        for end, reads, writes in ((self.inner, up, down), (self.outer, down, up)):
            events = (READ if not reads.held and not reads.ended else 0) | (WRITE if writes.held else 0)
            if events:
                self.relay.loop.watch(end.fileno(), events, self.serve)
            else:
                self.relay.loop.forget(end.fileno())

    def serve(self, _events: int) -> None:
        """Move what can be moved; close when both ways have ended or one has failed."""
        try:
            for way in self.ways:
                way.read()
                way.write()
        except OSError:
            self.close()
            return
        if all(way.closed for way in self.ways):
            self.close()
        else:
            self.interest()

    def close(self) -> None:
        """Forget and close both ends."""
        for end in (self.inner, self.outer):
            self.relay.loop.forget(end.fileno())
            end.close()
        self.relay.closed(self)


class Relay:
    """Accepts on ``listener``, connects to ``path``. Refuses nobody; the gateway does that."""

    def __init__(self, loop: Loop, listener: _socket.socket, path: str) -> None:
        self.loop = loop
        self.listener = listener
        self.path = path
        self.connections: set[Connection] = set()
        self.waiting: list[_socket.socket] = []
        listener.setblocking(False)
        loop.watch(listener.fileno(), READ, self.accept)

    def accept(self, _events: int) -> None:
        """Take one visitor."""
        try:
            descriptor, _ = self.listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001  # what socket.accept calls
        except OSError:
            return
        inner = _socket.socket(fileno=descriptor)
        inner.setblocking(False)
        self.connect(inner)
        self.pause()

    def connect(self, inner: _socket.socket) -> None:
        """Join a visitor to the gateway; a full queue there means: try again at the next tick."""
        outer = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        outer.setblocking(False)
        try:
            outer.connect(self.path)
        except BlockingIOError:
            outer.close()
            self.waiting.append(inner)
        except OSError:
            outer.close()
            inner.close()
        else:
            self.connections.add(Connection(self, inner, outer))

    def tick(self) -> None:
        """Try those again who found the gateway's queue full."""
        waiting, self.waiting = self.waiting, []
        for inner in waiting:
            self.connect(inner)

    def closed(self, connection: Connection) -> None:
        """A connection is gone: there is room for another."""
        self.connections.discard(connection)
        if len(self.connections) + len(self.waiting) < MAX_CONNECTIONS:
            self.loop.watch(self.listener.fileno(), READ, self.accept)

    def pause(self) -> None:
        """Leave further visitors in the kernel's queue while the house is full."""
        if len(self.connections) + len(self.waiting) >= MAX_CONNECTIONS:
            self.loop.forget(self.listener.fileno())


def listen(port: int, descriptor: int | None) -> _socket.socket:
    """Return the listening socket: an inherited one, or a new one on ``127.0.0.1:port``."""
    if descriptor is not None:
        os.set_inheritable(descriptor, False)
        return _socket.socket(fileno=descriptor)
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(MAX_CONNECTIONS)
    return listener
