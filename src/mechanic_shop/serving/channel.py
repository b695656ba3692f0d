"""One connection of waitress: read strictly, and closed so that a refusal is heard."""

import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import local
from typing import Final, cast, final

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from mechanic_shop.serving.framing import StrictParser
from mechanic_shop.serving.limits import HEAD_S, LINGER_S, REQUEST_S

SERVED: Final = local()
"""Whose request each thread runs, as its *channel*: waitress wakes the loop without telling."""

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
    """One connection; when it is closed on a client that may still send, it lingers.

    Closing at once would answer unread bytes with a reset, and many clients then never see
    why they were refused.
    """

    parser_class = StrictParser
    task_class = PoliteTask
    request: StrictParser | None
    requests: Sequence[StrictParser]
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
        """Whether a request is being read, run or answered."""
        return self._lingers_until is None and bool(
            self.requests or self.request or self.total_outbufs_len or self.close_when_flushed
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
        """Run the request that has come."""
        SERVED.channel = self
        super().service()

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
        """Whether to wait for bytes."""
        return self._lingers_until is not None or super().readable()

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
