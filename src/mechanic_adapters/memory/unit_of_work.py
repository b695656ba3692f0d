"""Everything that the shop keeps in memory, as one transaction or one look sees it."""

from collections.abc import Callable
from typing import final

from attrs import frozen

from mechanic_adapters.memory.accounts import MemoryAccounts, MemorySessions
from mechanic_adapters.memory.customers import MemoryCustomers
from mechanic_adapters.memory.inventory import MemoryLedger, MemoryParts
from mechanic_adapters.memory.mechanics import MemoryMechanics, MemoryStandings
from mechanic_adapters.memory.stored_answers import MemoryStoredAnswers
from mechanic_adapters.memory.table import ReadOnlyError
from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.memory.tickets import MemoryHistories, MemoryTickets
from mechanic_adapters.memory.vehicles import MemoryVehicles


@final
@frozen(eq=False)
class MemoryWork:
    """Everything that the shop keeps, as one transaction or one look sees it."""

    _tables: Tables
    _told: list[Callable[[], None]] | None = None

    @property
    def customers(self) -> MemoryCustomers:
        """The people who bring vehicles."""
        return MemoryCustomers(self._tables)

    @property
    def vehicles(self) -> MemoryVehicles:
        """What they bring."""
        return MemoryVehicles(self._tables)

    @property
    def mechanics(self) -> MemoryMechanics:
        """The people who work here."""
        return MemoryMechanics(self._tables)

    @property
    def standings(self) -> MemoryStandings:
        """How many tickets each of them has worked."""
        return MemoryStandings(self._tables)

    @property
    def accounts(self) -> MemoryAccounts:
        """Who can log in, and with what."""
        return MemoryAccounts(self._tables)

    @property
    def sessions(self) -> MemorySessions:
        """Who has logged in."""
        return MemorySessions(self._tables)

    @property
    def tickets(self) -> MemoryTickets:
        """The service tickets."""
        return MemoryTickets(self._tables)

    @property
    def histories(self) -> MemoryHistories:
        """What happened to each ticket."""
        return MemoryHistories(self._tables)

    @property
    def parts(self) -> MemoryParts:
        """The parts on the shelves."""
        return MemoryParts(self._tables)

    @property
    def ledger(self) -> MemoryLedger:
        """Every change of stock."""
        return MemoryLedger(self._tables)

    @property
    def stored_answers(self) -> MemoryStoredAnswers:
        """What was answered to requests that may come again."""
        return MemoryStoredAnswers(self._tables)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call *callback* once the outermost block has kept the work."""
        if self._told is None:
            raise ReadOnlyError("nothing is kept outside begin()")
        self._told.append(callback)
