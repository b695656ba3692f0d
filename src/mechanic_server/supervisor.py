"""A supervisor of pre-fork worker processes that restarts those that die, with back-off.

The workers share one listening socket: when one dies, another accepts the waiting connections.
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

from mechanic_server.limits import DRAIN_TIMEOUT_S
from mechanic_server.prefork_workers import PreforkWorkers, supervisor_signals

_log: Final = logging.getLogger(__name__)

STABLE_S: Final = 30.0
"""A worker that ran this long is restarted at once."""

FIRST_BACKOFF_S: Final = 0.1
LONGEST_BACKOFF_S: Final = 10.0
"""The delay before a restart after an early exit: it doubles from the first to the longest."""

STOP_TIMEOUT_S: Final = DRAIN_TIMEOUT_S + 2.0
"""How long a worker may take to stop before it is killed."""

_EXPECTED_CODES: Final = (0, -signal.SIGTERM, -signal.SIGINT)
_POLL_S: Final = 1.0


@final
@define(eq=False)
class _Slot:
    """One of the workers that should run: its process id, or when to start it again."""

    pid: int | None = None
    start_at: float = 0.0
    _started: float = 0.0
    _early_exits: int = 0

    def mark_started(self, pid: int, now: float) -> None:
        """Record the process id of the running worker."""
        self.pid, self._started = pid, now

    def mark_exited(self, now: float) -> None:
        """Schedule the restart, with exponential back-off after early exits."""
        self.pid = None
        self._early_exits = 0 if now - self._started > STABLE_S else self._early_exits + 1
        doubled = FIRST_BACKOFF_S * 2.0 ** min(self._early_exits - 1, 16)
        self.start_at = now + (min(doubled, LONGEST_BACKOFF_S) if self._early_exits else 0.0)


@final
@define(eq=False)
class Supervisor:
    """Runs *count* *workers* until SIGTERM or SIGINT.

    *on_ready* is called when the first of them is ready, *on_stop* before they are stopped, and
    *on_exit* with the process id of each that has exited. After SIGTERM the workers serve for
    *drain_s* seconds more.
    """

    _workers: PreforkWorkers
    _count: int
    _on_ready: Callable[[], None]
    _on_stop: Callable[[], None]
    _on_exit: Callable[[int], None]
    _drain_s: float = 0.0
    _slots: list[_Slot] = field(factory=list, init=False)
    _stopping: bool = field(default=False, init=False)
    _stop_signal: signal.Signals = field(default=signal.SIGINT, init=False)
    _was_ready: bool = field(default=False, init=False)
    _failed: bool = field(default=False, init=False)

    def run(self) -> int:
        """Return the exit code: 0 if every worker stopped gracefully, else 1.

        If the first worker fails before any was ready, all are stopped: the next would fail too.
        """
        self._slots = [_Slot() for _ in range(self._count)]
        with _receive_signals() as signals:
            while not self._stopping and not self._failed:
                self._start_due()
                self._wait(signals)
                self._reap()
            self._stopping = True
            self._on_stop()
            self._stop_all(signals)
        self._workers.close()
        return int(self._failed)

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if slot.pid is None and slot.start_at <= now:
                try:
                    slot.mark_started(self._workers.start(), now)
                except OSError:
                    _log.exception("cannot start a worker process")
                    slot.mark_exited(now)

    def _wait(self, signals: socket.socket) -> None:
        """Wait for a signal, a worker's readiness or the next restart."""
        due = [slot.start_at - time.monotonic() for slot in self._slots if slot.pid is None]
        timeout = max(0.0, min(due, default=_POLL_S))
        readable = [signals.fileno(), ready_fd := self._workers.ready_fd]
        ready, _, _ = select.select(readable, [], [], min(timeout, _POLL_S))
        if signals.fileno() in ready and (received := _received(signals)):
            self._stopping = True
            self._stop_signal = min(received)  # SIGINT, if both
        if ready_fd in ready and os.read(ready_fd, 4096) and not self._was_ready:
            self._was_ready = True
            self._on_ready()

    def _reap(self) -> None:
        """Record the workers that have exited."""
        for slot in self._slots:
            if slot.pid is None:
                continue
            pid, status = os.waitpid(slot.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                expected = self._stopping and code in _EXPECTED_CODES
                if not expected:
                    _log.error("worker process %d exited with %d", pid, code)
                self._failed |= not expected and (self._stopping or not self._was_ready)
                slot.mark_exited(time.monotonic())
                self._on_exit(pid)

    def _stop_all(self, signals: socket.socket) -> None:
        """Stop every worker with the signal that came; kill those that take too long."""
        self._signal_all(self._stop_signal)
        drain_s = self._drain_s if self._stop_signal is signal.SIGTERM else 0.0
        deadline = time.monotonic() + drain_s + STOP_TIMEOUT_S
        while any(slot.pid for slot in self._slots):
            if time.monotonic() > deadline:
                self._signal_all(signal.SIGKILL)
            select.select([signals], [], [], 0.1)
            if signal.SIGINT in _received(signals):
                self._signal_all(signal.SIGINT)
            self._reap()

    def _signal_all(self, which: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid is not None:
                os.kill(slot.pid, which)


def _received(signals: socket.socket) -> set[signal.Signals]:
    """Return the signals to stop that have come."""
    numbers = b""
    with suppress(BlockingIOError):
        numbers = signals.recv(4096)
    return {one for one in (signal.SIGINT, signal.SIGTERM) if one in numbers}


@contextmanager
def _receive_signals() -> Iterator[socket.socket]:
    """Yield a socket that receives the number of each signal as a byte (the self-pipe trick)."""
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    sender.setblocking(False)
    previous = {one: signal.signal(one, lambda *_: None) for one in supervisor_signals()}
    previous_fd = signal.set_wakeup_fd(sender.fileno())
    try:
        yield receiver
    finally:
        signal.set_wakeup_fd(previous_fd)
        for one, handler in previous.items():
            signal.signal(one, handler)
        receiver.close()
        sender.close()
