"""Payments and deposits on service tickets, and their refunds."""

from datetime import date
from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest, PageWithTotals
from mechanic_core.payments.payment import (
    Payment,
    PaymentForm,
    PaymentId,
    PaymentMethod,
    Refund,
    RefundForm,
    Takings,
)
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.payments.use_cases import (
    ListPayments,
    ListTicketPayments,
    ReadPayment,
    RefundPayment,
    TakePayment,
)
from mechanic_core.rules import Description, Example, checked
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery, PeriodQuery
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class PaymentQuery(PeriodQuery, ListQuery):
    """Filters of the list of payments; all of them must match."""

    method: Annotated[
        PaymentMethod | None,
        Description("The method of the payment; in `totals`, that of the refund."),
    ] = None
    from_: Annotated[
        date | None,
        Example(date(2026, 1, 1)),
        Description("First day of receipt, inclusive; in `totals`, of the refund too."),
    ] = None
    to: Annotated[
        date | None,
        Example(date(2026, 12, 31)),
        Description("Last day of receipt, inclusive; in `totals`, of the refund too."),
    ] = None

    @property
    def filter(self) -> PaymentFilter:
        """The filter that the use case takes."""
        return PaymentFilter(method=self.method, period=self.period)


@final
@frozen
class TicketPayments:
    """The payments on one service ticket."""

    shop: Shop

    @endpoint(ListTicketPayments)
    def on_get(self, actor: Actor, ticket_id: TicketId, page: PageRequest) -> Page[Payment]:
        """List the payments on a ticket, oldest first."""
        return self.shop.list_ticket_payments(actor, ticket_id, page)

    @endpoint(TakePayment, creates="/payments/{id}", requires_key=True)
    def on_post(
        self, actor: Actor, ticket_id: TicketId, form: PaymentForm, expected: int | None
    ) -> Payment:
        """Take a payment for a ticket, or a deposit before it is invoiced."""
        return self.shop.take_payment(actor, ticket_id, form, expected)


@final
@frozen
class PaymentCollection:
    """The list of payments."""

    shop: Shop

    @endpoint(ListPayments)
    def on_get(
        self, actor: Actor, query: PaymentQuery, page: PageRequest
    ) -> PageWithTotals[Payment, Takings]:
        """List payments, with payments less refunds by method."""
        return self.shop.list_payments(actor, query.filter, page)


@final
@frozen
class PaymentItem:
    """One payment."""

    shop: Shop

    @endpoint(ReadPayment)
    def on_get(self, actor: Actor, payment_id: PaymentId) -> Payment:
        """Get a payment with its refunds."""
        return self.shop.read_payment(actor, payment_id)


@final
@frozen
class RefundCollection:
    """The refunds of one payment."""

    shop: Shop

    @endpoint(RefundPayment, creates="/payments/{payment_id}", requires_key=True)
    def on_post(
        self, actor: Actor, payment_id: PaymentId, form: RefundForm, expected: int | None
    ) -> Refund:
        """Refund a payment, or a part of it."""
        return self.shop.refund_payment(actor, payment_id, form, expected)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/payments", TicketPayments),
    Route("/payments", PaymentCollection),
    Route("/payments/{payment_id}", PaymentItem),
    Route("/payments/{payment_id}/refunds", RefundCollection),
)
