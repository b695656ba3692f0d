"""The transaction: leaving the block keeps the work, raising drops it."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar

from mechanic_core.accounts.ports import Accounts, Sessions
from mechanic_core.customers.ports import Customers
from mechanic_core.errors import LostRace
from mechanic_core.idempotency import StoredAnswers
from mechanic_core.inventory.ports import Ledger, Parts
from mechanic_core.mechanics.ports import Mechanics, Standings
from mechanic_core.tickets.ports import Histories, Tickets
from mechanic_core.vehicles.ports import Vehicles

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

TRIES: Final = 5


class Work(Protocol):
    """Everything that the shop keeps, within one transaction."""

    @property
    def customers(self) -> Customers:
        """The people who bring vehicles."""
        ...

    @property
    def vehicles(self) -> Vehicles:
        """What they bring."""
        ...

    @property
    def mechanics(self) -> Mechanics:
        """The people who work here."""
        ...

    @property
    def standings(self) -> Standings:
        """How many tickets each of them has worked."""
        ...

    @property
    def accounts(self) -> Accounts:
        """Who can log in, and with what."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Who has logged in."""
        ...

    @property
    def tickets(self) -> Tickets:
        """The service tickets."""
        ...

    @property
    def histories(self) -> Histories:
        """What happened to each ticket."""
        ...

    @property
    def parts(self) -> Parts:
        """The parts on the shelves."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Every change of stock."""
        ...

    @property
    def stored_answers(self) -> StoredAnswers:
        """What was answered to requests that may come again."""
        ...

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have *told* called once the outermost block has kept the work; never if it drops it.

        What it raises is logged, and takes nothing back.
        """
        ...


Begin: TypeAlias = Callable[[], AbstractContextManager[Work]]
"""Opens a transaction: leaving the block keeps the work, raising drops it.

Inside another transaction of the same thread it joins that one: only the outermost block
keeps or drops. Raises `LostRace` when somebody else won, `Unavailable` when the store is away.
"""

ReadOnly: TypeAlias = Callable[[], AbstractContextManager[Work]]
"""Opens a view to read from, without the cost of a transaction; nothing can be written in it.

Inside a transaction of the same thread it sees what that one has done so far.
"""

Listener: TypeAlias = Callable[[frozenset[str]], None]
"""Called after a commit with the names of the ports that it wrote, such as ``tickets``."""


class Store(Protocol):
    """A place where a shop keeps its records; it opens units of work."""

    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction, or join the one that this thread has open; see `Begin`."""
        ...

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a read-only view; see `ReadOnly`."""
        ...

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* after each commit that wrote something."""
        ...

    def ping(self) -> None:
        """Raise `Unavailable` unless the store can be reached."""
        ...

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        ...


Prepared: TypeAlias = Callable[[], R]
"""What is left to do of a use case, in one transaction, once what is slow was done before it.

Whoever has a transaction of their own to put around the use case opens it in between.
"""


def retry_on_conflict(
    call: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], R]:
    """Run a use case again when it lost a race, a bounded number of times.

    Nothing of a lost try is left, since raising drops the work. Raises `LostRace` after the
    last try.
    """

    @functools.wraps(call)
    def persistent(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return call(self, *args, **kwargs)
            except LostRace:
                continue
        return call(self, *args, **kwargs)

    return persistent
