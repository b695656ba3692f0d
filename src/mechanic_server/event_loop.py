"""The server's event loop: an epoll or kqueue selector under waitress' map of sockets.

waitress' own loop asks every connection for its wishes at each event on any of them. Here only
a connection with an event is asked, so the cost of a request does not grow with the number of
open connections.
"""

import select
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Lock
from typing import Any, final

from waitress import wasyncore


@final
class SocketMap(dict[int, Any]):
    """waitress' open sockets by file descriptor, each registered with the selector.

    Any thread may register a socket; only the thread that calls `poll` handles its events.
    """

    def __init__(self) -> None:
        """Start with no sockets."""
        super().__init__()
        self._lock = Lock()
        self._selector = DefaultSelector()
        self._registered: dict[int, int] = {}

    def __setitem__(self, fd: int, dispatcher: Any) -> None:
        """Add *dispatcher* and wait for input on it."""
        with self._lock:
            super().__setitem__(fd, dispatcher)
            self._register(fd, EVENT_READ)

    def __delitem__(self, fd: int) -> None:
        """Remove the socket and its registration."""
        with self._lock:
            super().__delitem__(fd)
            self._register(fd, 0)

    def poll(self, timeout: float) -> None:
        """Handle the events that are ready, waiting at most *timeout* seconds for the first."""
        for key, events in self._selector.select(timeout):
            dispatcher = self.get(key.fd)
            if dispatcher is None:
                continue
            if events & EVENT_READ and dispatcher.readable():
                wasyncore.readwrite(dispatcher, select.POLLIN)
            if events & EVENT_WRITE and key.fd in self and dispatcher.writable():
                wasyncore.readwrite(dispatcher, select.POLLOUT)
            self.rearm(key.fd)

    def rearm(self, fd: int) -> None:
        """Register the socket *fd* for the events that it wants now, if it is still open."""
        with self._lock:
            dispatcher = self.get(fd)
            if dispatcher is not None:
                writes = EVENT_WRITE if dispatcher.writable() and not dispatcher.accepting else 0
                self._register(fd, writes | EVENT_READ if dispatcher.readable() else writes)

    def _register(self, fd: int, events: int) -> None:
        previous = self._registered.get(fd, 0)
        if events == previous:
            return
        self._registered[fd] = events
        if not previous:
            self._selector.register(fd, events)
        elif events:
            self._selector.modify(fd, events)
        else:
            self._selector.unregister(fd)
            del self._registered[fd]
