"""The sweeper: deletes what has expired, in small batches, and folds counters, while the shop runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Event
from typing import Final, final

from attrs import frozen

from mechanic_core.estimates.approval_links import RECEIPT_LIFE
from mechanic_core.idempotency import EXPIRY
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Clock
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.background_thread import BackgroundThread
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
_FIRST: Final = 0.2


@final
@frozen
class Swept:
    """How many stored answers were deleted, how many events, mails, and sessions.

    Refresh tokens, password resets and links to estimates count as sessions.
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
        kinds = (self._sessions, self._resets, self._links)
        sessions = sum(self._all(delete, pause) for delete in kinds)
        self._all(self._number_events, pause)  # first: an event without a position is not deleted
        events, mails = self._all(self._events, pause), self._all(self._mails, pause)
        return Swept(answers, sessions, events, mails)

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

    def _links(self) -> int:
        with self.store.begin() as work:
            return work.approval_links.sweep(self.now() - RECEIPT_LIFE, self.batch)

    def _mails(self) -> int:
        with self.store.begin() as work:
            return work.outgoing_mails.sweep(self.now() - _MARGIN, self.batch)

    def _number_events(self) -> int:
        with self.store.begin() as work:
            return work.events.number(self.batch)

    def _events(self) -> int:
        with self.store.begin() as work:
            return work.events.sweep(self.now() - self.event_life, self.batch)


def create_sweeper(settings: Settings, store: Store) -> Sweeper:
    """Return the sweeper of *store*, configured by *settings*."""
    database = sql_store_of(store)
    return Sweeper(
        store,
        utc_now,
        timedelta(minutes=settings.token_ttl_min),
        timedelta(days=settings.event_retention_days),
        fold=database.fold_counters if database and database.database.is_postgres else None,
    )


@contextmanager
def sweep_regularly(
    sweeper: Sweeper, period_s: float = PERIOD_S, fold_period_s: float = FOLD_PERIOD_S
) -> Iterator[None]:
    """Sweep the store within the block, and fold its counters, each in a thread of its own."""

    def sweep(stopping: Event) -> None:
        sweeper.sweep(stopping.wait)

    with ExitStack() as stack:
        stack.enter_context(BackgroundThread("sweeper", sweep, period_s, _FIRST * period_s))
        if fold := sweeper.fold:
            folding = BackgroundThread("fold", lambda _: fold(), fold_period_s, fold_period_s)
            stack.enter_context(folding)
        yield
