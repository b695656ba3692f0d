"""A background thread: does the same work again and again while the shop is open."""

import logging
import random
from collections.abc import Callable
from threading import Event, Thread
from typing import Final, Self, final

from attrs import define, field

from mechanic_adapters.sql.engine.forks import ForkAware, notify_of_forks
from mechanic_core.errors import Unavailable

JITTER: Final = 0.2
"""By how much of the period a wait differs from it, so that processes do not work together."""

STOP_S: Final = 1.0
"""How long the end of the block waits for a round that is being done."""

_log: Final = logging.getLogger(__name__)


@final
@define(eq=False)
class BackgroundThread(ForkAware):
    """Does *work* within its block, about every *period_s* seconds and whenever it is woken.

    A round that fails is logged, once for each type of error until one succeeds, and the next one
    comes as always. A forked child that leaves the block open has a thread of its own.

    Attributes:
        name: What the thread and the log call it.
        work: Does one round; it ends early when the event that it is called with is set.
        period_s: The mean time between two rounds.
        first_s: The maximum time before the first one.
    """

    name: str
    work: Callable[[Event], object]
    period_s: float
    first_s: float = 0.0
    stopping: Event = field(factory=Event, kw_only=True)
    woken: Event = field(factory=Event, kw_only=True)

    _thread: Thread | None = field(init=False, default=None)
    _failures: set[type[Exception]] = field(init=False, factory=set)
    """How rounds have failed since one succeeded."""

    def __enter__(self) -> Self:
        """Start the thread."""
        notify_of_forks(self)
        self._start(random.uniform(0, self.first_s))  # noqa: S311 - no secret
        return self

    def __exit__(self, *_: object) -> None:
        """End it after the round that is being done, and wait for that, but not for long."""
        self.stopping.set()
        self.woken.set()
        if self._thread is not None:
            self._thread.join(STOP_S)
            if self._thread.is_alive():
                _log.warning("background work has not ended yet", extra={"work": self.name})

    def wake(self) -> None:
        """Let the next round begin at once."""
        self.woken.set()

    def after_fork_in_child(self) -> None:
        """Go on in the child, whose first round comes late: many children end before it."""
        if not self.stopping.is_set():
            self.stopping, self.woken = Event(), Event()  # a thread may have held their locks
            self._start(self._delay())

    def run(self, delay: float) -> None:
        """Do the first round after *delay* seconds, and others, until `stopping` is set."""
        while True:
            self.woken.wait(delay)
            self.woken.clear()  # first: who wakes or stops it from here on sets it again
            if self.stopping.is_set():
                return
            self._do_round()
            delay = self._delay()

    def _start(self, delay: float) -> None:
        self._thread = Thread(target=self.run, args=(delay,), name=self.name, daemon=True)
        self._thread.start()

    def _delay(self) -> float:
        return self.period_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret

    def _do_round(self) -> None:
        try:
            self.work(self.stopping)
        except Exception as error:  # noqa: BLE001 - the next round may succeed
            if type(error) not in self._failures:
                self._failures.add(type(error))
                # Outages of the database are logged by themselves.
                is_mistake = not isinstance(error, Unavailable)
                level = logging.ERROR if is_mistake else logging.INFO
                extra = {"work": self.name, "error": type(error).__name__}
                _log.log(level, "background work failed", exc_info=is_mistake, extra=extra)
        else:
            self._failures.clear()
