"""The credit note record: what is given back of an invoice."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar, Final, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerDetails, CustomerId
from mechanic_core.digests import Digest
from mechanic_core.errors import NotFound, Problem, RuleBroken
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.invoices.invoice import Invoice, InvoiceId, PreviousDigest
from mechanic_core.invoices.number_series import DocumentNumber, NumberedDocument
from mechanic_core.money import Money
from mechanic_core.pricing.bounds import MAX_LINES
from mechanic_core.pricing.credits import Credit, CreditedLine, LineCredit, MoreThanInvoiced, credit
from mechanic_core.pricing.document import AuthorityTax, Totals
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.rules import Description, Example, Length, Unpublished, checked
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.values import Note, Version

CreditNoteId = NewType("CreditNoteId", Annotated[int, Example(3)])

_MOST_LINES: Final = 3 * MAX_LINES + 1
"""How many lines an invoice may have: of three kinds, and supplies."""


class CreditNoteNotFound(NotFound):
    """No such credit note."""


@frozen(kw_only=True, field_transformer=checked)
class CreditNoteForm:
    """What to give back of an invoice: parts of lines, or all that is left; and why."""

    lines: Annotated[
        Annotated[tuple[LineCredit, ...], Length(1, _MOST_LINES)] | None,
        Description("The lines, each once; required unless `all` is true."),
    ] = None
    all_: Annotated[bool, Description("Whether to credit all that is left."), Example(False)] = (
        False
    )
    reason: Note

    def __attrs_post_init__(self) -> None:
        """Check that there are lines or *all*, not both."""
        if self.all_ == (self.lines is not None):
            detail = "must not be given with all" if self.all_ else "is required, or all"
            raise RuleBroken(Problem("#/lines", detail))


@frozen(kw_only=True)
class CreditNote(NumberedDocument):
    """What was given back of an invoice. Nothing of it ever changes."""

    subject_kind: ClassVar = SubjectKind.CREDIT_NOTE
    not_digested: ClassVar = frozenset({"id", "digest"})

    id: CreditNoteId = CreditNoteId(0)  # until it is stored
    number: DocumentNumber
    series: Annotated[str, Unpublished()]
    sequence: Annotated[int, Unpublished()]
    invoice_id: InvoiceId
    invoice_number: Annotated[str, Example("INV-1")]
    ticket_id: TicketId
    customer_id: Annotated[CustomerId, Unpublished()]
    customer: CustomerDetails
    seller: Annotated[ProfileValues, Description("The shop's profile as it was.")]
    lines: tuple[CreditedLine, ...]
    tax: tuple[AuthorityTax, ...]
    totals: Totals
    reason: Note
    issued_at: datetime
    issued_on: Annotated[
        date,
        Description(
            "The day of issue, in the time zone of the shop; never before that of the invoice."
        ),
        Example(date(2026, 3, 9)),
    ]
    by: By
    previous: PreviousDigest
    digest: Digest = ""
    version: Version = 1

    @property
    def updated_at(self) -> datetime:
        """When it was issued: it never changes."""
        return self.issued_at

    def event_type(self, _: Self | None) -> EventType:
        """Return what happened: a credit note is new."""
        return EventType.CREDIT_NOTE_CREATED


def credit_of(
    invoice: Invoice, former: Sequence[CreditNote], form: CreditNoteForm
) -> tuple[Credit, bool]:
    """Return what *form* gives back of *invoice*, and whether nothing is left of it then.

    All credits together stay between 0 and the total of the invoice; one without lines is credited
    as a whole. Raises what `credit` raises.
    """
    if invoice.fully_credited:
        numbers = tuple(line.line for line in invoice.lines)
        raise MoreThanInvoiced("Everything has been credited", line_numbers=numbers)
    if form.lines is None and not invoice.lines:
        return Credit(lines=(), tax=(), totals=Totals.of(())), True
    given = credit(invoice.document, _lines_of(former), form.lines)
    total = invoice.credited + given.totals.total
    if not 0 <= total <= invoice.totals.total:
        raise MoreThanInvoiced(
            "The credits would not stay between 0 and the total of the invoice",
            line_numbers=tuple(line.line for line in given.lines),
        )
    return given, _is_whole(invoice, [*_lines_of(former), *given.lines])


def as_credited(invoice: Invoice, notes: Sequence[CreditNote]) -> Invoice:
    """Return *invoice* with what all its credit *notes* have credited of it."""
    return evolve(
        invoice,
        credited=Money(sum(note.totals.total for note in notes)),
        fully_credited=bool(notes) and _is_whole(invoice, _lines_of(notes)),
    )


def _lines_of(notes: Iterable[CreditNote]) -> list[CreditedLine]:
    return [line for note in notes for line in note.lines]


def _is_whole(invoice: Invoice, credited: Sequence[CreditedLine]) -> bool:
    """Return whether the whole total is credited, or nothing is left of any line."""
    total = sum(line.net + line.tax for line in credited)
    if invoice.totals.total and total == invoice.totals.total:
        return True
    try:
        credit(invoice.document, credited)
    except MoreThanInvoiced:
        return True
    return False
