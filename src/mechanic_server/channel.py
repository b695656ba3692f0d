"""One client connection: strict parsing, keep-alive, pipelining and a lingering close."""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from threading import local
from typing import Any, Final, cast, final

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from mechanic_server.client_networks import network_of
from mechanic_server.limits import NEXT_REQUEST_S, ConnectionLimits
from mechanic_server.request_parser import StrictParser

current: Final = local()
"""The *channel* that each thread is serving; waitress does not pass it to its callbacks."""

_DISCARD_BYTES: Final = 64 * 1024


@final
class GuardedTask(WSGITask):
    """Runs one request; during a graceful shutdown the response says `Connection: close`."""

    channel: "GuardedChannel"

    def build_response_header(self) -> bytes:
        """Return the response's head."""
        if not getattr(self.channel.server, "accepting", True):
            self.set_close_on_finish()
        return super().build_response_header()


@final
class GuardedChannel(HTTPChannel):
    """A connection, watched by the event loop or *served* by one of the threads.

    A thread with nothing else to do waits a few milliseconds for the client's next request:
    passing the connection through the loop wakes two threads, which costs more than a short
    response.

    While output waits for the client to read it, its further requests wait too, and no thread
    waits with them.

    A connection closed on a client that may still send lingers (RFC 9112, section 9.6): closing
    at once would reset it, and the client might never read the error response.
    """

    server: Any  # a GuardedServer, whose module imports this one
    parser_class = StrictParser
    task_class = GuardedTask
    request: StrictParser | None
    requests: Sequence[StrictParser]
    served = False
    _unread = False
    _lingers_until: float | None = None
    _had_request = False
    _last_activity: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start the connection's clock."""
        super().__init__(*args, **kwargs)
        self._opened = self._last_activity

    @property
    def fd(self) -> int:
        """Its file descriptor, -1 once closed."""
        fd: int | None = self._fileno  # type: ignore[attr-defined]  # the stubs leave it out
        return -1 if fd is None else fd

    @cached_property
    def network(self) -> str:
        """The client, as connections are counted."""
        return network_of(self.addr[0])

    @property
    def last_activity(self) -> float:
        """When the client last sent or read something, by the monotonic clock."""
        return self._last_activity

    @last_activity.setter
    def last_activity(self, _: float) -> None:
        """Note that the client is active; waitress passes the time of day, which may be set."""
        self._last_activity = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a request is being read, run or answered."""
        return self._lingers_until is None and bool(
            self.served
            or self.request
            or self.requests
            or self.total_outbufs_len
            or self.close_when_flushed
        )

    @property
    def may_continue(self) -> bool:
        """Whether a request is waiting, and no output before it."""
        return bool(self.requests) and not (self.total_outbufs_len or self._is_closing)

    def is_late(self, now: float) -> bool:
        """Return whether the client has exceeded a time-out at *now*."""
        limits: ConnectionLimits = self.server.limits
        if self._lingers_until is not None:
            return now > self._lingers_until
        request = self.request  # a thread may complete it meanwhile
        if request and not self.readable():
            request.began = now  # its clock stands still while the server does not read
        if self.total_outbufs_len:
            return now > self._last_activity + limits.output_s
        if self.served or self.requests:
            return False
        if request:
            allowed = limits.request_s if request.headers_finished else limits.head_s
            return now > request.began + allowed
        if self._had_request:
            return now > self._last_activity + limits.keep_alive_s
        return now > self._opened + limits.first_request_s

    def service(self) -> None:
        """Run the pending request, then those pipelined or sent right behind it."""
        current.channel = self
        try:
            super().service()
            while self._has_next():
                super().service()
        finally:
            current.channel = None
            self.server.release(self)

    def _has_next(self) -> bool:
        """Return whether this thread should run another request of this connection."""
        if self._is_closing or self.server.is_crowded:
            return False
        if not (self.requests or self.request or self.total_outbufs_len):
            self._read_next_request()
        return self.may_continue

    @property
    def _is_closing(self) -> bool:
        """Whether no further request will be read."""
        return (
            not self.connected
            or self.will_close
            or self.close_when_flushed
            or self._lingers_until is not None
        )

    def _read_next_request(self) -> None:
        """Read what arrives within `NEXT_REQUEST_S`; leave errors and the end to the loop."""
        with suppress(OSError):
            if self._input_poll.poll(NEXT_REQUEST_S * 1000):
                data = cast("socket.socket", self.socket).recv(self.adj.recv_bytes)
                self.last_activity = time.monotonic()
                self.received(data)

    @cached_property
    def _input_poll(self) -> select.poll:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return poll

    def readable(self) -> bool:
        """Return whether the event loop should wait for input."""
        if self.served:
            return False
        return self._lingers_until is not None or super().readable()

    def writable(self) -> bool:
        """Return whether the event loop should send, close, or run the next request."""
        if self.served:
            return bool(self.total_outbufs_len)
        return bool(super().writable() or self.may_continue)

    def handle_write(self) -> None:
        """Send queued output; then close a connection that has ended, or run the next request."""
        if not self.served:
            super().handle_write()
            if self.may_continue:
                self.server.add_task(self)
        elif self.total_outbufs_len:
            flush = self._flush_some_if_lockable  # type: ignore[attr-defined]  # not in the stubs
            self._flush_exception(flush)  # type: ignore[attr-defined]
            if self.will_close:  # the socket has failed
                self.drop()

    def received(self, data: bytes) -> bool:
        """Parse *data*; ignore input behind a last request."""
        if self.requests and self.requests[-1].last:
            return False
        accepted = super().received(data)
        self._had_request = self._had_request or bool(self.requests)
        self._unread = self._unread or any(request.unread for request in self.requests)
        return accepted

    def handle_read(self) -> None:
        """Read input, and discard it while lingering."""
        if self._lingers_until is None:
            super().handle_read()
            return
        with suppress(OSError):
            if self.recv(_DISCARD_BYTES):
                return
        self.handle_close()

    def handle_close(self) -> None:
        """Close; while input is left unread, linger first."""
        if self._lingers_until is None and self._unread and self.connected:
            self._lingers_until = time.monotonic() + self.server.limits.linger_s
            self.will_close = False
            try:
                cast("socket.socket", self.socket).shutdown(socket.SHUT_WR)
            except OSError:
                super().handle_close()
        elif self.socket is not None:
            super().handle_close()

    def drop(self) -> None:
        """Close at once, and end the wait of a thread that cannot write."""
        if self.socket is not None:
            super().handle_close()
