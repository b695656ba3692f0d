"""Credit notes: what is given back of invoices."""

from typing import Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm, CreditNoteId
from mechanic_core.invoices.invoice import InvoiceId
from mechanic_core.invoices.use_cases.credit_notes import (
    CreditInvoice,
    ListCreditNotes,
    ReadCreditNote,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.shop import Shop
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route


@final
@frozen
class CreditNoteCollection:
    """The credit notes of one invoice."""

    shop: Shop

    @endpoint(ListCreditNotes)
    def on_get(self, actor: Actor, invoice_id: InvoiceId, page: PageRequest) -> Page[CreditNote]:
        """List the credit notes of an invoice, oldest first."""
        return self.shop.list_credit_notes(actor, invoice_id, page)

    @endpoint(CreditInvoice, creates="/credit_notes/{id}", requires_key=True)
    def on_post(
        self, actor: Actor, invoice_id: InvoiceId, form: CreditNoteForm, expected: int | None
    ) -> CreditNote:
        """Credit an invoice: all that is left of it, or parts of its lines."""
        return self.shop.credit_invoice(actor, invoice_id, form, expected)


@final
@frozen
class CreditNoteItem:
    """One credit note."""

    shop: Shop

    @endpoint(ReadCreditNote)
    def on_get(self, actor: Actor, credit_note_id: CreditNoteId) -> CreditNote:
        """Get a credit note."""
        return self.shop.read_credit_note(actor, credit_note_id)


@final
@frozen
class CreditNoteHtml:
    """A credit note as a page to be printed."""

    shop: Shop

    @endpoint(ReadCreditNote, operation_id="read_credit_note_html", media_type=HTML)
    def on_get(self, actor: Actor, credit_note_id: CreditNoteId) -> CreditNote:
        """Get a credit note as a page to be printed."""
        return self.shop.read_credit_note(actor, credit_note_id)


@final
@frozen
class CreditNotePdf:
    """A credit note as PDF."""

    shop: Shop

    @endpoint(ReadCreditNote, operation_id="read_credit_note_pdf", media_type=PDF)
    def on_get(self, actor: Actor, credit_note_id: CreditNoteId) -> CreditNote:
        """Get a credit note as PDF."""
        return self.shop.read_credit_note(actor, credit_note_id)


ROUTES: Final = (
    Route("/invoices/{invoice_id}/credit_notes", CreditNoteCollection),
    Route("/credit_notes/{credit_note_id}", CreditNoteItem),
    Route("/credit_notes/{credit_note_id}.html", CreditNoteHtml),
    Route("/credit_notes/{credit_note_id}.pdf", CreditNotePdf),
)
