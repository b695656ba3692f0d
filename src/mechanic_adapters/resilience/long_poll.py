"""Long polling: requests that wait for events, a bounded number of them at a time."""

import time
from collections import deque
from collections.abc import Callable, Generator
from threading import BoundedSemaphore
from typing import Final, final

POLL_S: Final = 0.5
"""How often a waiting request looks for events of other processes, and for the shutdown."""

TICK_S: Final = 0.02
"""How often it looks for commits of this process, which costs nothing but a comparison."""


@final
class LongPoll:
    """Wakes waiting requests after each commit of this process, and regularly for other ones.

    The requests that may wait at a time are bounded (a bulkhead), so that the threads of the
    server stay free for all others.

    Attributes:
        notify: To be called after each commit, with what it wrote.
    """

    def __init__(
        self, most: int, stopping: Callable[[], bool] = lambda: False, poll_s: float = POLL_S
    ) -> None:
        """Let at most *most* requests wait at a time, and none once *stopping* returns true."""
        self._slots = BoundedSemaphore(most)
        self._stopping = stopping
        self._poll_s = poll_s
        self._latest: deque[object] = deque([()], maxlen=1)
        self.notify: Callable[[object], None] = self._latest.append

    def wakeups(self, seconds: float) -> Generator[bool, None, None]:
        """Yield True after each commit from now on, for *seconds*; see `Wakeups`."""
        return self._wakeups(self._latest[-1], seconds)

    def _wakeups(self, seen: object, seconds: float) -> Generator[bool, None, None]:
        if seconds <= 0 or not self._slots.acquire(blocking=False):
            return
        try:
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0 and not self._stopping():
                self._wait(seen, min(left, self._poll_s))
                seen = self._latest[-1]
                yield True
        finally:
            self._slots.release()

    def _wait(self, seen: object, seconds: float) -> None:
        """Wait until the latest commit is another one than *seen*, at most some seconds."""
        until = time.monotonic() + seconds
        while self._latest[-1] is seen and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, TICK_S))
