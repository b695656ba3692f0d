"""The store over SQL: a transaction per unit of work, and read-only views without one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import Lock
from time import monotonic
from typing import Self, final

from attrs import frozen
from sqlalchemy import literal, select

from mechanic_adapters.sql.admission import Admission
from mechanic_adapters.sql.counters.folding import fold
from mechanic_adapters.sql.counters.list_totals import FOLD as FOLD_TOTALS
from mechanic_adapters.sql.counters.list_totals import (
    LISTED,
    WrongTotal,
    recount_total,
    wrong_totals,
)
from mechanic_adapters.sql.counters.worked_tickets import FOLD as FOLD_WORKED_TICKETS
from mechanic_adapters.sql.counters.worked_tickets import (
    Miscount,
    WorkedTickets,
    miscounts,
    recount,
)
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.outages import QUIET_S, Cause, Use, cause_of
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.migrations.version import SCHEMA_VERSION
from mechanic_adapters.sql.queries.write_probe import probe_write
from mechanic_adapters.sql.replicas.lagging_reads import LaggingReads
from mechanic_adapters.sql.replicas.replica import Replica
from mechanic_adapters.sql.repositories.estimates.alterations import AlteredRecord, altered_records
from mechanic_adapters.sql.repositories.events import write_events
from mechanic_adapters.sql.repositories.invoices.alterations import WrongDocument
from mechanic_adapters.sql.repositories.invoices.discrepancies import wrong_documents
from mechanic_adapters.sql.repositories.tickets.prices import WrongPrice, wrong_prices
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint
from mechanic_adapters.sql.unit_of_work import unit_of_work
from mechanic_core.access import SYSTEM, Actor, SessionId
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import (
    CommitListeners,
    EventListener,
    LeftElsewhereError,
    Listener,
    Work,
)

_PING = select(literal(1))


@final
@frozen(eq=False)
class _Open:
    """The transaction that the current thread has open, and its unit of work."""

    transaction: Transaction
    work: Work
    sessions: set[SessionId | None]
    """The sessions that take part in it."""


@final
class SqlStore:
    """A shop in PostgreSQL or in a SQLite file, whose schema must exist."""

    def __init__(self, database: Database, replica: Database | None = None) -> None:
        """Connect to nothing yet."""
        self.database = database
        self.lagging_reads = LaggingReads(database, Replica(replica, database)) if replica else None
        self.pools = (*database.pools, *(replica.pools if replica else ()))
        self._outages, self._wrote_at = database.outages, -QUIET_S
        self._probing = Lock()
        self._open: ContextVar[_Open] = ContextVar("open")
        self._listeners = CommitListeners()
        self.admission = Admission(database.outages)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pool_size: int = 8,
        prepares: bool = True,
        replica_url: str | None = None,
    ) -> Self:
        """Return the store at *url*, connected when it is first used.

        Args:
            url: The address, as in ``postgresql://…`` or ``sqlite:///shop.db``.
            pool_size: The maximum number of connections, those that read and those that write.
            prepares: Whether PostgreSQL prepares statements, which some poolers lose.
            replica_url: The address of a standby that some reads go to.
        """
        refusals = refusals_by_constraint()
        urls = (url, replica_url) if replica_url else (url,)
        return cls(
            *(Database(database_url(one), pool_size, refusals, prepares=prepares) for one in urls)
        )

    @contextmanager
    def begin(self, actor: Actor | None = None) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        session = actor.session if actor else None
        if outer := self._joinable():
            outer.sessions.add(session)
            with outer.transaction.join(actor):
                yield outer.work
            return
        self._admit()
        callbacks: list[Callable[[], None]] = []
        try:
            transaction = Transaction(self.database, actor or SYSTEM)
        except Unavailable as error:
            self._outages.failed(Use.WRITING, error)
            raise
        worked_tickets = WorkedTickets(transaction)
        work = unit_of_work(transaction, worked_tickets, callbacks.append)
        opened = _Open(transaction, work, {session})
        token = self._open.set(opened)
        try:
            yield work
            self._require_current(opened)
            if worked_tickets.changes:
                worked_tickets.flush()
            if transaction.stored_events < len(transaction.events):
                write_events(transaction)
            if self.lagging_reads and transaction.written:
                callbacks.append(self.lagging_reads.note(transaction, opened.sessions))
            self._commit(transaction)
        except BaseException as error:
            transaction.rollback()
            self._outages.failed(Use.WRITING, error)
            raise
        finally:
            transaction.release()  # first: resetting fails in another context
            with suppress(ValueError):
                self._open.reset(token)
        self._listeners.notify(transaction.written, transaction.events, callbacks)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view in which each statement sees what is committed, or the open transaction."""
        if outer := self._joinable():
            yield outer.work
            return
        self._admit()
        with self._reading() as executor:
            yield unit_of_work(executor, WorkedTickets(executor))

    @contextmanager
    def read_lagging(self, reader: Actor) -> Iterator[Work]:
        """Open a view that may be seconds old, but has all that *reader*'s session wrote."""
        lagging_reads = self.lagging_reads
        if lagging_reads is None or self._joinable():
            with self.read_only() as work:
                yield work
            return
        self._admit()
        with self._reading(partial(lagging_reads.executor, reader)) as executor:
            yield unit_of_work(executor, WorkedTickets(executor))

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* with the nouns written, after each commit that wrote or may have."""
        self._listeners.of_nouns.append(listener)

    def on_commit(self, listener: EventListener) -> None:
        """Call *listener* once with the events of each commit that wrote any."""
        self._listeners.of_events.append(listener)

    def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""
        with self._reading() as executor:
            executor.first(_PING)

    def schema_version(self) -> str | None:
        """Return the version of the schema, or None if there is none. Raises `Unavailable`."""
        try:
            with self._reading() as executor:
                row = executor.first(SCHEMA_VERSION)
        except self.database.driver_error:  # the table does not exist
            return None
        return str(row[0]) if row else None

    def write_failure(self) -> Cause | None:
        """Return why writes fail at present; None if they succeed.

        A write within the last second is the proof. Without one, a write is rolled back.
        """
        with self._probing:
            has_written = monotonic() - self._wrote_at < QUIET_S
            if not has_written and not self._outages.has_just_failed(Use.WRITING):
                self._probe_write()
            return self._outages.cause(Use.WRITING)

    def miscounts(self) -> tuple[Miscount, ...]:
        """Return every counter of the leaderboard that disagrees with the tickets."""
        with self._reading() as executor:
            return miscounts(executor)

    def wrong_totals(self) -> tuple[WrongTotal, ...]:
        """Return every stored total of a list that disagrees with its rows."""
        with self._reading() as executor:
            return wrong_totals(executor)

    def wrong_prices(self) -> Iterator[WrongPrice]:
        """Yield every ticket whose stored price disagrees with its lines and rules."""
        with self._reading() as executor:
            yield from wrong_prices(executor)

    def altered_records(self) -> Iterator[AlteredRecord | WrongDocument]:
        """Yield estimates, decisions and invoices that were changed, and money that disagrees."""
        with self._reading() as executor:
            yield from altered_records(executor)
            yield from wrong_documents(executor)

    def fold_counters(self) -> None:
        """Add up the changes of counters, unless another process does. Raises `Unavailable`."""
        if self.database.is_postgres:  # on SQLite triggers do
            with self.begin():
                fold(self._open.get().transaction, (FOLD_TOTALS, FOLD_WORKED_TICKETS))

    def recount(self) -> None:
        """Count the counters of the leaderboard and the totals of lists again."""
        with self.begin():
            recount(self._open.get().transaction)
        for table in LISTED:
            with self.begin():
                recount_total(self._open.get().transaction, table)

    def close(self) -> None:
        """Close every idle connection; the store opens others when it is used again."""
        self.database.close()
        if self.lagging_reads:
            self.lagging_reads.replica.close()

    def _admit(self) -> None:
        if self.admission.check is not None:
            self.admission.require()

    def _joinable(self) -> _Open | None:
        """Return the open transaction of this context; one that is over is none."""
        opened = self._open.get(None)
        return opened if opened and not opened.transaction.is_over else None

    def _require_current(self, opened: _Open) -> None:
        """Raise `LeftElsewhereError` unless *opened* is the transaction of this context."""
        if self._open.get(None) is not opened:
            raise LeftElsewhereError

    def _commit(self, transaction: Transaction) -> None:
        try:
            transaction.commit()
        except Unavailable:  # the commit may have succeeded before the connection was lost
            self._listeners.notify(transaction.written)
            raise
        if transaction.written:
            self._wrote_at = monotonic()
            if self._outages.is_any:
                self._outages.succeeded(Use.WRITING)

    def _probe_write(self) -> None:
        try:
            transaction = Transaction(self.database, SYSTEM)
            try:
                cause = probe_write(transaction)
            finally:
                transaction.rollback()
                transaction.release()
        except Unavailable as error:  # or the lock was not to be had
            cause = cause_of(error.__cause__ or error)
        if cause is None:
            self._wrote_at = monotonic()
            self._outages.succeeded(Use.WRITING)
            return
        self._outages.begin(Use.WRITING, cause)
        self.database.writers.close()  # the next connections may find another server

    @contextmanager
    def _reading(self, take: Callable[[], Executor] | None = None) -> Iterator[Executor]:
        """Yield what *take* returns, by default an executor on the primary; note how it went."""
        executor: Executor | None = None
        try:
            executor = take() if take else Executor(self.database)
            yield executor
        except Unavailable as error:
            self._outages.failed(Use.READING, error)
            raise
        finally:
            if executor is not None:
                executor.release()
        if self._outages.is_any and executor.has_run and executor.database is self.database:
            self._outages.succeeded(Use.READING)
