"""A store that can be used as long as the block that opened it lasts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar, final

from attrs import define, field

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor
from mechanic_core.unit_of_work import EventListener, Listener, ReadLagging, Store, Work

T = TypeVar("T")


class ShopClosedError(RuntimeError):
    """A use of the shop after its `with` block has ended: a programming error."""

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("the shop is closed: its with block has ended")


@final
@define(eq=False)
class OpenStore:
    """A store until it is closed; from then on it refuses instead of connecting again.

    Closing it leaves *store* itself open: the code that opened *store* closes it.
    """

    store: Store
    _is_open: bool = field(default=True, init=False)

    def begin(self, actor: Actor | None = None) -> AbstractContextManager[Work]:
        """Open a transaction, or join the open one. Raises `ShopClosedError`."""
        return self._opened().begin(actor)

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a read-only view. Raises `ShopClosedError`."""
        return self._opened().read_only()

    def read_lagging(self, reader: Actor) -> AbstractContextManager[Work]:
        """Open a read-only view that may be seconds old. Raises `ShopClosedError`."""
        return lagging_reads(self._opened())(reader)

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* after each commit that wrote something, until this is closed."""
        self._opened().subscribe(self._while_open(listener))

    def on_commit(self, listener: EventListener) -> None:
        """Call *listener* once after each commit that wrote events, until this is closed."""
        self._opened().on_commit(self._while_open(listener))

    def ping(self) -> None:
        """Raise `Unavailable` unless the store can be reached."""
        self._opened().ping()

    def close(self) -> None:
        """Refuse everything from now on."""
        self._is_open = False

    def _while_open(self, listener: Callable[[T], None]) -> Callable[[T], None]:
        def call(written: T) -> None:
            if self._is_open:
                listener(written)

        return call

    def _opened(self) -> Store:
        if not self._is_open:
            raise ShopClosedError
        return self.store


def lagging_reads(store: Store) -> ReadLagging:
    """Return what opens views of *store* that may lag; those of a host's store do not."""
    if isinstance(store, OpenStore | SqlStore):
        return store.read_lagging
    return lambda _: store.read_only()


def sql_store_of(store: Store) -> SqlStore | None:
    """Return the database that *store* is, if it is one of ours."""
    inner = store.store if isinstance(store, OpenStore) else store
    return inner if isinstance(inner, SqlStore) else None
