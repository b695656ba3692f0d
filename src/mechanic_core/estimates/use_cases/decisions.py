"""Take the decisions of a customer, and read them and what is authorized."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import OWNER_OR_STAFF, STAFF_ONLY, Actor
from mechanic_core.estimates.authorization import Authorization
from mechanic_core.estimates.ceiling import authorization_of
from mechanic_core.estimates.consent import Consent
from mechanic_core.estimates.consent_record import ConsentRecord
from mechanic_core.estimates.decision import (
    Channel,
    Decision,
    DecisionForm,
    LimitForm,
    WorkStarted,
)
from mechanic_core.estimates.estimate import (
    EstimateExpired,
    EstimateNotFound,
    EstimateNumber,
    EstimateSuperseded,
)
from mechanic_core.invoices.invoice import AlreadyInvoiced
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ownership import customer_of
from mechanic_core.tickets.ticket import (
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
)
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class DecideOnEstimate:
    """Take a customer's answers for jobs of an estimate; customers decide on their own tickets.

    Authorized jobs may be done at their price. Declined jobs leave the ticket and become
    recommendations.
    """

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (
        TicketNotFound,
        EstimateNotFound,
        EstimateSuperseded,
        EstimateExpired,
        TicketFrozen,
        WorkStarted,
        TooMany,
        TicketChanged,
    )

    begin: Begin
    now: Clock
    consent: Consent

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        number: EstimateNumber,
        form: DecisionForm,
        expected: int | None = None,
    ) -> Decision:
        """Return the new decision."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
            ticket.require_version(expected)
            estimate = work.estimates.get(ticket_id, number)
            form.require_suitable(actor, {job.id for job in estimate.jobs})
            ticket.require_changeable()
            estimate.as_of(work.profiles.get().today(at)).require_answerable()
            form.require_jobs({job.id for job in ticket.jobs})
            answers = {JobId(one.job_id): one.answer for one in form.answers}
            record = ConsentRecord(
                actor=actor,
                at=at,
                person=form.person or work.customers.get(ticket.customer_id).name,
                channel=form.channel or Channel.PORTAL,
                contact=form.contact,
                note=form.note,
            )
            return self.consent.take_answers(work, ticket, estimate, answers, record)


@final
@frozen
class SetSpendingLimit:
    """Take down up to which amount a customer need not be asked; the latest limit holds."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, AlreadyInvoiced, TooMany, TicketChanged)

    begin: Begin
    now: Clock
    consent: Consent

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: LimitForm, expected: int | None = None
    ) -> Decision:
        """Return the new decision."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            record = ConsentRecord(
                actor=actor,
                at=self.now(),
                person=form.person,
                channel=form.channel,
                contact=form.contact,
                note=form.note,
            )
            return self.consent.take_limit(work, ticket, form.amount, record)


@final
@frozen
class ListDecisions:
    """List what the customer of a ticket has decided."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Decision]:
        """Return the decisions, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            owner = customer_of(work, ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            return work.decisions.of(ticket_id, page)


@final
@frozen
class ReadAuthorization:
    """Read what the customer of a ticket has authorized, and how far its bill may go."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, ticket_id: TicketId) -> Authorization:
        """Return the authorization as it is now."""
        self.policy.admit(actor)
        with self.read_only() as work:
            ticket = work.tickets.get(ticket_id)
            self.policy.require_access(actor, ticket.customer_id, TicketNotFound())
            return authorization_of(work, ticket, work.profiles.get())
