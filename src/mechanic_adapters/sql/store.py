"""The store over SQL: a transaction per unit of work, and read-only views without one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Self, final

from attrs import frozen
from sqlalchemy import literal, select

from mechanic_adapters.sql.counters.list_totals import (
    LISTED,
    WrongTotal,
    recount_total,
    wrong_totals,
)
from mechanic_adapters.sql.counters.worked_tickets import (
    Miscount,
    WorkedTickets,
    miscounts,
    recount,
)
from mechanic_adapters.sql.engine.database import Database
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.migrations.version import SCHEMA_VERSION
from mechanic_adapters.sql.repositories.events import write_events
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint
from mechanic_adapters.sql.unit_of_work import unit_of_work
from mechanic_core.access import SYSTEM, Actor
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


@final
class SqlStore:
    """A shop in PostgreSQL or in a SQLite file, whose schema must exist."""

    def __init__(self, database: Database) -> None:
        """Connect to nothing yet."""
        self.database = database
        self.pools = database.pools
        self._open: ContextVar[_Open] = ContextVar("open")
        self._listeners = CommitListeners()
        self._admission: Callable[[], object] | None = None

    @classmethod
    def open(cls, url: str, *, pool_size: int = 16, prepares: bool = True) -> Self:
        """Return the store at *url*, connected when it is first used.

        Args:
            url: The address, as in ``postgresql://…`` or ``sqlite:///shop.db``.
            pool_size: The maximum number of connections, those that read and those that write.
            prepares: Whether PostgreSQL prepares statements, which some poolers lose.
        """
        refusals = refusals_by_constraint()
        return cls(Database(database_url(url), pool_size, refusals, prepares=prepares))

    @contextmanager
    def begin(self, actor: Actor | None = None) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if outer := self._joinable():
            with outer.transaction.join(actor):
                yield outer.work
            return
        self._admit()
        callbacks: list[Callable[[], None]] = []
        transaction = Transaction(self.database, actor or SYSTEM)
        worked_tickets = WorkedTickets(transaction)
        work = unit_of_work(transaction, worked_tickets, callbacks.append)
        opened = _Open(transaction, work)
        token = self._open.set(opened)
        try:
            yield work
            self._require_current(opened)
            if worked_tickets.changes:
                worked_tickets.flush()
            if transaction.stored_events < len(transaction.events):
                write_events(transaction)
            self._commit(transaction)
        except BaseException:
            transaction.rollback()
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
        executor = Executor(self.database)
        try:
            yield unit_of_work(executor, WorkedTickets(executor))
        finally:
            executor.release()

    def admit_after(self, check: Callable[[], object]) -> None:
        """Call *check* before each use of the records until it raises nothing."""
        self._admission = check

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* with the nouns written, after each commit that wrote any.

        It is called too when the outcome of a commit is unknown.
        """
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

    def miscounts(self) -> tuple[Miscount, ...]:
        """Return every counter of the leaderboard that disagrees with the tickets."""
        with self._reading() as executor:
            return miscounts(executor)

    def wrong_totals(self) -> tuple[WrongTotal, ...]:
        """Return every stored total of a list that disagrees with its rows."""
        with self._reading() as executor:
            return wrong_totals(executor)

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

    def _admit(self) -> None:
        if self._admission is not None:
            self._admission()
            self._admission = None

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

    @contextmanager
    def _reading(self) -> Iterator[Executor]:
        executor = Executor(self.database)
        try:
            yield executor
        finally:
            executor.release()
