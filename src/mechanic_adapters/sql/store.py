"""The store over SQL: transactions to write, single statements to read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Self, final

from attrs import frozen
from sqlalchemy import literal, select

from mechanic_adapters.commit_hooks import Listener, tell
from mechanic_adapters.sql.counters.list_totals import (
    PRESENT,
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
from mechanic_adapters.sql.engine.engines import located
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.migrations.version import KEPT
from mechanic_adapters.sql.schema.constraint_violations import refusals_by_constraint
from mechanic_adapters.sql.unit_of_work import unit_of_work
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Work

_PING = select(literal(1))


@final
@frozen(eq=False)
class _Present:
    """The transaction that is open here, and the view of it."""

    transaction: Transaction
    work: Work


@final
class SqlStore:
    """Keeps a shop in PostgreSQL or in a file of SQLite, whose schema must be there."""

    def __init__(self, database: Database) -> None:
        """Keep everything in *database*."""
        self._database = database
        self._present: ContextVar[_Present | None] = ContextVar("present", default=None)
        self._listeners: list[Listener] = []

    @classmethod
    def open(cls, url: str, *, pool_size: int = 8) -> Self:
        """Return the store at *url*; nothing is connected to before it is needed.

        Args:
            url: The address, as in ``postgresql://…`` or ``sqlite:///shop.db``.
            pool_size: How many may read at once, and how many may write.
        """
        return cls(Database(located(url), pool_size, refusals_by_constraint()))

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if present := self._present.get():
            with present.transaction.joined():
                yield present.work
            return
        told: list[Callable[[], None]] = []
        transaction = Transaction(self._database)
        worked_tickets = WorkedTickets(transaction)
        work = unit_of_work(transaction, worked_tickets, told.append)
        token = self._present.set(_Present(transaction, work))
        try:
            yield work
            worked_tickets.write()
            self._commit(transaction)
        except BaseException:
            transaction.drop()
            raise
        finally:
            self._present.reset(token)
            transaction.release()
        tell(self._listeners, frozenset(transaction.touched), told)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view whose every statement sees what is kept then, or the open transaction."""
        if present := self._present.get():
            yield present.work
            return
        executor = Executor(self._database)
        try:
            yield unit_of_work(executor, WorkedTickets(executor))
        finally:
            executor.release()

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* with the nouns written, after each commit that wrote any.

        It is called too when the outcome of a commit is unknown.
        """
        self._listeners.append(listener)

    @contextmanager
    def watched(self, watcher: Callable[[str], None]) -> Iterator[None]:
        """Have *watcher* told each statement, and each BEGIN and COMMIT, before it is run."""
        self._database.watchers.append(watcher)
        try:
            yield
        finally:
            self._database.watchers.remove(watcher)

    def ping(self) -> None:
        """Raise `Unavailable` when the database does not answer."""
        with self._reading() as executor:
            executor.first(_PING)

    def version(self) -> str | None:
        """Return the schema's version, None where there is no schema. Raises `Unavailable`."""
        try:
            with self._reading() as executor:
                row = executor.first(KEPT)
        except self._database.failure:  # there is no such table
            return None
        return str(row[0]) if row else None

    def connections(self) -> tuple[int, int]:
        """Return how many connections are in use, and how many are idle."""
        return self._database.connections()

    def miscounts(self) -> tuple[Miscount, ...]:
        """Return every tally of the leaderboard that disagrees with the tickets."""
        with self._reading() as executor:
            return miscounts(executor)

    def wrong_totals(self) -> tuple[WrongTotal, ...]:
        """Return every kept total of a list that disagrees with its rows."""
        with self._reading() as executor:
            return wrong_totals(executor)

    def recount(self) -> None:
        """Count the tallies of the leaderboard and the totals of lists anew."""
        is_postgres = self._database.is_postgres
        with self.begin():
            if present := self._present.get():
                recount(present.transaction, is_postgres=is_postgres)
        for table in PRESENT:
            with self.begin():
                if present := self._present.get():
                    recount_total(present.transaction, table, is_postgres=is_postgres)

    def close(self) -> None:
        """Give every connection back."""
        self._database.close()

    def _commit(self, transaction: Transaction) -> None:
        try:
            transaction.keep()
        except Unavailable:  # the commit may have succeeded before the connection was lost
            tell(self._listeners, frozenset(transaction.touched), ())
            raise

    @contextmanager
    def _reading(self) -> Iterator[Executor]:
        executor = Executor(self._database)
        try:
            yield executor
        finally:
            executor.release()
