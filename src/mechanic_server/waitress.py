"""waitress, guarded against request smuggling, slow and silent clients, with graceful shutdown."""

import logging
import math
import os
import select
import socket
import time
from collections.abc import Collection
from contextlib import suppress
from operator import attrgetter
from threading import Event
from typing import Any, Final, final
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from mechanic_server.channel import GuardedChannel, current
from mechanic_server.client_networks import Network, is_in, network_of
from mechanic_server.event_loop import SocketMap
from mechanic_server.limits import (
    BACKLOG,
    DRAIN_TIMEOUT_S,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    ConnectionLimits,
)

_log: Final = logging.getLogger(__name__)
_POLL_S: Final = 1.0
_DEFAULT_LIMITS: Final = ConnectionLimits()

_ADJUSTMENTS: Final[dict[str, Any]] = {
    "backlog": BACKLOG,
    "clear_untrusted_proxy_headers": False,  # the application knows its trusted proxies
    "ident": "",
    "log_socket_errors": False,  # a client that disconnects is no error
    "max_request_body_size": MAX_BODY_BYTES + 1,  # waitress refuses from this size on
    "max_request_header_size": MAX_HEAD_BYTES,
}


@final
class GuardedServer(TcpWSGIServer):
    """Serves one application on one listening socket with a fixed number of threads."""

    channel_class = GuardedChannel
    active_channels: dict[int, GuardedChannel]  # type: ignore[assignment]  # the stubs are wrong

    def __init__(
        self,
        application: WSGIApplication,
        listener: socket.socket,
        threads: int,
        limits: ConnectionLimits = _DEFAULT_LIMITS,
        proxies: Collection[Network] = (),
    ) -> None:
        """Accept connections on *listener*; `run` serves them.

        The number of connections from one of *proxies* has no limit of its own.
        """
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is no error
        self.limits = limits
        self._proxies = proxies
        self._next_sweep = 0.0
        self._stop_at = math.inf
        self._stopping = Event()
        self._listener = listener
        self._sockets = SocketMap()
        super().__init__(
            application,
            map=self._sockets,
            _sock=listener,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
            threads=threads,
            **_ADJUSTMENTS,
        )
        self.wakeup_fd: int = self.trigger.trigger  # type: ignore[attr-defined]  # wrong stubs
        """A byte written to this file descriptor wakes the event loop."""
        os.set_blocking(self.wakeup_fd, False)

    def run(self) -> None:
        """Serve until `stop`; then drain: accept no more, finish requests in progress, return."""
        while (remaining := self._stop_at - time.monotonic()) > 0:
            self._poll(min(_POLL_S, remaining))
        self._stopping.set()
        self._stop_accepting()
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        self._poll(0)  # new or idle connections may have a request waiting
        while (busy := self._busy()) and (remaining := deadline - time.monotonic()) > 0:
            self._poll(min(_POLL_S, remaining))
        if busy:
            _log.warning("stopped with %d requests unfinished", busy)
        self.task_dispatcher.shutdown(timeout=0 if busy else 1)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self, after_s: float = 0.0) -> None:
        """Begin a graceful shutdown in *after_s* seconds, or earlier; safe in a signal handler."""
        self._stop_at = min(self._stop_at, time.monotonic() + after_s)
        self.pull_trigger()

    @property
    def is_crowded(self) -> bool:
        """Whether every thread is busy or requests are queued."""
        threads = self.task_dispatcher
        return bool(
            threads.queue or threads.active_count >= len(threads.threads) or self._stopping.is_set()
        )

    def readable(self) -> bool:
        """Return whether to accept another connection."""
        channels = self.active_channels
        return self.accepting and (
            len(channels) < self.limits.connections
            or any(not channel.served for channel in tuple(channels.values()))
        )

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Accept a connection, unless there are too many and every one of them is being served."""
        accepted = super().accept()
        if accepted is None:
            return None
        connection, address = accepted
        if self._make_room(address[0]):
            return connection, address
        connection.close()
        return None

    def add_task(self, task: Any) -> None:
        """Queue *task*, a channel, for a thread, unless this thread is serving it already."""
        if getattr(current, "channel", None) is not task:
            task.served = True
            super().add_task(task)

    def release(self, channel: GuardedChannel) -> None:
        """Queue *channel* again if its next request can run; else return it to the event loop."""
        if channel.connected and channel.may_continue:
            self.add_task(channel)
            return
        channel.served = False
        self._rearm(channel)

    def pull_trigger(self) -> None:
        """Wake the loop, or only rearm the connection that this thread is serving."""
        channel: GuardedChannel | None = getattr(current, "channel", None)
        if channel is None:
            self._wake()
        else:
            self._rearm(channel)

    def set_socket_options(self, conn: socket.socket) -> None:
        """Send packets at once, and let the kernel too give up on output that is not read."""
        super().set_socket_options(conn)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            limit = int(self.limits.output_s * 1000)
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)

    def _make_room(self, host: str) -> bool:
        """Return whether there is room for a connection from *host*; close an idle one for it."""
        candidates = tuple(self.active_channels.values())  # a thread may close its own
        full = len(candidates) >= self.limits.connections
        if not is_in(host, self._proxies):
            client = network_of(host)
            own = tuple(channel for channel in candidates if channel.network == client)
            if len(own) >= self.limits.per_address:
                candidates, full = own, True
        if not full:
            return True
        idle = [channel for channel in candidates if not channel.served]
        if idle:
            min(idle, key=attrgetter("last_activity")).drop()
        return bool(idle)

    def _close_late(self) -> None:
        """Close the connections of clients that were idle or slow for too long."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + self.limits.sweep_s
            for channel in tuple(self.active_channels.values()):
                if channel.is_late(now):
                    channel.drop()

    def _rearm(self, channel: GuardedChannel) -> None:
        """Register *channel* for events; wake a draining loop, which counts busy channels."""
        self._sockets.rearm(channel.fd)
        if self._stopping.is_set():
            self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # the pipe is full, so the loop will wake
            super().pull_trigger()

    def _poll(self, timeout: float) -> None:
        """Handle ready sockets, waiting at most *timeout* seconds."""
        self._close_late()
        self._sockets.rearm(self._fileno)  # type: ignore[attr-defined]  # the stubs leave it out
        self._sockets.poll(timeout)

    def _busy(self) -> int:
        return sum(channel.busy for channel in self.active_channels.values())

    def _stop_accepting(self) -> None:
        """Accept connections that are already queued, then close the listening socket."""
        for _ in range(BACKLOG):
            if not select.select([self._listener], [], [], 0)[0]:
                break
            self.handle_accept()
        self.accepting = False
        self.del_channel()
        self._listener.close()
