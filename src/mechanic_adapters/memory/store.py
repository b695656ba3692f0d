"""The store without a database: tables that a transaction copies and swaps in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import final

from attrs import define, field

from mechanic_adapters.commit_hooks import Listener, tell
from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.memory.unit_of_work import unit_of_work
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Work


@final
@define(eq=False)
class _Transaction:
    """The tables as one transaction leaves them, and what is to be told of it.

    Once a block that joined it has lost a race it is doomed: nothing of it is kept, and no
    use case runs again on what its lost try has left.
    """

    tables: Tables
    told: list[Callable[[], None]] = field(factory=list)
    doom: Unavailable | None = None
    work: Work = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Bind every port to the tables."""
        self.work = unit_of_work(self.tables, self.told.append)

    @contextmanager
    def joined(self) -> Iterator[Work]:
        """Let a block take part; if it loses a race, everything is lost."""
        self.must_be_sound()
        try:
            yield self.work
        except Unavailable as lost:
            self.doom = lost
            raise

    def must_be_sound(self) -> None:
        """Raise again what doomed the transaction."""
        if self.doom is not None:
            raise self.doom


@final
class MemoryStore:
    """Keeps a shop for as long as the process lives; transactions run one after another."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._kept = Tables()
        self._lock = RLock()
        self._present: ContextVar[_Transaction | None] = ContextVar("present", default=None)
        self._listeners: list[Listener] = []

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if present := self._present.get():
            with present.joined() as work:
                yield work
            return
        written: set[str] = set()
        with self._lock:
            transaction = _Transaction(self._kept.opened(written))
            token = self._present.set(transaction)
            try:
                yield transaction.work
            finally:
                self._present.reset(token)
            transaction.must_be_sound()
            self._kept = transaction.tables.kept()
        tell(self._listeners, frozenset(written), transaction.told)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view of what is kept now, or of the open transaction."""
        present = self._present.get()
        yield present.work if present else unit_of_work(self._kept)

    def subscribe(self, listener: Listener) -> None:
        """Have *listener* told the nouns written, after each commit that wrote any."""
        self._listeners.append(listener)

    def ping(self) -> None:
        """Do nothing: memory is there."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""
