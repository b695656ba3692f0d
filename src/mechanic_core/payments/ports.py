"""Ports of payments."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from mechanic_core.paging import Page, PageRequest
from mechanic_core.payments.payment import Payment, PaymentId, PaymentMethod, Takings
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.rules import checked
from mechanic_core.tickets.ticket import TicketId


@frozen(kw_only=True, field_transformer=checked)
class PaymentFilter:
    """Conditions on payments, all of which must hold; None is no condition."""

    method: PaymentMethod | None = None
    period: Period = ALL_TIME


class Payments(Protocol):
    """The payments, which are append-only. Who writes one has locked its ticket."""

    def get(self, payment_id: PaymentId) -> Payment:
        """Return the payment with its refunds, or raise `PaymentNotFound`."""
        ...

    def add(self, payment: Payment) -> Payment:
        """Store a new payment and return it with its id."""
        ...

    def add_refund(self, payment: Payment) -> Payment:
        """Store the last refund of a payment, which is new, and return it with its id."""
        ...


class PaymentLists(Protocol):
    """Several payments, each with its refunds."""

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Payment]:
        """Return the payments on a ticket, oldest first."""
        ...

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Payment]]:
        """Return the payments on each ticket that has one, as `of` returns them."""
        ...

    def count(self, ticket_id: TicketId) -> int:
        """Return the number of payments on a ticket."""
        ...

    def find(self, wanted: PaymentFilter, page: PageRequest) -> Page[Payment]:
        """Return payments by id; the period is one of days on which they were received."""
        ...

    def takings(self, wanted: PaymentFilter) -> Takings:
        """Return payments less refunds by method, each by its own method and day."""
        ...
