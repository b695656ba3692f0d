"""Issue, list, read and print invoices."""

from datetime import datetime, timedelta
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import CUSTOMERS_ONLY, OWNER_OR_STAFF, STAFF_ONLY, Actor, By
from mechanic_core.customers.customer import CustomerDetails, CustomerNotFound
from mechanic_core.estimates.ceiling import required_authorization
from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import EstimateNumber
from mechanic_core.invoices.allocation import balance_of
from mechanic_core.invoices.balance import Balance
from mechanic_core.invoices.invoice import (
    AlreadyInvoiced,
    Invoice,
    InvoicedJob,
    InvoiceId,
    InvoiceNotFound,
    NotCompleted,
    OverAuthorized,
    TotalNegative,
)
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.invoices.printout import InvoicePrintout
from mechanic_core.money import Money
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.profile.profile import Profile, ProfileValues, values_of
from mechanic_core.tickets.guards import Circumstances, stays_within_the_ceiling
from mechanic_core.tickets.price import document_of
from mechanic_core.tickets.ticket import Ticket, TicketChanged, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class IssueInvoice:
    """Issue the invoice of a ticket that is completed or closed, to a customer who is not erased."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        TicketChanged,
        CustomerNotFound,
        NotCompleted,
        AlreadyInvoiced,
        OverAuthorized,
        TotalNegative,
    )

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, ticket_id: TicketId, expected: int | None = None) -> Invoice:
        """Return the new invoice; what was paid ahead fills it."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            profile, balance = work.profiles.get(), work.balances.of(ticket_id)
            _require_invoiceable(work, ticket, profile, balance)
            received = balance.received
            series = work.number_series.lock(profile.invoice_prefix)
            at = self.now()  # not before the lock: a later number is never of an earlier moment
            draft = _draft(work, ticket, profile, received, actor, at)
            invoice = work.invoices.add(draft.numbered(series))
            work.number_series.save(series.after(invoice.digest))
            work.balances.save(ticket_id, balance_of([invoice], received))
        return invoice


def _require_invoiceable(work: Work, ticket: Ticket, profile: Profile, balance: Balance) -> None:
    if ticket.status not in {Status.COMPLETED, Status.CLOSED}:
        raise NotCompleted(
            f"the ticket is {ticket.status.value}", current_state=ticket.status.value
        )
    if balance.invoice_id is not None:
        raise AlreadyInvoiced(invoice_id=balance.invoice_id)
    if ticket.totals.total < 0:
        raise TotalNegative
    authorization = required_authorization(work, ticket, profile)
    blocker = stays_within_the_ceiling(ticket, Circumstances(authorization=authorization))
    if blocker:
        raise OverAuthorized(blocker.detail, **blocker.amounts)


def _draft(  # noqa: PLR0913 - of what, for whom, by whom and when
    work: Work, ticket: Ticket, profile: Profile, received: Money, actor: Actor, at: datetime
) -> Invoice:
    """Return the invoice of *ticket* before it has a number."""
    document = document_of(ticket, profile.pricing_rules)
    today = profile.today(at)
    return Invoice(
        number="",
        series=profile.invoice_prefix,
        sequence=0,
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        customer=CustomerDetails.of(work.customers.lock(ticket.customer_id)),
        seller=values_of(profile, ProfileValues),
        vehicle=ticket.vehicle,
        odometer=ticket.vehicle.odometer if ticket.vehicle else None,
        service_date=ticket.service_date,
        description=ticket.description,
        jobs=tuple(
            InvoicedJob(id=job.id, title=job.title, kind=job.kind, totals=job.totals)
            for job in ticket.jobs
        ),
        lines=document.lines,
        discounts=ticket.discounts,
        tax=document.tax,
        totals=document.totals,
        deposit=received,
        decisions=tuple(map(_unnamed, work.decisions.of(ticket.id, WHOLE_LIST).items)),
        issued_at=at,
        issued_on=today,
        due_date=today + timedelta(days=profile.payment_terms_days),
        by=By(role=actor.role, id=actor.id),
        previous=None,
        paid=Money(min(received, document.totals.total)),
        updated_at=at,
    )


def _unnamed(decision: Decision) -> Decision:
    """Return *decision* without the name of who has entered it, which no document has."""
    return evolve(decision, by=evolve(decision.by, name=None)) if decision.by else decision


@final
@frozen
class ListInvoices:
    """List all invoices."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, wanted: InvoiceFilter, page: PageRequest) -> Page[Invoice]:
        """Return the invoices wanted."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            return work.invoice_lists.find(wanted, page)


@final
@frozen
class ListMyInvoices:
    """List your own invoices, newest first."""

    policy: ClassVar = CUSTOMERS_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, page: PageRequest) -> Page[Invoice]:
        """Return the caller's invoices."""
        self.policy.admit(actor)
        wanted = InvoiceFilter(customer_id=actor.id, newest_first=True)
        with self.read_lagging(actor) as work:
            return work.invoice_lists.find(wanted, page)


@final
@frozen
class ReadInvoice:
    """Read an invoice."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (InvoiceNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, invoice_id: InvoiceId) -> Invoice:
        """Return the invoice."""
        self.policy.admit(actor)
        with self.read_only() as work:
            invoice = work.invoices.get(invoice_id)
        self.policy.require_access(actor, invoice.customer_id, InvoiceNotFound())
        return invoice


@final
@frozen
class PrintInvoice:
    """Read an invoice with all that its paper shows, none of which changes after the issue."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (InvoiceNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, invoice_id: InvoiceId) -> InvoicePrintout:
        """Return the invoice, and the estimates on which its customer has decided."""
        self.policy.admit(actor)
        with self.read_only() as work:
            invoice = work.invoices.get(invoice_id)
            self.policy.require_access(actor, invoice.customer_id, InvoiceNotFound())
            numbers = {EstimateNumber(one.estimate) for one in invoice.decisions if one.estimate}
            ticket_id = invoice.ticket_id
            estimates = work.estimate_lists.numbered(ticket_id, numbers)
        return InvoicePrintout(invoice=invoice, estimates=estimates)
