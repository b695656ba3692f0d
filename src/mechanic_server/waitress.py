"""waitress, guarded against false framing and slow clients, and stopped in order."""

import logging
import os
import select
import socket
import time
from contextlib import suppress
from threading import Event
from typing import Any, Final, final
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from mechanic_server import limits
from mechanic_server.channel import SERVED, GuardedChannel
from mechanic_server.selector import Sockets

_log: Final = logging.getLogger(__name__)
_TICK_S: Final = 1.0

_ADJUSTMENTS: Final[dict[str, Any]] = {
    "backlog": limits.BACKLOG,
    "channel_timeout": limits.IDLE_S,
    "cleanup_interval": limits.SWEEP_S,
    "clear_untrusted_proxy_headers": False,  # the application knows whom to believe
    "connection_limit": limits.CONNECTIONS,
    "ident": "",
    "log_socket_errors": False,  # that a client hangs up is no news
    "max_request_body_size": limits.BODY + 1,  # waitress refuses from this size on
    "max_request_header_size": limits.HEAD,
}


@final
class GuardedServer(TcpWSGIServer):
    """Serves one application on one socket, with a bounded number of threads."""

    channel_class = GuardedChannel
    active_channels: dict[int, GuardedChannel]  # type: ignore[assignment]  # the stubs are wrong

    def __init__(self, application: WSGIApplication, listener: socket.socket, threads: int) -> None:
        """Accept connections from now on; `run` answers them."""
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is no fault
        self._stop_asked = Event()
        self._listener = listener
        self._sockets = Sockets()
        super().__init__(
            application,
            map=self._sockets,
            _sock=listener,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
            threads=threads,
            **_ADJUSTMENTS,
        )
        self.bell: int = self.trigger.trigger  # type: ignore[attr-defined]  # the stubs are wrong
        """The file to which a byte is written so that the loop wakes."""
        os.set_blocking(self.bell, False)

    def run(self) -> None:
        """Serve until `stop`; then accept nobody, finish what runs, and return."""
        while not self._stop_asked.is_set():
            self._turn(_TICK_S)
        self._accept_nobody()
        deadline = time.monotonic() + limits.DRAIN_S
        self._turn(0)  # what has just been accepted, or was idle, may have sent its request
        while (busy := self._busy()) and (left := deadline - time.monotonic()) > 0:
            self._turn(min(_TICK_S, left))
        if busy:
            _log.warning("stopped before %d requests were finished", busy)
        self.task_dispatcher.shutdown(timeout=0 if busy else 1)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Ask `run` to finish; may be called from a signal handler."""
        self._stop_asked.set()
        self.pull_trigger()

    @property
    def is_crowded(self) -> bool:
        """Whether somebody waits for a thread, or might have to if one more were taken."""
        threads = self.task_dispatcher
        return bool(
            threads.queue
            or threads.active_count >= len(threads.threads)
            or self._stop_asked.is_set()
        )

    def readable(self) -> bool:
        """Whether to accept who comes."""
        return self.accepting and not self.in_connection_overflow

    def add_task(self, task: Any) -> None:
        """Have a thread serve *task*, a channel; the one that does already goes on by itself."""
        if getattr(SERVED, "channel", None) is not task:
            task.served = True
            super().add_task(task)

    def take_back(self, channel: GuardedChannel) -> None:
        """Serve what is left of *channel* in its turn, or wait for what comes."""
        if channel.connected and channel.requests:
            self.add_task(channel)
            return
        channel.served = False
        self._attend(channel)

    def pull_trigger(self) -> None:
        """Look at what waits to be sent: on the connection that this thread serves, or on all."""
        channel: GuardedChannel | None = getattr(SERVED, "channel", None)
        if channel is None:
            self._ring()
        else:
            self._attend(channel)

    def maintenance(self, now: float) -> None:
        """Close what has been silent, or slow, for too long."""
        clock = time.monotonic()
        for channel in tuple(self.active_channels.values()):  # a thread may close its own
            silent = not channel.requests and channel.last_activity < now - limits.IDLE_S
            channel.will_close = channel.will_close or silent or channel.is_late(clock)
            self._sockets.attend(channel.place)

    def _attend(self, channel: GuardedChannel) -> None:
        """Wait for what *channel* wants; a loop that stops must hear of each request's end."""
        self._sockets.attend(channel.place)
        if self._stop_asked.is_set():
            self._ring()

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # so many have rung that it will wake
            super().pull_trigger()

    def _turn(self, patience: float) -> None:
        """Do what the sockets are ready for, waiting for one if need be."""
        super().readable()  # where waitress sweeps now and then, and counts who is connected
        self._sockets.attend(self._fileno)  # type: ignore[attr-defined]  # the stubs leave it out
        self._sockets.turn(patience)

    def _busy(self) -> int:
        return sum(channel.busy for channel in self.active_channels.values())

    def _accept_nobody(self) -> None:
        """Take in who has already connected, and close the door."""
        for _ in range(limits.BACKLOG):
            if not select.select([self._listener], [], [], 0)[0]:
                break
            self.handle_accept()
        self.accepting = False
        self.del_channel()
        self._listener.close()
