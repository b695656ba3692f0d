"""The store without a database: tables that a transaction copies and swaps in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import final

from attrs import frozen

from mechanic_adapters.memory.accounts import MemoryAccounts, MemorySessions
from mechanic_adapters.memory.customers import MemoryCustomers
from mechanic_adapters.memory.inventory import MemoryLedger, MemoryParts
from mechanic_adapters.memory.mechanics import MemoryMechanics, MemoryStandings
from mechanic_adapters.memory.table import ReadOnlyError
from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.memory.tickets import MemoryHistories, MemoryTickets
from mechanic_adapters.memory.vehicles import MemoryVehicles
from mechanic_core.work import Work


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

    def after(self, told: Callable[[], None]) -> None:
        """Have *told* called once the outermost block has kept the work."""
        if self._told is None:
            raise ReadOnlyError("nothing is kept outside begin()")
        self._told.append(told)


@final
class MemoryStore:
    """Keeps a shop for as long as the process lives; transactions run one after another."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._kept = Tables()
        self._lock = RLock()
        self._present: ContextVar[MemoryWork | None] = ContextVar("present", default=None)
        self._listeners: list[Callable[[frozenset[str]], None]] = []

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if joined := self._present.get():
            yield joined
            return
        written: set[str] = set()
        told: list[Callable[[], None]] = []
        with self._lock:
            tables = self._kept.opened(written)
            token = self._present.set(work := MemoryWork(tables, told))
            try:
                yield work
            finally:
                self._present.reset(token)
            self._kept = tables.kept()
        self._tell(frozenset(written), told)

    @contextmanager
    def look(self) -> Iterator[Work]:
        """Open a view of what is kept now, or of the open transaction."""
        yield self._present.get() or MemoryWork(self._kept)

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Have *listener* told the nouns written, after each commit that wrote any."""
        self._listeners.append(listener)

    def ping(self) -> None:
        """Do nothing: memory is there."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def _tell(self, written: frozenset[str], told: list[Callable[[], None]]) -> None:
        if written:
            for listener in self._listeners:
                listener(written)
        for callback in told:
            callback()
