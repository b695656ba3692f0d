"""Credit invoices, and read their credit notes."""

from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import MANAGERS_ONLY, OWNER_OR_STAFF, Actor, By
from mechanic_core.invoices.allocation import settle
from mechanic_core.invoices.credit_note import (
    CreditNote,
    CreditNoteForm,
    CreditNoteId,
    CreditNoteNotFound,
    credit_of,
)
from mechanic_core.invoices.invoice import InvoiceChanged, InvoiceId, InvoiceNotFound
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.pricing.credits import CreditedOtherwise, MoreThanInvoiced
from mechanic_core.profile.profile import ProfileValues, values_of
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class CreditInvoice:
    """Give back an invoice or parts of it; what was paid for them is a deposit then."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (InvoiceNotFound, InvoiceChanged, CreditedOtherwise, MoreThanInvoiced)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, invoice_id: InvoiceId, form: CreditNoteForm, expected: int | None = None
    ) -> CreditNote:
        """Return the new credit note."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            ticket_id = work.invoices.get(invoice_id).ticket_id
            work.tickets.lock(ticket_id)
            invoices = work.invoices.of_ticket(ticket_id)
            invoice = next(one for one in invoices if one.id == invoice_id)
            invoice.require_version(expected)
            former = work.credit_notes.of(invoice_id, WHOLE_LIST).items
            given, is_whole = credit_of(invoice, former, form)
            received = work.balances.of(ticket_id).received
            profile = work.profiles.get()
            series = work.number_series.lock(profile.credit_note_prefix)
            at = self.now()  # not before the lock: a later number is never of an earlier moment
            credited = invoice.with_credit(given.totals.total, at, fully=is_whole)
            settle(work, ticket_id, invoices, received, at, credited)
            note = CreditNote(
                number="",
                series=series.prefix,
                sequence=0,
                invoice_id=invoice_id,
                invoice_number=invoice.number,
                ticket_id=ticket_id,
                customer_id=invoice.customer_id,
                customer=invoice.customer,
                seller=values_of(profile, ProfileValues),
                lines=given.lines,
                tax=given.tax,
                totals=given.totals,
                reason=form.reason,
                issued_at=at,
                issued_on=max(profile.today(at), invoice.issued_on),
                by=By(role=actor.role, id=actor.id),
                previous=None,
            )
            note = work.credit_notes.add(note.numbered(series))
            work.number_series.save(series.after(note.digest))
        return note


@final
@frozen
class ListCreditNotes:
    """List the credit notes of an invoice."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (InvoiceNotFound,)

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, invoice_id: InvoiceId, page: PageRequest) -> Page[CreditNote]:
        """Return the credit notes, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            owner = work.invoices.get(invoice_id).customer_id
            self.policy.require_access(actor, owner, InvoiceNotFound())
            return work.credit_notes.of(invoice_id, page)


@final
@frozen
class ReadCreditNote:
    """Read a credit note."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (CreditNoteNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, credit_note_id: CreditNoteId) -> CreditNote:
        """Return the credit note."""
        self.policy.admit(actor)
        with self.read_only() as work:
            note = work.credit_notes.get(credit_note_id)
        self.policy.require_access(actor, note.customer_id, CreditNoteNotFound())
        return note
