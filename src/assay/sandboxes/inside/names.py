"""The name server of a sandbox: no name exists, and every name that was asked for is on record."""

from __future__ import annotations

import _socket  # the public module costs 7 ms of start-up

from .loop import READ, Loop

PORT = 53
MAX_NAMES = 200
HEADER = 12
POINTER = 0xC0
# Answer, recursion available, name error (RFC 1035, 4.1.1).
NO_SUCH_NAME = b"\x81\x83"


class Names:
    """Answers NXDOMAIN on ``127.0.0.1:53``; ``asked`` holds the first ``MAX_NAMES`` distinct names, in order."""

    def __init__(self, loop: Loop) -> None:
        self.asked: dict[str, None] = {}
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", PORT))
        loop.watch(self._socket.fileno(), READ, self._serve)

    def _serve(self, _events: int) -> None:
        """Take one question; what is none is left without an answer."""
        try:
            question, address = self._socket.recvfrom(4096)
            name, end = read_name(question)
            if len(self.asked) < MAX_NAMES:
                self.asked[name] = None
            self._socket.sendto(refuse(question, end), address)
        except (OSError, IndexError):
            return

    def drain(self) -> None:
        """Take what is still in the queue when everybody is dead."""
        for _ in range(MAX_NAMES):
            self._serve(READ)


def read_name(question: bytes) -> tuple[str, int]:
    """Return the first name of a question in lower case, and where its name ends. Raises ``IndexError``."""
    labels = []
    at = HEADER
    while length := question[at]:
        if length & POINTER:
            raise IndexError(at)  # a question has nothing to point to
        labels.append(question[at + 1 : at + 1 + length].decode("ascii", "backslashreplace").lower())
        at += 1 + length
    return ".".join(labels), at + 1


def refuse(question: bytes, end: int) -> bytes:
    """Return the answer: the question again, without any record."""
    counts = b"\x00\x01" + bytes(6)
    return question[:2] + NO_SUCH_NAME + counts + question[HEADER : end + 4]
