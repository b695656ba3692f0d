"""Everything that the shop keeps, as one transaction or one look sees it."""

from collections.abc import Callable
from typing import final

from mechanic_adapters.sql.counters.worked_tickets import WorkedTickets
from mechanic_adapters.sql.engine.executor import Executor, ReadOnlyError
from mechanic_adapters.sql.queries.leaderboard import SqlStandings
from mechanic_adapters.sql.repositories.accounts import SqlAccounts
from mechanic_adapters.sql.repositories.customers import SqlCustomers
from mechanic_adapters.sql.repositories.histories import SqlHistories
from mechanic_adapters.sql.repositories.ledger import SqlLedger
from mechanic_adapters.sql.repositories.mechanics import SqlMechanics
from mechanic_adapters.sql.repositories.parts import SqlParts
from mechanic_adapters.sql.repositories.sessions import SqlSessions
from mechanic_adapters.sql.repositories.stored_answers import SqlStoredAnswers
from mechanic_adapters.sql.repositories.tickets import SqlTickets
from mechanic_adapters.sql.repositories.vehicles import SqlVehicles


@final
class SqlWork:
    """Everything that the shop keeps, by way of one executor."""

    def __init__(self, executor: Executor, told: list[Callable[[], None]] | None = None) -> None:
        """Gather in *told* what is to be called after the commit; a look has none."""
        self._executor = executor
        self._tallies = WorkedTickets(executor)
        self._told = told

    @property
    def customers(self) -> SqlCustomers:
        """The people who bring vehicles."""
        return SqlCustomers(self._executor)

    @property
    def vehicles(self) -> SqlVehicles:
        """What they bring."""
        return SqlVehicles(self._executor)

    @property
    def mechanics(self) -> SqlMechanics:
        """The people who work here."""
        return SqlMechanics(self._executor)

    @property
    def standings(self) -> SqlStandings:
        """How many tickets each of them has worked."""
        return SqlStandings(self._executor, self._tallies)

    @property
    def accounts(self) -> SqlAccounts:
        """Who can log in, and with what."""
        return SqlAccounts(self._executor)

    @property
    def sessions(self) -> SqlSessions:
        """Who has logged in."""
        return SqlSessions(self._executor)

    @property
    def tickets(self) -> SqlTickets:
        """The service tickets."""
        return SqlTickets(self._executor, self._tallies)

    @property
    def histories(self) -> SqlHistories:
        """What happened to each ticket."""
        return SqlHistories(self._executor)

    @property
    def parts(self) -> SqlParts:
        """The parts on the shelves."""
        return SqlParts(self._executor)

    @property
    def ledger(self) -> SqlLedger:
        """Every change of stock."""
        return SqlLedger(self._executor)

    @property
    def stored_answers(self) -> SqlStoredAnswers:
        """What was answered to requests that may come again."""
        return SqlStoredAnswers(self._executor)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call *callback* once the outermost block has kept the work."""
        if self._told is None:
            raise ReadOnlyError("nothing is kept outside begin()")
        self._told.append(callback)

    def finish(self) -> None:
        """Write what waits for the end of the transaction."""
        self._tallies.write()
