"""The unit of work: leaving its block commits, raising rolls back."""

import functools
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar, final

from attrs import frozen

from mechanic_core.accounts.ports import Accounts, SessionRevocations, Sessions
from mechanic_core.customers.ports import Customers
from mechanic_core.errors import LostRace
from mechanic_core.idempotency import StoredAnswers
from mechanic_core.inventory.ports import Ledger, Parts
from mechanic_core.mechanics.ports import MechanicLists, Mechanics, Standings
from mechanic_core.tickets.ports import Histories, TicketLists, Tickets
from mechanic_core.vehicles.ports import VehicleLists, Vehicles

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

MAX_ATTEMPTS: Final = 5

_log: Final = logging.getLogger(__name__)


class ReadOnlyError(RuntimeError):
    """A write outside a transaction: a programming error."""


def no_commit(_: Callable[[], None]) -> None:
    """Raise `ReadOnlyError`: it is the `Work.on_commit` of read-only views."""
    raise ReadOnlyError("on_commit needs a transaction: use begin()")


@final
@frozen(kw_only=True)
class Work:
    """The unit of work: every port of the shop, bound to one transaction or read-only view.

    Each store builds it in its own `unit_of_work` module. One adapter may serve several ports.
    """

    customers: Customers
    vehicles: Vehicles
    vehicle_lists: VehicleLists
    mechanics: Mechanics
    mechanic_lists: MechanicLists
    standings: Standings
    accounts: Accounts
    sessions: Sessions
    revocations: SessionRevocations
    tickets: Tickets
    ticket_lists: TicketLists
    histories: Histories
    parts: Parts
    ledger: Ledger
    stored_answers: StoredAnswers
    on_commit: Callable[[Callable[[], None]], None]
    """Registers a commit hook: called once, after the outermost block has committed, and never
    when it rolls back. What a hook raises is logged; the commit stands."""


Begin: TypeAlias = Callable[[], AbstractContextManager[Work]]
"""Opens a transaction: leaving the block commits, raising rolls back.

Inside another transaction of the same thread it joins that one, and only the outermost block
commits or rolls back. Raises `LostRace` when a concurrent transaction won, and `Unavailable` when
the store cannot be reached.
"""

ReadOnly: TypeAlias = Callable[[], AbstractContextManager[Work]]
"""Opens a read-only view, without the cost of a transaction.

Inside a transaction of the same thread it sees the uncommitted changes.
"""

Listener: TypeAlias = Callable[[frozenset[str]], None]
"""Called after a commit with the names of the ports that it wrote, such as ``tickets``."""


class Store(Protocol):
    """A store of the shop's records, which opens units of work."""

    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction, or join the one that this thread has open; see `Begin`."""
        ...

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a read-only view; see `ReadOnly`."""
        ...

    def subscribe(self, listener: Listener) -> None:
        """Call *listener* after each commit that wrote something.

        It is called too when the outcome of a commit is unknown.
        """
        ...

    def ping(self) -> None:
        """Raise `Unavailable` unless the store can be reached."""
        ...

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        ...


def run_commit_hooks(
    listeners: Iterable[Listener], written: frozenset[str], hooks: Iterable[Callable[[], None]]
) -> None:
    """Call *listeners* with the nouns *written*, if there are any, and then the commit *hooks*.

    Every store calls it after a commit. A hook that raises is logged, and the others are called:
    the commit stands, and the client must get its response, or it would send the request again.
    """
    calls = (functools.partial(listener, written) for listener in listeners) if written else ()
    for call in (*calls, *hooks):
        try:
            call()
        except Exception:  # noqa: BLE001 - the commit stands whatever a hook raises
            _log.exception("a commit hook failed")


Prepared: TypeAlias = Callable[[], R]
"""The transaction of a use case whose slow part, such as hashing a password, has been done.

The caller may open a transaction around it for the call to join.
"""


def retry_on_conflict(
    call: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], R]:
    """Retry a use case that lost a race under optimistic locking, up to `MAX_ATTEMPTS` times.

    There is no back-off: a lost attempt was rolled back, and its winner has committed. Raises the
    last `LostRace`.
    """

    @functools.wraps(call)
    def retrying(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return call(self, *args, **kwargs)
            except LostRace:
                continue
        return call(self, *args, **kwargs)

    return retrying
