"""A store that can be used as long as the block that opened it lasts."""

from contextlib import AbstractContextManager
from typing import final

from attrs import define, field

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.unit_of_work import Listener, Store, Work


class ShopClosedError(RuntimeError):
    """A use of the shop after its `with` block has ended: a programming error."""

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("the shop is closed: its with block has ended")


@final
@define(eq=False)
class OpenStore:
    """A store until it is closed; from then on it refuses instead of connecting again.

    Closing it leaves *store* itself open, for whoever opened that.
    """

    store: Store
    _is_open: bool = field(default=True, init=False)

    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction, or join the open one. Raises `ShopClosedError`."""
        return self._opened().begin()

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a read-only view. Raises `ShopClosedError`."""
        return self._opened().read_only()

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* after each commit that wrote something, until this is closed."""

        def while_open(nouns: frozenset[str]) -> None:
            if self._is_open:
                listener(nouns)

        self._opened().subscribe(while_open)

    def ping(self) -> None:
        """Raise `Unavailable` unless the store can be reached."""
        self._opened().ping()

    def close(self) -> None:
        """Refuse everything from now on."""
        self._is_open = False

    def _opened(self) -> Store:
        if not self._is_open:
            raise ShopClosedError
        return self.store


def sql_store_of(store: Store) -> SqlStore | None:
    """Return the database that *store* is, if it is one of ours."""
    inner = store.store if isinstance(store, OpenStore) else store
    return inner if isinstance(inner, SqlStore) else None
