"""The invoice record: what a ticket came to, as it was issued, and what has become of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerDetails, CustomerId
from mechanic_core.digests import Digest
from mechanic_core.errors import Conflict, NotFound, Stale, WrongState
from mechanic_core.estimates.decision import Decision
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.invoices.number_series import DocumentNumber, NumberedDocument
from mechanic_core.money import Money
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.pricing.document import AuthorityTax, PricedDocument, PricedLine, Totals
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.rules import Description, Example, Unpublished, computed
from mechanic_core.tickets.job import JobId, JobKind, JobTitle
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.workflow import Status
from mechanic_core.values import Text, Version

InvoiceId = NewType("InvoiceId", Annotated[int, Example(21)])

NOT_DIGESTED: Final = frozenset(
    {"id", "digest", "customer_id", "credited", "paid", "due", "payment_status"}
)
"""The members of an invoice that its digest leaves out: what may change, and itself."""

PreviousDigest = Annotated[
    Digest | None, Description("The digest of the document before in its series.")
]


class InvoiceNotFound(NotFound):
    """No such invoice."""


class InvoiceChanged(Stale):
    """The invoice has changed since you read it."""


class NotCompleted(WrongState):
    """Only a ticket that is completed or closed can be invoiced."""

    fact_types: ClassVar = {"current_state": Annotated[Status, Example(Status.IN_PROGRESS)]}


class AlreadyInvoiced(Conflict):
    """An invoice of the ticket is not fully credited."""

    fact_types: ClassVar = {"invoice_id": InvoiceId}


class TotalNegative(Conflict):
    """A ticket that comes to less than 0 cannot be invoiced."""


class OverAuthorized(Conflict):
    """The ticket comes to more than the customer has authorized."""

    fact_types: ClassVar = {
        "ceiling": Annotated[Money, Example(1000)],
        "current": Annotated[Money, Example(1000.01)],
        "excess": Annotated[Money, Example(0.01)],
    }


class PaymentStatus(StrEnum):
    """How far an invoice is paid; `credited` where all of it was given back."""

    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"


@frozen(kw_only=True)
class InvoicedJob:
    """A job of the ticket, and the sums of its lines."""

    id: JobId
    title: JobTitle
    kind: JobKind
    totals: Totals


@frozen(kw_only=True)
class Invoice(NumberedDocument):
    """What the customer owes for a ticket. Nothing that was issued ever changes.

    *credited*, *paid* and what follows from them change, and so may the customer who owes it, when
    two records are merged.
    """

    subject_kind: ClassVar = SubjectKind.INVOICE
    not_digested: ClassVar = NOT_DIGESTED

    id: InvoiceId = InvoiceId(0)  # until it is stored
    number: DocumentNumber
    series: Annotated[str, Unpublished()]
    sequence: Annotated[int, Unpublished()]
    ticket_id: TicketId
    customer_id: CustomerId
    customer: CustomerDetails
    seller: Annotated[ProfileValues, Description("The shop's profile as it was.")]
    vehicle: TicketVehicle | None
    odometer: Annotated[int | None, Example(148_200)]
    service_date: date
    description: Text
    jobs: tuple[InvoicedJob, ...]
    lines: tuple[PricedLine, ...]
    discounts: tuple[TicketDiscount, ...]
    tax: tuple[AuthorityTax, ...]
    totals: Totals
    deposit: Annotated[
        Money, Description("What had been paid ahead when it was issued."), Example(50)
    ]
    decisions: Annotated[
        tuple[Decision, ...], Description("What the customer had decided, oldest first.")
    ]
    issued_at: datetime
    issued_on: Annotated[
        date,
        Description("The day of issue, in the time zone of the shop."),
        Example(date(2026, 3, 2)),
    ]
    due_date: Annotated[date, Example(date(2026, 4, 1))]
    by: By
    previous: PreviousDigest
    digest: Digest = ""
    credited: Annotated[Money, Description("The total of its credit notes."), Example(0)] = Money(0)
    paid: Annotated[
        Money, Description("What payments of the ticket have filled of it."), Example(50)
    ] = Money(0)
    fully_credited: Annotated[bool, Unpublished(), Example(False)] = False
    updated_at: Annotated[datetime, Unpublished()]
    version: Version = 1

    @property
    def outstanding(self) -> Money:
        """What payments have to fill: the total less what is credited."""
        return Money(self.totals.total - self.credited)

    @computed
    def due(self) -> Annotated[Money, Example(139.32)]:
        """What is still to be paid."""
        return Money(self.outstanding - self.paid)

    @computed
    def payment_status(self) -> Annotated[PaymentStatus, Example(PaymentStatus.PARTLY_PAID)]:
        """How far the invoice is paid."""
        if self.fully_credited:
            return PaymentStatus.CREDITED
        if not self.due:
            return PaymentStatus.PAID
        return PaymentStatus.PARTLY_PAID if self.paid else PaymentStatus.UNPAID

    @property
    def document(self) -> PricedDocument:
        """The invoice as a priced document, of which parts can be credited."""
        return PricedDocument(lines=self.lines, tax=self.tax, totals=self.totals)

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new invoice."""
        return EventType.INVOICE_CREATED if before is None else EventType.INVOICE_CHANGED

    def require_version(self, expected: int | None) -> None:
        """Raise `InvoiceChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise InvoiceChanged

    def with_paid(self, paid: Money, at: datetime) -> Self:
        """Return the invoice with so much of it *paid*; itself if that is so."""
        return self if paid == self.paid else evolve(self, paid=paid, updated_at=at)

    def with_credit(self, amount: Money, at: datetime, *, fully: bool) -> Self:
        """Return the invoice with *amount* credited more, and whether nothing is left then."""
        return evolve(
            self,
            credited=Money(self.credited + amount),
            fully_credited=fully,
            updated_at=at,
        )
