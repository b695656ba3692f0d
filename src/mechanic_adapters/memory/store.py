"""The store in memory: a transaction works on copies of the tables, a commit replaces them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Lock
from typing import Final, final

from attrs import define, field

from mechanic_adapters.memory.repositories.events import write_events
from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.memory.unit_of_work import unit_of_work
from mechanic_core.access import SYSTEM, Actor
from mechanic_core.errors import Unavailable
from mechanic_core.unit_of_work import (
    CommitListeners,
    EventListener,
    LeftElsewhereError,
    Listener,
    Work,
)

LOCK_TIMEOUT_S: Final = 10.0
"""How long a transaction waits for another."""


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
    is_over: bool = False
    _lost: Unavailable | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Create the unit of work."""
        self.work = unit_of_work(self.tables, self.hooks.append)

    @contextmanager
    def joined(self, actor: Actor | None) -> Iterator[Work]:
        """Let a block join the transaction, in which *actor* makes the changes, if one is given."""
        self.raise_if_rollback_only()
        outer = self.tables.actor
        self.tables.actor = actor or outer
        try:
            yield self.work
        except Unavailable as lost:
            self._lost = lost
            raise
        finally:
            self.tables.actor = outer

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
        self._lock = Lock()
        self._current: ContextVar[_Transaction | None] = ContextVar("current", default=None)
        self._listeners = CommitListeners()

    @contextmanager
    def begin(self, actor: Actor | None = None) -> Iterator[Work]:
        """Open a transaction, or join the one that is open."""
        if current := self._joinable():
            with current.joined(actor) as work:
                yield work
            return
        written: set[str] = set()
        with self._exclusive():
            transaction = _Transaction(self._tables.writable(written))
            transaction.tables.actor = actor or SYSTEM
            token = self._current.set(transaction)
            try:
                yield transaction.work
                self._require_current(transaction)
            finally:
                transaction.is_over = True
                with suppress(ValueError):  # where the block is left in another context
                    self._current.reset(token)
            transaction.raise_if_rollback_only()
            write_events(transaction.tables)
            self._tables = transaction.tables.committed()
        self._listeners.notify(written, transaction.tables.events, transaction.hooks)

    @contextmanager
    def read_only(self) -> Iterator[Work]:
        """Open a view of the committed data, or of the open transaction."""
        current = self._joinable()
        yield current.work if current else unit_of_work(self._tables)

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* with the nouns written, after each commit that wrote any."""
        self._listeners.of_nouns.append(listener)

    def on_commit(self, listener: EventListener) -> None:
        """Call *listener* once with the events of each commit that wrote any."""
        self._listeners.of_events.append(listener)

    def _joinable(self) -> _Transaction | None:
        """Return the open transaction of this context; one that is over is none."""
        current = self._current.get()
        return current if current and not current.is_over else None

    def _require_current(self, transaction: _Transaction) -> None:
        """Raise `LeftElsewhereError` unless *transaction* is that of this context."""
        if self._current.get() is not transaction:
            raise LeftElsewhereError

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Wait for the transaction before this one. Raises `Unavailable` if it does not end."""
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_S):
            raise Unavailable
        try:
            yield
        finally:
            self._lock.release()

    def ping(self) -> None:
        """Return: memory is always available."""

    def close(self) -> None:
        """Do nothing: there are no connections."""
