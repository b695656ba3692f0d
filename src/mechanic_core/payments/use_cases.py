"""Take payments, give them back, and read them."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, OWNER_OR_STAFF, STAFF_ONLY, Actor, By
from mechanic_core.customers.customer import CustomerNotFound
from mechanic_core.invoices.allocation import settle
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest, PageWithTotals
from mechanic_core.payments.payment import (
    MAX_PAYMENTS,
    MoreThanDue,
    MoreThanPaid,
    Payment,
    PaymentChanged,
    PaymentForm,
    PaymentId,
    PaymentNotFound,
    Refund,
    RefundForm,
    Takings,
)
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.ownership import customer_of
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class TakePayment:
    """Take a payment for a ticket; a deposit, without an invoice that is not fully credited.

    With such an invoice no more is taken than is due. From a customer who is erased nothing is
    taken; one who pays is not erased meanwhile.
    """

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (
        TicketNotFound,
        TicketChanged,
        TicketFrozen,
        CustomerNotFound,
        MoreThanDue,
        TooMany,
    )

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: PaymentForm, expected: int | None = None
    ) -> Payment:
        """Return the new payment; the invoices of the ticket are filled with it."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            if ticket.status is Status.CANCELLED:
                raise TicketFrozen("the ticket is cancelled", current_state=ticket.status.value)
            work.customers.lock(ticket.customer_id)
            day = form.day(work.profiles.get().today(at))
            balance = work.balances.of(ticket_id)
            if balance.invoice_id is not None and form.amount > balance.due:
                raise MoreThanDue(balance.due)
            if work.payment_lists.count(ticket_id) >= MAX_PAYMENTS:
                raise TooMany(MAX_PAYMENTS, "payments on the ticket")
            payment = work.payments.add(
                Payment(
                    ticket_id=ticket_id,
                    customer_id=ticket.customer_id,
                    amount=form.amount,
                    method=form.method,
                    received_on=day,
                    reference=form.reference,
                    at=at,
                    by=By(role=actor.role, id=actor.id),
                )
            )
            invoices = work.invoices.of_ticket(ticket_id)
            settle(work, ticket_id, invoices, Money(balance.received + form.amount), at)
        return payment


@final
@frozen
class RefundPayment:
    """Give a payment back, or a part of it."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (PaymentNotFound, PaymentChanged, MoreThanPaid, TooMany)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, payment_id: PaymentId, form: RefundForm, expected: int | None = None
    ) -> Refund:
        """Return the refund; what the payment has filled of invoices is due again."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket_id = work.payments.get(payment_id).ticket_id
            work.tickets.lock(ticket_id)
            payment = work.payments.get(payment_id)
            payment.require_version(expected)
            refund = Refund(
                amount=form.amount,
                method=form.method or payment.method,
                reason=form.reason,
                received_on=max(work.profiles.get().today(at), payment.received_on),
                at=at,
                by=By(role=actor.role, id=actor.id),
            )
            payment = work.payments.add_refund(payment.with_refund(refund))
            received = Money(work.balances.of(ticket_id).received - form.amount)
            settle(work, ticket_id, work.invoices.of_ticket(ticket_id), received, at)
        return payment.refunds[-1]


@final
@frozen
class ListTicketPayments:
    """List the payments on a ticket."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (TicketNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Payment]:
        """Return the payments with their refunds, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            owner = customer_of(work, ticket_id)
            self.policy.require_access(actor, owner, TicketNotFound())
            return work.payment_lists.of(ticket_id, page)


@final
@frozen
class ReadPayment:
    """Read a payment."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (PaymentNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, payment_id: PaymentId) -> Payment:
        """Return the payment with its refunds."""
        self.policy.admit(actor)
        with self.read_only() as work:
            payment = work.payments.get(payment_id)
        self.policy.require_access(actor, payment.customer_id, PaymentNotFound())
        return payment


@final
@frozen
class ListPayments:
    """List payments, with what they come to by method."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(
        self, actor: Actor, wanted: PaymentFilter, page: PageRequest
    ) -> PageWithTotals[Payment, Takings]:
        """Return the payments wanted, with payments less refunds by method as totals."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            found = work.payment_lists.find(wanted, page)
            return found.with_totals(work.payment_lists.takings(wanted))
