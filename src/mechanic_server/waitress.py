"""waitress, guarded against request smuggling and slow clients, with graceful shutdown."""

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
from mechanic_server.channel import GuardedChannel, current
from mechanic_server.event_loop import SocketMap

_log: Final = logging.getLogger(__name__)
_POLL_S: Final = 1.0

_ADJUSTMENTS: Final[dict[str, Any]] = {
    "backlog": limits.BACKLOG,
    "channel_timeout": limits.KEEP_ALIVE_S,
    "cleanup_interval": limits.SWEEP_INTERVAL_S,
    "clear_untrusted_proxy_headers": False,  # the application knows its trusted proxies
    "connection_limit": limits.MAX_CONNECTIONS,
    "ident": "",
    "log_socket_errors": False,  # a client that disconnects is no error
    "max_request_body_size": limits.MAX_BODY_BYTES + 1,  # waitress refuses from this size on
    "max_request_header_size": limits.MAX_HEAD_BYTES,
}


@final
class GuardedServer(TcpWSGIServer):
    """Serves one application on one listening socket with a fixed number of threads."""

    channel_class = GuardedChannel
    active_channels: dict[int, GuardedChannel]  # type: ignore[assignment]  # the stubs are wrong

    def __init__(self, application: WSGIApplication, listener: socket.socket, threads: int) -> None:
        """Accept connections on *listener*; `run` serves them."""
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is no error
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
        while not self._stopping.is_set():
            self._poll(_POLL_S)
        self._stop_accepting()
        deadline = time.monotonic() + limits.DRAIN_TIMEOUT_S
        self._poll(0)  # new or idle connections may have a request waiting
        while (busy := self._busy()) and (remaining := deadline - time.monotonic()) > 0:
            self._poll(min(_POLL_S, remaining))
        if busy:
            _log.warning("stopped with %d requests unfinished", busy)
        self.task_dispatcher.shutdown(timeout=0 if busy else 1)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Begin a graceful shutdown; safe in a signal handler."""
        self._stopping.set()
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
        return self.accepting and not self.in_connection_overflow

    def add_task(self, task: Any) -> None:
        """Queue *task*, a channel, for a thread, unless this thread is serving it already."""
        if getattr(current, "channel", None) is not task:
            task.served = True
            super().add_task(task)

    def release(self, channel: GuardedChannel) -> None:
        """Queue *channel* again if it has requests; else return it to the event loop."""
        if channel.connected and channel.requests:
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

    def maintenance(self, now: float) -> None:
        """Close connections that were idle or slow for too long."""
        monotonic = time.monotonic()
        for channel in tuple(self.active_channels.values()):  # a thread may close its own
            idle = not channel.requests and channel.last_activity < now - limits.KEEP_ALIVE_S
            channel.will_close = channel.will_close or idle or channel.is_late(monotonic)
            self._sockets.rearm(channel.fd)

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
        super().readable()  # which calls `maintenance` and counts the connections
        self._sockets.rearm(self._fileno)  # type: ignore[attr-defined]  # the stubs leave it out
        self._sockets.poll(timeout)

    def _busy(self) -> int:
        return sum(channel.busy for channel in self.active_channels.values())

    def _stop_accepting(self) -> None:
        """Accept connections that are already queued, then close the listening socket."""
        for _ in range(limits.BACKLOG):
            if not select.select([self._listener], [], [], 0)[0]:
                break
            self.handle_accept()
        self.accepting = False
        self.del_channel()
        self._listener.close()
