"""waitress, guarded against false framing and slow clients, and stopped in order."""

import logging
import os
import select
import socket
import time
from collections import deque
from contextlib import suppress
from threading import Event
from typing import Any, Final, final
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from mechanic_shop.serving import limits
from mechanic_shop.serving.channel import SERVED, GuardedChannel
from mechanic_shop.serving.sockets import Sockets

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
        self._stirred: deque[int] = deque()
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

    def pull_trigger(self) -> None:
        """Wake the loop, unless what this thread serves leaves it nothing to do.

        A loop that stops waits for each request to end, and must hear of it.
        """
        channel: GuardedChannel | None = getattr(SERVED, "channel", None)
        if channel is not None:
            idle = channel.place not in self._sockets.paused and not channel.writable()
            if idle and not self._stop_asked.is_set():
                return
            self._stirred.append(channel.place)
        with suppress(BlockingIOError):  # so many have rung that it will wake
            super().pull_trigger()

    def maintenance(self, now: float) -> None:
        """Close what has been silent, or slow, for too long."""
        super().maintenance(int(now))
        clock = time.monotonic()
        for channel in self.active_channels.values():
            channel.will_close = channel.will_close or channel.is_late(clock)
        self._stirred.extend(self.active_channels)

    def _turn(self, patience: float) -> None:
        """Do what the sockets are ready for, waiting for one if need be."""
        self.readable()  # where waitress sweeps now and then, and counts who is connected
        self._sockets.attend(self._fileno)  # type: ignore[attr-defined]  # the stubs leave it out
        while self._stirred:
            self._sockets.attend(self._stirred.popleft())
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
