"""The unit of work: leaving its block commits, raising rolls back."""

import functools
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar, final

from attrs import field, frozen

from mechanic_core.access import Actor
from mechanic_core.accounts.ports import (
    Accounts,
    EmailHolders,
    PasswordResets,
    SessionRevocations,
    Sessions,
)
from mechanic_core.customers.ports import Customers
from mechanic_core.errors import LostRace
from mechanic_core.estimates.ports import ApprovalLinks, Decisions, EstimateLists, Estimates
from mechanic_core.events.event import Event
from mechanic_core.events.ports import Events, Subjects
from mechanic_core.idempotency import StoredAnswers
from mechanic_core.inventory.ports import Ledger, Parts
from mechanic_core.invoices.ports import (
    Balances,
    CreditNotes,
    InvoiceLists,
    Invoices,
    NumberSeries,
)
from mechanic_core.mail.ports import MailLists, OutgoingMails
from mechanic_core.mechanics.ports import MechanicLists, Mechanics, Standings
from mechanic_core.payments.ports import PaymentLists, Payments
from mechanic_core.profile.ports import Profiles
from mechanic_core.recommendations.ports import Recommendations
from mechanic_core.statements.ports import Statements
from mechanic_core.tickets.ports import (
    Histories,
    TicketLists,
    TicketOwners,
    TicketPrices,
    Tickets,
)
from mechanic_core.vehicles.ports import OdometerLog, VehicleLists, Vehicles

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

MAX_ATTEMPTS: Final = 5

_log: Final = logging.getLogger(__name__)


class ReadOnlyError(RuntimeError):
    """A write outside a transaction: a programming error."""


class LeftElsewhereError(RuntimeError):
    """A transaction's block was left in another context than it was entered in."""

    def __init__(self) -> None:
        """Say what to do instead."""
        super().__init__(
            "a begin() block was left in another thread or context than it was entered in: use "
            "cases inside it could not join it, and it was rolled back; call begin() in the "
            "function that calls the use cases"
        )


OnCommit: TypeAlias = Callable[[Callable[[], None]], None]


def no_commit(_: Callable[[], None]) -> None:
    """Raise `ReadOnlyError`: it is the `Work.on_commit` of read-only views."""
    raise ReadOnlyError("on_commit needs a transaction: use begin()")


@final
@frozen(kw_only=True)
class Work:
    """The unit of work: every port of the shop, bound to one transaction or read-only view.

    Each store builds it in its own `unit_of_work` module. One adapter may serve several ports.
    Whatever adds, changes or removes an `EventSubject` writes its event too.
    """

    customers: Customers
    vehicles: Vehicles
    vehicle_lists: VehicleLists
    odometer_log: OdometerLog
    mechanics: Mechanics
    mechanic_lists: MechanicLists
    standings: Standings
    accounts: Accounts
    email_holders: EmailHolders
    password_resets: PasswordResets
    sessions: Sessions
    revocations: SessionRevocations
    tickets: Tickets
    ticket_lists: TicketLists
    ticket_owners: TicketOwners
    ticket_prices: TicketPrices
    histories: Histories
    estimates: Estimates
    estimate_lists: EstimateLists
    decisions: Decisions
    approval_links: ApprovalLinks
    recommendations: Recommendations
    invoices: Invoices
    invoice_lists: InvoiceLists
    credit_notes: CreditNotes
    number_series: NumberSeries
    balances: Balances
    payments: Payments
    payment_lists: PaymentLists
    statements: Statements
    parts: Parts
    ledger: Ledger
    profiles: Profiles
    stored_answers: StoredAnswers
    outgoing_mails: OutgoingMails
    mail_lists: MailLists
    events: Events
    subjects: Subjects
    on_commit: OnCommit
    """Registers a commit hook: called once, after the outermost block has committed, and never
    when it rolls back. What a hook raises is logged; the commit stands."""


class Begin(Protocol):
    """Opens a transaction: leaving the block commits, raising rolls back."""

    def __call__(self, actor: Actor | None = None) -> AbstractContextManager[Work]:
        """Open a transaction in which *actor* makes the changes.

        Inside another transaction of the same thread it joins that one, and only the outermost
        block commits or rolls back. Without an actor it is that of the block around it, or the
        system. Raises `LostRace` when a concurrent transaction won, and `Unavailable` when the
        store cannot be reached.
        """
        ...


ReadOnly: TypeAlias = Callable[[], AbstractContextManager[Work]]
"""Opens a read-only view, without the cost of a transaction.

Inside a transaction of the same thread it sees the uncommitted changes.
"""

ReadLagging: TypeAlias = Callable[[Actor], AbstractContextManager[Work]]
"""Opens a read-only view for one reader, which may be some seconds old.

It shows all that the session of the reader has written. For what is not decided by and not
cached: lists and histories.
"""

Listener: TypeAlias = Callable[[frozenset[str]], None]
"""Called after a commit with the names of the ports that it wrote, such as ``tickets``."""

EventListener: TypeAlias = Callable[[tuple[Event, ...]], None]
"""Called after a commit with its events, in order; they have no position yet."""


class Store(Protocol):
    """A store of the shop's records, which opens units of work."""

    def begin(self, actor: Actor | None = None) -> AbstractContextManager[Work]:
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

    def on_commit(self, listener: EventListener) -> None:
        """Call *listener* once after each commit that wrote events."""
        ...

    def ping(self) -> None:
        """Raise `Unavailable` unless the store can be reached."""
        ...

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        ...


@final
@frozen(eq=False)
class CommitListeners:
    """The listeners of a store, which calls `notify` after each commit."""

    of_nouns: list[Listener] = field(factory=list)
    of_events: list[EventListener] = field(factory=list)

    def notify(
        self,
        written: Iterable[str],
        events: Sequence[Event] = (),
        hooks: Iterable[Callable[[], None]] = (),
    ) -> None:
        """Call the listeners with what a commit has *written*, and then its commit *hooks*.

        A call that raises is logged, and the others are made: the commit stands, and the client
        must get its response, or it would send the request again.
        """
        nouns, committed = frozenset(written), tuple(events)
        calls: list[Callable[[], None]] = []
        if nouns:
            calls += [functools.partial(listener, nouns) for listener in self.of_nouns]
        if committed:
            calls += [functools.partial(listener, committed) for listener in self.of_events]
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
