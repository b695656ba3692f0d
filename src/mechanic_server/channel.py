"""One connection of waitress: read strictly, and closed so that a refusal is heard."""

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

from mechanic_server.limits import HEAD_S, LINGER_S, MOMENT_S, REQUEST_S
from mechanic_server.request_parser import StrictParser

SERVED: Final = local()
"""Which connection each thread serves, as its *channel*: waitress calls without telling."""

_GULP: Final = 64 * 1024


@final
class PoliteTask(WSGITask):
    """Runs one request; while the server stops, the answer says that the connection ends."""

    channel: "GuardedChannel"

    def write(self, data: bytes) -> None:
        """Send *data*, together with the answer's head where that was not sent."""
        self.channel.gather()
        try:
            super().write(data)
        finally:
            self.channel.send_gathered()

    def build_response_header(self) -> bytes:
        """Return the answer's head."""
        if not getattr(self.channel.server, "accepting", True):
            self.set_close_on_finish()
        return super().build_response_header()


@final
class GuardedChannel(HTTPChannel):
    """One connection, either waited for by the server's loop or *served* by one of its threads.

    A thread that nobody else needs stays a moment for the client's next request: to hand it over
    by way of the loop costs two threads a turn each, more than a short answer does.

    When it is closed on a client that may still send, it lingers. Closing at once would answer
    unread bytes with a reset, and many clients then never see why they were refused.
    """

    server: Any  # a GuardedServer, whose module imports this one
    parser_class = StrictParser
    task_class = PoliteTask
    request: StrictParser | None
    requests: Sequence[StrictParser]
    served = False
    _gathered: list[bytes] | None = None
    _unread = False
    _lingers_until: float | None = None

    @property
    def place(self) -> int:
        """Its file descriptor; none is negative."""
        fd: int | None = self._fileno  # type: ignore[attr-defined]  # the stubs leave it out
        return -1 if fd is None else fd

    @property
    def busy(self) -> bool:
        """Whether a request is being read, run or answered, or may just be coming."""
        return self._lingers_until is None and bool(
            self.served or self.request or self.total_outbufs_len or self.close_when_flushed
        )

    def is_late(self, now: float) -> bool:
        """Whether the client has had its time."""
        if self._lingers_until is not None:
            return now > self._lingers_until
        if self.request is None:
            return False
        allowed = REQUEST_S if self.request.headers_finished else HEAD_S
        return now > self.request.began + allowed

    def service(self) -> None:
        """Run the request that has come, and those that come behind it at once."""
        SERVED.channel = self
        try:
            super().service()
            while self._goes_on():
                super().service()
        finally:
            SERVED.channel = None
            self.server.take_back(self)

    def _goes_on(self) -> bool:
        """Return whether there is another request that this thread is free to run."""
        if self._ends or self.server.is_crowded:
            return False
        if not (self.requests or self.request or self.total_outbufs_len):
            self._read_for_a_moment()
        return bool(self.requests)

    @property
    def _ends(self) -> bool:
        """Whether nothing more is to be read."""
        return (
            not self.connected
            or self.will_close
            or self.close_when_flushed
            or self._lingers_until is not None
        )

    def _read_for_a_moment(self) -> None:
        """Take in what comes soon; an end or an error is left for the loop to find again."""
        with suppress(OSError):
            if self._coming.poll(MOMENT_S * 1000):
                data = cast("socket.socket", self.socket).recv(self.adj.recv_bytes)
                self.last_activity = int(time.time())
                self.received(data)

    @cached_property
    def _coming(self) -> select.poll:
        coming = select.poll()
        coming.register(self.place, select.POLLIN)
        return coming

    def gather(self) -> None:
        """Keep what is to be written, until `send_gathered`: each piece would be a packet."""
        self._gathered = []

    def write_soon(self, data: bytes) -> int:
        """Send *data*, or the rest of it as soon as the client takes more."""
        if self._gathered is None:
            return super().write_soon(data)
        self._gathered.append(data)
        return len(data)

    def send_gathered(self) -> None:
        """Send what was kept."""
        gathered, self._gathered = self._gathered, None
        super().write_soon(b"".join(gathered or ()))

    def readable(self) -> bool:
        """Whether the loop is to wait for bytes."""
        if self.served:
            return False
        return self._lingers_until is not None or super().readable()

    def writable(self) -> bool:
        """Whether the loop is to send, or to close: that it does to none that is served."""
        return bool(self.total_outbufs_len if self.served else super().writable())

    def handle_write(self) -> None:
        """Send what waits, and close what ends."""
        if not self.served:
            super().handle_write()
        elif self.total_outbufs_len:
            flush = self._flush_some_if_lockable  # type: ignore[attr-defined]  # not in the stubs
            self._flush_exception(flush)  # type: ignore[attr-defined]

    def received(self, data: bytes) -> bool:
        """Take in *data*; nothing behind a last request is read."""
        if self.requests and self.requests[-1].last:
            return False
        taken = super().received(data)
        self._unread = self._unread or any(request.unread for request in self.requests)
        return taken

    def handle_read(self) -> None:
        """Read, and once refused throw away."""
        if self._lingers_until is None:
            super().handle_read()
            return
        with suppress(OSError):
            if self.recv(_GULP):
                return
        self.handle_close()

    def handle_close(self) -> None:
        """Close; a refused client first gets time to read its answer."""
        if self._lingers_until is None and self._unread and self.connected:
            self._lingers_until = time.monotonic() + LINGER_S
            self.will_close = False
            try:
                cast("socket.socket", self.socket).shutdown(socket.SHUT_WR)
            except OSError:
                super().handle_close()
        elif self.socket is not None:
            super().handle_close()
