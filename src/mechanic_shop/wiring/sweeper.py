"""The sweeper: deletes what has expired, in small batches, and folds counters, while the shop runs."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Final, final

from attrs import frozen

from mechanic_core.errors import Unavailable
from mechanic_core.idempotency import EXPIRY
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Clock
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.open_store import sql_store_of

PERIOD_S: Final = 300.0
"""The mean time between two runs: an answer is gone ten minutes after it has expired."""

FOLD_PERIOD_S: Final = 10.0
"""The time between two folds: whoever reads a counter adds up the changes since the last one."""

BATCH: Final = 200
"""How many rows of a kind one transaction deletes: other writers of SQLite wait for it."""

_MARGIN: Final = timedelta(hours=1)
"""By how much clocks of machines may differ."""

_PAUSE_S: Final = 0.05
_JITTER: Final = 0.2
_FIRST: Final = 0.2
_JOIN_S: Final = 1.0

_log: Final = logging.getLogger(__name__)


@final
@frozen
class Swept:
    """How many stored answers were deleted, how many events, mails, and sessions.

    Refresh tokens and password resets count as sessions.
    """

    answers: int = 0
    sessions: int = 0
    events: int = 0
    mails: int = 0


@final
@frozen(eq=False)
class Sweeper:
    """Deletes old events and mails, and what nobody can use any more, such as sessions.

    Attributes:
        store: The store.
        now: The clock.
        token_life: The lifetime of an access token: a revoked session is kept for longer.
        event_life: How long events are stored.
        batch: The maximum number of rows of a kind in one transaction.
        fold: Adds up the changes of counters; None for a store without any.
    """

    store: Store
    now: Clock
    token_life: timedelta
    event_life: timedelta = timedelta(days=30)
    batch: int = BATCH
    fold: Callable[[], object] | None = None

    def sweep(self, pause: Callable[[float], object] = lambda _: False) -> Swept:
        """Fold the counters, and delete all that has expired by now.

        *pause* is called between two batches; if it returns true, the rest is left for later.
        Raises `Unavailable`.
        """
        if self.fold:
            self.fold()
        answers = self._all(self._answers, pause)
        sessions = self._all(self._sessions, pause) + self._all(self._resets, pause)
        self._all(self._number_events, pause)  # first: an event without a position is not deleted
        events, mails = self._all(self._events, pause), self._all(self._mails, pause)
        return Swept(answers, sessions, events, mails)

    def run(self, stopping: Event, period_s: float) -> None:
        """Sweep about every *period_s* seconds, and fold in between, until *stopping* is set.

        The times are random, so that processes that were started together do not sweep together.
        """
        delay = random.uniform(0, _FIRST * period_s)  # noqa: S311 - no secret
        while not self._wait(stopping, delay):
            _try(partial(self.sweep, stopping.wait))
            delay = period_s * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret

    def _wait(self, stopping: Event, delay: float) -> bool:
        """Wait, and fold meanwhile; return whether *stopping* is set."""
        while self.fold and delay > FOLD_PERIOD_S:
            if stopping.wait(FOLD_PERIOD_S):
                return True
            _try(self.fold)
            delay -= FOLD_PERIOD_S
        return stopping.wait(delay)

    def _all(self, delete: Callable[[], int], pause: Callable[[float], object]) -> int:
        """Call *delete* until it finds less than a batch; return the sum."""
        total = 0
        while (count := delete()) >= self.batch:
            total += count
            if pause(_PAUSE_S):
                return total
        return total + count

    def _answers(self) -> int:
        with self.store.begin() as work:
            return work.stored_answers.sweep(self.now() - EXPIRY, self.batch)

    def _sessions(self) -> int:
        with self.store.begin() as work:
            return work.sessions.sweep(self.now() - self.token_life - _MARGIN, self.batch)

    def _resets(self) -> int:
        with self.store.begin() as work:
            return work.password_resets.sweep(self.now() - _MARGIN, self.batch)

    def _mails(self) -> int:
        with self.store.begin() as work:
            return work.outgoing_mails.sweep(self.now() - _MARGIN, self.batch)

    def _number_events(self) -> int:
        with self.store.begin() as work:
            return work.events.number(self.batch)

    def _events(self) -> int:
        with self.store.begin() as work:
            return work.events.sweep(self.now() - self.event_life, self.batch)


def _try(sweep: Callable[[], object]) -> None:
    """Call *sweep*, and log what it raises: the next call may succeed."""
    try:
        sweep()
    except Unavailable:  # or read-only
        _log.info("expired data could not be swept")
    except Exception:  # noqa: BLE001 - as above
        _log.exception("sweeping expired data failed")


def create_sweeper(settings: Settings, store: Store) -> Sweeper:
    """Return the sweeper of *store*, configured by *settings*."""
    database = sql_store_of(store)
    return Sweeper(
        store,
        utc_now,
        timedelta(minutes=settings.token_ttl_min),
        timedelta(days=settings.event_retention_days),
        fold=database.fold_counters if database else None,
    )


@contextmanager
def sweep_regularly(sweeper: Sweeper, period_s: float = PERIOD_S) -> Iterator[None]:
    """Run *sweeper* in a thread of its own within the block."""
    stopping = Event()
    thread = Thread(target=sweeper.run, args=(stopping, period_s), name="sweeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(_JOIN_S)
