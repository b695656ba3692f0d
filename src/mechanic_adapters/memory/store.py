"""The store in memory: a transaction works on copies of the tables, a commit replaces them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import final

from attrs import define, field

from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.memory.unit_of_work import unit_of_work
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import Listener, Work, run_commit_hooks


@final
@define(eq=False)
class _Transaction:
    """An open transaction: its copies of the tables, and its commit hooks.

    It becomes rollback-only when a block that joined it has lost a race: no later block may
    build on the writes of the lost attempt.
    """

    tables: Tables
    hooks: list[Callable[[], None]] = field(factory=list)
    work: Work = field(init=False)
    _lost: Unavailable | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Create the unit of work."""
        self.work = unit_of_work(self.tables, self.hooks.append)

    @contextmanager
    def joined(self) -> Iterator[Work]:
        """Let a block join the transaction."""
        self.raise_if_rollback_only()
        try:
            yield self.work
        except Unavailable as lost:
            self._lost = lost
            raise

    def raise_if_rollback_only(self) -> None:
        """Raise the refusal that made the transaction rollback-only."""
        if self._lost is not None:
            raise self._lost


@final
class MemoryStore:
    """A store whose data last as long as the process. Transactions run one after another."""

    def __init__(self) -> None:
        """Create an empty store."""
        self._tables = Tables()
        self._lock = RLock()
        self._current: ContextVar[_Transaction | None] = ContextVar("current", default=None)
        self._listeners: list[Listener] = []

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if current := self._current.get():
            with current.joined() as work:
                yield work
            return
        written: set[str] = set()
        with self._lock:
            transaction = _Transaction(self._tables.writable(written))
            token = self._current.set(transaction)
            try:
                yield transaction.work
            finally:
                self._current.reset(token)
            transaction.raise_if_rollback_only()
            self._tables = transaction.tables.committed()
        run_commit_hooks(self._listeners, frozenset(written), transaction.hooks)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view of the committed data, or of the open transaction."""
        current = self._current.get()
        yield current.work if current else unit_of_work(self._tables)

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* with the nouns written, after each commit that wrote any."""
        self._listeners.append(listener)

    def ping(self) -> None:
        """Return: memory is always available."""

    def close(self) -> None:
        """Do nothing: there are no connections."""
