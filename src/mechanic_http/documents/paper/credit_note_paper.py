"""Credit notes on paper."""

from mechanic_core.invoices.credit_note import CreditNote
from mechanic_http.documents.paper import figures
from mechanic_http.documents.paper.paper import Fact, Paper, Section


def credit_note_paper(note: CreditNote) -> Paper:
    """Return the paper of a credit note, whose amounts are above 0 where it gives money back."""
    seller = note.seller
    taxed = {tax.tax_class for tax in note.tax}
    gross_prices = figures.has_gross_prices(note.lines)
    return Paper(
        title="Credit note",
        number=note.number,
        day=str(note.issued_on),
        currency=seller.currency,
        facts=(
            Fact("Date", str(note.issued_on)),
            Fact("For invoice", note.invoice_number),
            Fact("Service ticket", str(note.ticket_id)),
        ),
        seller=figures.seller_of(seller),
        buyer=figures.buyer_of(note.customer),
        note=f"Reason: {note.reason}",
        sections=(
            Section(
                title=f"Credited of invoice {note.invoice_number}",
                lines=tuple(figures.paper_line(line, taxed=taxed) for line in note.lines),
            ),
        ),
        sums=figures.document_sums(note.totals, note.tax, gross_prices=gross_prices),
        remarks=(
            *figures.remarks((), seller.currency, gross_prices=gross_prices),
            *(["This amount is in your favor."] if note.totals.total > 0 else []),
        ),
        disclosures=seller.disclosures,
        digest=note.digest,
    )
