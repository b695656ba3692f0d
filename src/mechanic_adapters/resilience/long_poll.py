"""Long polling: requests that wait for events, a bounded number of them at a time."""

import time
from collections.abc import Callable, Generator
from threading import BoundedSemaphore, Condition
from typing import Final, final

POLL_S: Final = 0.5
"""How often a waiting request looks for events of other processes, and for the shutdown."""


@final
class LongPoll:
    """Wakes waiting requests after each commit of this process, and regularly for other ones.

    The requests that may wait at a time are bounded (a bulkhead), so that the threads of the
    server stay free for all others.
    """

    def __init__(
        self, most: int, stopping: Callable[[], bool] = lambda: False, poll_s: float = POLL_S
    ) -> None:
        """Let at most *most* requests wait at a time, and none once *stopping* returns true."""
        self._slots = BoundedSemaphore(most)
        self._stopping = stopping
        self._poll_s = poll_s
        self._committed = Condition()
        self._commits = 0

    def notify(self, _: object) -> None:
        """Wake every waiting request: a transaction has committed events."""
        with self._committed:
            self._commits += 1
            self._committed.notify_all()

    def wakeups(self, seconds: float) -> Generator[bool, None, None]:
        """Yield True after each commit from now on, for *seconds*; see `Wakeups`."""
        return self._wakeups(self._commits, seconds)

    def _wakeups(self, seen: int, seconds: float) -> Generator[bool, None, None]:
        if seconds <= 0 or not self._slots.acquire(blocking=False):
            return
        try:
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0 and not self._stopping():
                seen = self._wait(seen, min(left, self._poll_s))
                yield True
        finally:
            self._slots.release()

    def _wait(self, seen: int, seconds: float) -> int:
        """Wait until there are more commits than *seen*, at most some seconds; return how many."""
        with self._committed:
            self._committed.wait_for(lambda: self._commits != seen, seconds)
            return self._commits
