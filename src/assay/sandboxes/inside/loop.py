"""The smallest event loop that a supervisor needs: file descriptors and one callback each."""

from __future__ import annotations

import select

TYPE_CHECKING = False  # importing typing would cost every run 13 ms, collections.abc 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable

READ = select.POLLIN
WRITE = select.POLLOUT
# poll reports these whether asked for or not.
HANG_UP = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Loop:
    """Waits for descriptors; a callback receives the events that woke it."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._callbacks: dict[int, Callable[[int], None]] = {}

    def watch(self, descriptor: int, events: int, callback: Callable[[int], None]) -> None:
        """Call ``callback`` when one of ``events`` happens; a second call replaces the first."""
        self._poll.register(descriptor, events)
        self._callbacks[descriptor] = callback

    def forget(self, descriptor: int) -> None:
        """Stop watching; unknown descriptors are fine."""
        if self._callbacks.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def once(self, timeout_s: float) -> None:
        """Wait at most ``timeout_s`` and serve whatever is ready."""
        for descriptor, events in self._poll.poll(max(0.0, timeout_s) * 1000.0):
            # An earlier callback of this round may have closed the descriptor.
            callback = self._callbacks.get(descriptor)
            if callback is not None:
                callback(events)
