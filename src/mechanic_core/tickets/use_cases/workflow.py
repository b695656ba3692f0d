"""Move a ticket through its workflow, and read its transitions and history."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.estimates.ceiling import required_authorization
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.profile import Profile
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.forms import Transition, TransitionForm, Transitions
from mechanic_core.tickets.guards import Circumstances
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.ownership import customer_unless_erased, require_room
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, Status, TransitionBlocked
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class MoveTicket:
    """Start, hold, complete, reopen, close or cancel a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TransitionBlocked, TooMany, TicketChanged)

    begin: Begin
    now: Clock
    stock: TicketStock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        form: TransitionForm,
        expected: int | None = None,
    ) -> Ticket:
        """Return the ticket in its new status, with the stock of its parts moved.

        Its price is fixed when it is finished, and follows the profile again when it is reopened.
        """
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            profile = work.profiles.get()
            circumstances = _circumstances(work, ticket, profile)
            after, change = ticket.transition_to(form.to, at, circumstances)
            if change.start not in EDITABLE_STATUSES and change.to in EDITABLE_STATUSES:
                require_room(work, ticket.customer_id)
            entry = Entry.of(
                actor, at, HistoryEvent.TRANSITION, ticket.status, after.status, form.note
            )
            after = work.tickets.save(priced(after, profile.pricing_rules), entry)
            if change.stock:
                lines = [(line, line.quantity) for line in after.parts]
                self.stock.move(work, actor, at, after, change.stock, lines)
        return after


@final
@frozen
class ReadTransitions:
    """Read which transitions a ticket can make, and what blocks the others."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId) -> Transitions:
        """Return a transition to every other status, with its blockers."""
        self.policy.admit(actor)
        with self.read_only() as work:
            ticket = work.tickets.get(ticket_id)
            self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
            circumstances = _circumstances(work, ticket, work.profiles.get())
        others = [to for to in Status if to is not ticket.status]
        blockers = {to: ticket.blockers(to, circumstances) for to in others}
        return Transitions(
            status=ticket.status,
            items=tuple(
                Transition(to=to, allowed=not reasons, blockers=reasons)
                for to, reasons in blockers.items()
            ),
            version=ticket.version,
        )


def _circumstances(work: Work, ticket: Ticket, profile: Profile) -> Circumstances:
    """Return what the guards read beside *ticket*, under the present *profile*."""
    return Circumstances(
        authorization=required_authorization(work, ticket, profile),
        balance=work.balances.of(ticket.id),
        invoicing=profile.invoicing,
        is_customer_erased=ticket.status is Status.COMPLETED
        and customer_unless_erased(work, ticket.customer_id) is None,
    )


@final
@frozen
class ListHistory:
    """List the history of a ticket: who did what when."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Entry]:
        """Return the history, oldest first; that of a removed ticket is for staff only."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            owner = work.histories.owner_of(ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            entries = work.histories.of(ticket_id, page)
        return entries.map(lambda entry: entry.view_for(actor))
