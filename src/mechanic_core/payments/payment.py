"""The payment record: what was received for a ticket, and what of it was given back."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, NotFound, Problem, RuleBroken, Stale
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.money import MAX_MONEY, MONEY_DECIMALS, Money, money_to_decimal
from mechanic_core.profile.calendar import same_day
from mechanic_core.rules import (
    Between,
    Description,
    Example,
    Length,
    Unpublished,
    checked,
    computed,
)
from mechanic_core.texts import ONE_LINE
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.values import LINE, Note

PaymentId = NewType("PaymentId", Annotated[int, Example(31)])
RefundId = NewType("RefundId", Annotated[int, Example(2)])

MAX_PAYMENTS: Final = 1000
"""How many payments a ticket may have."""

MAX_REFUNDS: Final = 100
"""How many refunds a payment may have."""

Amount = Annotated[Money, Between(1, MAX_MONEY, MONEY_DECIMALS), Example(50)]
"""An amount that changes hands, above 0."""

Reference = Annotated[
    str,
    LINE,
    Length(1, 100),
    ONE_LINE,
    Description("What the payment is found by elsewhere, such as the number of a check."),
    Example("check 1042"),
]


class PaymentNotFound(NotFound):
    """No such payment."""


class PaymentChanged(Stale):
    """The payment has changed since you read it."""


class MoreThanDue(Conflict):
    """No more can be paid than is due on the invoices of the ticket."""

    fact_types: ClassVar = {"due": Annotated[Money, Example(139.32)]}

    def __init__(self, due: Money) -> None:
        """Name what is *due*."""
        amount = money_to_decimal(due)
        super().__init__(f"Only {amount} is due" if due else "Nothing is due", due=amount)


class MoreThanPaid(Conflict):
    """No more can be refunded than was paid and is not refunded yet."""

    fact_types: ClassVar = {"refundable": Annotated[Money, Example(50)]}

    def __init__(self, refundable: Money) -> None:
        """Name what can still be refunded."""
        amount = money_to_decimal(refundable)
        left = f"Only {amount}" if refundable else "Nothing"
        super().__init__(f"{left} is left to refund", refundable=amount)


class PaymentMethod(StrEnum):
    """How money changes hands."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    CHECK = "check"
    OTHER = "other"


Method = Annotated[PaymentMethod, Example(PaymentMethod.CASH)]


@frozen(kw_only=True, field_transformer=checked)
class PaymentForm:
    """What was received, how and when: today, unless another day is given."""

    amount: Amount
    method: Method
    received_on: Annotated[
        date | None,
        Description("Not in the future, and at most a year back; without it, today."),
        Example(date(2026, 3, 2)),
    ] = None
    reference: Reference | None = None

    def day(self, today: date) -> date:
        """Return the day of the payment; raise `RuleBroken` unless it is in the last year."""
        day = self.received_on or today
        first = same_day(today, today.year - 1)
        if not first <= day <= today:
            raise RuleBroken(Problem("#/received_on", f"must be from {first} to {today}"))
        return day


@frozen(kw_only=True, field_transformer=checked)
class RefundForm:
    """What is given back of a payment and why; by the method of the payment unless one is given."""

    amount: Amount
    method: Method | None = None
    reason: Note


@frozen(kw_only=True)
class Refund:
    """What was given back of a payment. Nothing of it ever changes."""

    id: RefundId = RefundId(0)  # until it is stored
    amount: Amount
    method: Method
    reason: Note
    received_on: Annotated[
        date,
        Description("The day of the refund, never before that of the payment."),
        Example(date(2026, 3, 9)),
    ]
    at: datetime
    by: By


@frozen(kw_only=True)
class Payment:
    """What was received for a ticket. Nothing of it ever changes but its refunds are added."""

    subject_kind: ClassVar = SubjectKind.PAYMENT

    id: PaymentId = PaymentId(0)  # until it is stored
    ticket_id: TicketId
    customer_id: Annotated[CustomerId, Unpublished()]
    amount: Amount
    method: Method
    received_on: Annotated[date, Example(date(2026, 3, 2))]
    reference: Reference | None
    at: Annotated[datetime, Description("When it was entered.")]
    by: By
    refunds: Annotated[tuple[Refund, ...], Description("Oldest first.")] = ()

    @computed
    def refunded(self) -> Annotated[Money, Example(0)]:
        """What was given back of it."""
        return Money(sum(refund.amount for refund in self.refunds))

    @property
    def refundable(self) -> Money:
        """What can still be given back."""
        return Money(self.amount - self.refunded)

    @property
    def version(self) -> int:
        """The number of times that it was stored: each refund is one more."""
        return 1 + len(self.refunds)

    @property
    def updated_at(self) -> datetime:
        """When it was entered, or last refunded."""
        return self.refunds[-1].at if self.refunds else self.at

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new payment."""
        return EventType.PAYMENT_CREATED if before is None else EventType.PAYMENT_REFUNDED

    def require_version(self, expected: int | None) -> None:
        """Raise `PaymentChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise PaymentChanged

    def with_refund(self, refund: Refund) -> Self:
        """Return the payment with a new *refund*; raise `MoreThanPaid` or `TooMany`."""
        if refund.amount > self.refundable:
            raise MoreThanPaid(self.refundable)
        if len(self.refunds) >= MAX_REFUNDS:
            raise TooMany(MAX_REFUNDS, "refunds of the payment")
        return evolve(self, refunds=(*self.refunds, refund))


Takings = Mapping[PaymentMethod, Annotated[Money, Example(100)]]
"""Payments less refunds by method; a method without any is left out."""
