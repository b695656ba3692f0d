"""A store whose views remember what is read often."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Self, TypeVar, final

from attrs import define, field

from mechanic_adapters.caching.cache import ResponseCache
from mechanic_adapters.caching.ports import Kind
from mechanic_adapters.caching.reads import (
    REMEMBERED,
    CachedMechanics,
    CachedParts,
    CachedStandings,
)
from mechanic_core.accounts.ports import Accounts, Sessions
from mechanic_core.customers.ports import Customers
from mechanic_core.errors import Unavailable
from mechanic_core.idempotency import StoredAnswers
from mechanic_core.inventory.ports import Ledger
from mechanic_core.tickets.ports import Histories, Tickets
from mechanic_core.unit_of_work import Listener, ReadOnly, Store, Work
from mechanic_core.vehicles.ports import Vehicles

T = TypeVar("T")


@final
@define(eq=False)
class CachedLook:
    """A view that opens the store's own only for what isn't remembered.

    Once it has, everything is read through that: one view, one moment.
    """

    _read_only: ReadOnly
    _cache: ResponseCache
    _opened: tuple[AbstractContextManager[Work], Work] | None = field(init=False, default=None)

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        """Close the store's view, if it was opened."""
        return self._opened[0].__exit__(kind, error, trace) if self._opened else None

    @property
    def customers(self) -> Customers:
        """The people who bring vehicles."""
        return self._kept().customers

    @property
    def vehicles(self) -> Vehicles:
        """What they bring."""
        return self._kept().vehicles

    @property
    def mechanics(self) -> CachedMechanics:
        """The people who work here, remembered."""
        return CachedMechanics(self._recall, self._kept)

    @property
    def standings(self) -> CachedStandings:
        """How many tickets each of them has worked, remembered."""
        return CachedStandings(self._recall)

    @property
    def accounts(self) -> Accounts:
        """Who can log in, and with what."""
        return self._kept().accounts

    @property
    def sessions(self) -> Sessions:
        """Who has logged in."""
        return self._kept().sessions

    @property
    def tickets(self) -> Tickets:
        """The service tickets."""
        return self._kept().tickets

    @property
    def histories(self) -> Histories:
        """What happened to each ticket."""
        return self._kept().histories

    @property
    def parts(self) -> CachedParts:
        """The parts on the shelves, remembered."""
        return CachedParts(self._recall, self._kept)

    @property
    def ledger(self) -> Ledger:
        """Every change of stock."""
        return self._kept().ledger

    @property
    def stored_answers(self) -> StoredAnswers:
        """What was answered to requests that may come again."""
        return self._kept().stored_answers

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Refuse, as any view does."""
        self._kept().on_commit(callback)

    def _kept(self) -> Work:
        if self._opened is None:
            view = self._read_only()
            self._opened = view, view.__enter__()
        return self._opened[1]

    def _recall(self, kind: Kind[T], key: Hashable, read: Callable[[Work], T]) -> T:
        if self._opened:
            return read(self._opened[1])

        def make() -> T:  # in a view opened only now: it holds all that its stamp stands for
            with self._read_only() as work:
                return read(work)

        return self._cache.fetch(kind, key, make)


@final
@define(eq=False)
class CachedStore:
    """A store with a cache in front of its views; within a transaction nothing is cached.

    Transactions must be opened here, so that views within them are known.
    """

    _store: Store
    _cache: ResponseCache
    _writing: ContextVar[bool] = field(
        init=False, factory=lambda: ContextVar("writing", default=False)
    )

    def __attrs_post_init__(self) -> None:
        """Have every commit tell the cache."""
        self._store.subscribe(self._cache.touched)

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        token = self._writing.set(True)
        try:
            with self._store.begin() as work:
                yield work
        except Unavailable:  # where a commit was not answered, the work may be kept
            self._cache.touched(REMEMBERED)
            raise
        finally:
            self._writing.reset(token)

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a view that remembers, or the open transaction's own."""
        if self._writing.get():
            return self._store.read_only()
        return CachedLook(self._store.read_only, self._cache)

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* after each commit that wrote something."""
        self._store.subscribe(listener)

    def ping(self) -> None:
        """Raise `Unavailable` when the store is away."""
        self._store.ping()

    def close(self) -> None:
        """Give back what the cache and the store hold."""
        self._cache.close()
        self._store.close()
