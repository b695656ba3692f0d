"""Several processes doing the same work, started again when they die.

They are forked, so that they share one listening socket: a connection that waits when a process
dies is accepted by the next.
"""

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, final

from attrs import define, field

from mechanic_server.limits import DRAIN_S
from mechanic_server.processes import HANDLED, Forks

_log: Final = logging.getLogger(__name__)

STEADY_S: Final = 30.0
"""A process that lived this long is started again at once."""

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 10.0
"""How long after a quick death the next start waits, doubling from the first to the longest."""

PATIENCE_S: Final = DRAIN_S + 2.0
"""How long a process may take to stop before it is killed."""

_STOPPED_IN_ORDER: Final = (0, -signal.SIGTERM, -signal.SIGINT)
_TICK_S: Final = 1.0


@final
@define(eq=False)
class _Place:
    """One of the processes that there should be, dead or alive."""

    pid: int | None = None
    due: float = 0.0
    _born: float = 0.0
    _quick_deaths: int = 0

    def filled(self, pid: int, now: float) -> None:
        """Remember that it lives."""
        self.pid, self._born = pid, now

    def died(self, now: float) -> None:
        """Plan the next start, the later the more often it died young."""
        self.pid = None
        self._quick_deaths = 0 if now - self._born > STEADY_S else self._quick_deaths + 1
        doubled = FIRST_WAIT_S * 2.0 ** min(self._quick_deaths - 1, 16)
        self.due = now + (min(doubled, LONGEST_WAIT_S) if self._quick_deaths else 0.0)


@final
@define(eq=False)
class Supervisor:
    """Keeps *count* *forks* alive until SIGTERM or SIGINT.

    *on_ready* is called when the first of them is ready, *on_stop* before they are told to
    stop, and *on_death* with the id of each that has ended.
    """

    _forks: Forks
    _count: int
    _on_ready: Callable[[], None]
    _on_stop: Callable[[], None]
    _on_death: Callable[[int], None]
    _places: list[_Place] = field(factory=list, init=False)
    _stopping: bool = field(default=False, init=False)
    _was_ready: bool = field(default=False, init=False)
    _failed: bool = field(default=False, init=False)

    def run(self) -> int:
        """Return the exit code: 0 when every process stopped in order, else 1.

        Where none ever got ready, the first to fail ends all: the next would fail too.
        """
        self._places = [_Place() for _ in range(self._count)]
        with _signals() as heard:
            while not self._stopping and not self._failed:
                self._start_due()
                self._listen(heard)
                self._bury()
            self._stopping = True
            self._on_stop()
            self._stop_all(heard)
        self._forks.close()
        return int(self._failed)

    def _start_due(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if place.pid is None and place.due <= now:
                try:
                    place.filled(self._forks.start(), now)
                except OSError:
                    _log.exception("cannot start a process")
                    place.died(now)

    def _listen(self, heard: socket.socket) -> None:
        """Wait until something happens, or a start is due."""
        due = [place.due - time.monotonic() for place in self._places if place.pid is None]
        patience = max(0.0, min(due, default=_TICK_S))
        waited_for = [heard.fileno(), self._forks.news]
        ready, _, _ = select.select(waited_for, [], [], min(patience, _TICK_S))
        if heard.fileno() in ready:
            with suppress(BlockingIOError):
                self._stopping |= bool({signal.SIGTERM, signal.SIGINT} & {*heard.recv(4096)})
        if self._forks.news in ready and os.read(self._forks.news, 4096) and not self._was_ready:
            self._was_ready = True
            self._on_ready()

    def _bury(self) -> None:
        """Take note of the processes that have ended."""
        for place in self._places:
            if place.pid is None:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                in_order = self._stopping and code in _STOPPED_IN_ORDER
                if not in_order:
                    _log.error("process %d ended with %d", pid, code)
                self._failed |= not in_order and (self._stopping or not self._was_ready)
                place.died(time.monotonic())
                self._on_death(pid)

    def _stop_all(self, heard: socket.socket) -> None:
        """Tell every process to stop; kill those that take too long."""
        self._tell_all(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while any(place.pid for place in self._places):
            if time.monotonic() > deadline:
                self._tell_all(signal.SIGKILL)
            select.select([heard], [], [], 0.1)
            with suppress(BlockingIOError):
                heard.recv(4096)
            self._bury()

    def _tell_all(self, what: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                os.kill(place.pid, what)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Have signals written, as their numbers, to where they can be waited for."""
    heard, told = socket.socketpair()
    heard.setblocking(False)
    told.setblocking(False)
    former = {one: signal.signal(one, lambda *_: None) for one in HANDLED}
    former_fd = signal.set_wakeup_fd(told.fileno())
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(former_fd)
        for one, handler in former.items():
            signal.signal(one, handler)
        heard.close()
        told.close()
