"""The sockets of a server, each waited for as it wishes.

waitress' own loop asks every connection what it wants each time that any of them stirs, and
is woken once more at the end of each request. Here a connection is asked only when something
has happened on it: what a request costs does not grow with those who are connected.
"""

import select
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Lock
from typing import Any, final

from waitress import wasyncore


@final
class Sockets(dict[int, Any]):
    """The map that waitress keeps of its open sockets, by their file descriptors.

    Any thread may have one of them waited for; what comes is told to the thread that turns.
    """

    def __init__(self) -> None:
        """Wait for nothing."""
        super().__init__()
        self._lock = Lock()
        self._selector = DefaultSelector()
        self._awaited: dict[int, int] = {}

    def __setitem__(self, fd: int, one: Any) -> None:
        """Wait for what comes from *one*."""
        with self._lock:
            super().__setitem__(fd, one)
            self._await(fd, EVENT_READ)

    def __delitem__(self, fd: int) -> None:
        """Wait no longer."""
        with self._lock:
            super().__delitem__(fd)
            self._await(fd, 0)

    def turn(self, patience: float) -> None:
        """Do what the sockets are ready for, waiting *patience* seconds for one if need be."""
        for key, events in self._selector.select(patience):
            one = self.get(key.fd)
            if one is None:
                continue
            if events & EVENT_READ and one.readable():
                wasyncore.readwrite(one, select.POLLIN)
            if events & EVENT_WRITE and key.fd in self and one.writable():
                wasyncore.readwrite(one, select.POLLOUT)
            self.attend(key.fd)

    def attend(self, fd: int) -> None:
        """Ask the socket *fd* what it waits for, if it is still there."""
        with self._lock:
            one = self.get(fd)
            if one is not None:
                writes = EVENT_WRITE if one.writable() and not one.accepting else 0
                self._await(fd, writes | EVENT_READ if one.readable() else writes)

    def _await(self, fd: int, events: int) -> None:
        former = self._awaited.get(fd, 0)
        if events == former:
            return
        self._awaited[fd] = events
        if not former:
            self._selector.register(fd, events)
        elif events:
            self._selector.modify(fd, events)
        else:
            self._selector.unregister(fd)
            del self._awaited[fd]
