"""Payments fill invoices, and credits take from them, without making or losing a cent."""

from collections.abc import Sequence
from typing import Final

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanic_core.access import By, Role
from mechanic_core.invoices.allocation import allocate, balance_of
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm, as_credited, credit_of
from mechanic_core.invoices.invoice import Invoice, InvoiceId
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, Money, Quantity
from mechanic_core.pricing.credits import CreditedOtherwise, LineCredit, MoreThanInvoiced
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.profile.profile import ProfileValues
from tests.strategies import NOON, sample
from tests.unit.core.pricing.documents import Draft, drafts

_ANY: Final = sample(
    Invoice,
    number="INV-1",
    series="INV-",
    sequence=1,
    seller=ProfileValues(),
    vehicle=None,
    jobs=(),
    decisions=(),
    discounts=(),
    previous=None,
    by=By(role=Role.MANAGER, id=1),
    issued_at=NOON,
    updated_at=NOON,
)


def invoice_of(document: PricedDocument, number: int = 1) -> Invoice:
    """Return an invoice with the lines of *document*."""
    return evolve(
        _ANY,
        id=InvoiceId(number),
        lines=document.lines,
        tax=document.tax,
        totals=document.totals,
    )


def invoice_over(total: int, number: int) -> Invoice:
    """Return an invoice with a total alone."""
    totals = evolve(_ANY.totals, total=Money(total))
    return evolve(_ANY, id=InvoiceId(number), lines=(), tax=(), totals=totals)


def note_on(invoice: Invoice, form: CreditNoteForm, former: Sequence[CreditNote]) -> CreditNote:
    """Return the next credit note on *invoice*."""
    given, _ = credit_of(as_credited(invoice, former), former, form)
    return sample(
        CreditNote,
        number="CN-1",
        series="CN-",
        sequence=1,
        customer=invoice.customer,
        seller=invoice.seller,
        lines=given.lines,
        tax=given.tax,
        totals=given.totals,
        issued_at=NOON,
        by=invoice.by,
        previous=None,
    )


@given(
    bills=st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 100)), min_size=1, max_size=5),
    received=st.integers(0, 200_000),
    more=st.integers(0, 5000),
)
def test_payments_fill_invoices_in_their_order(
    bills: list[tuple[int, int]], received: int, more: int
) -> None:
    """
    All that was received is paid or deposit, none is filled beyond what is left, nor out of turn.
    """
    invoices = [
        invoice_over(total, n).with_credit(Money(total * share // 100), NOON, fully=share == 100)
        for n, (total, share) in enumerate(bills, start=1)
    ]

    filled = allocate(invoices, Money(received), NOON)
    later = allocate(invoices, Money(received + more), NOON)

    balance = balance_of(filled, Money(received))
    assert received == sum(one.paid for one in filled) + balance.deposit
    assert balance.due == sum(one.due for one in filled)
    assert not (balance.due and balance.deposit)
    assert all(0 <= one.paid <= one.outstanding for one in filled)
    first_open = next((place for place, one in enumerate(filled) if one.due), len(filled))
    assert not any(one.paid for one in filled[first_open + 1 :])
    assert all(after.paid >= one.paid for one, after in zip(filled, later, strict=True))
    assert filled == allocate(filled, Money(received), NOON)


@given(draft=drafts(), data=st.data())
def test_credits_stay_within_the_invoice_and_sum_to_it(draft: Draft, data: st.DataObject) -> None:
    """
    Whatever is credited, in whatever order, stays from 0 to the total; the rest completes it.
    """
    document = draft.priced()
    assume(document.lines and document.totals.total >= 0)
    invoice, notes = invoice_of(document), list[CreditNote]()
    for _ in range(data.draw(st.integers(0, 4))):
        line = data.draw(st.sampled_from(document.lines))
        whole = abs(data.draw(st.sampled_from([line.quantity, line.net])))
        part = data.draw(st.integers(1, max(1, whole)))
        by_quantity = data.draw(st.booleans())
        one = (
            LineCredit(line=line.line, quantity=Quantity(min(part, MAX_QUANTITY)))
            if by_quantity
            else LineCredit(line=line.line, amount=Money(min(part, MAX_MONEY)))
        )
        try:
            form = CreditNoteForm(lines=(one,), reason="Came back")
            notes.append(note_on(invoice, form, notes))
        except (CreditedOtherwise, MoreThanInvoiced):
            continue
        assert 0 <= as_credited(invoice, notes).credited <= document.totals.total
    if not as_credited(invoice, notes).fully_credited:
        try:
            notes.append(note_on(invoice, CreditNoteForm(all_=True, reason="Rest"), notes))
        except MoreThanInvoiced:
            assert not any(line.quantity for line in document.lines)
            return

    after = as_credited(invoice, notes)
    assert after.fully_credited
    assert document.totals.total == after.credited
