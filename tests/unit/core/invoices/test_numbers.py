"""Numbers of invoices and credit notes, and the chains of their digests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from mechanic_core.access import Actor
from mechanic_core.digests import canonical_text
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm
from mechanic_core.invoices.invoice import NOT_DIGESTED, AlreadyInvoiced, Invoice
from mechanic_core.invoices.use_cases.credit_notes import CreditInvoice
from mechanic_core.invoices.use_cases.invoices import IssueInvoice
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.payments.payment import MoreThanDue
from mechanic_core.unit_of_work import Work
from tests.shops import MANAGER, MECHANIC
from tests.unit.core.invoices.till import Till, by_amount

NEVER_CHANGES = {"id", "digest"}
CHANGES = {"customer_id", "credited", "paid", "due", "payment_status"}


def text_of(document: Invoice | CreditNote, left_out: frozenset[str]) -> str:
    """Return the canonical text of a document, checked to be what JSON makes of it."""
    text = canonical_text(document, left_out)
    members: dict[str, Any] = json.loads(text)
    assert list(members) == sorted(members)
    assert left_out.isdisjoint(members)
    return text


def test_each_series_counts_by_itself(till: Till) -> None:
    """
    Invoices and credit notes have numbers 1, 2, 3; a former prefix goes on where it stopped.
    """
    invoices = [till.issue(), till.other("1").issue()]
    notes = [till.credit(invoices[0], by_amount(1, "1"))]
    till.follow(invoice_prefix="R-", credit_note_prefix="G-")
    invoices += [till.other("1").issue(), till.other("1").issue()]
    notes += [till.credit(one) for one in invoices[:2]]
    till.follow(invoice_prefix="INV-", credit_note_prefix="CN-")
    invoices.append(till.other("1").issue())
    notes.append(till.credit(invoices[2]))

    assert ["INV-1", "INV-2", "R-1", "R-2", "INV-3"] == [one.number for one in invoices]
    assert ["CN-1", "G-1", "G-2", "CN-2"] == [one.number for one in notes]
    chain = [(None, 0), (0, 1), (None, 2), (2, 3), (1, 4)]
    for before, place in chain:
        previous = None if before is None else invoices[before].digest
        assert previous == invoices[place].previous
    assert [None, None, notes[1].digest, notes[0].digest] == [one.previous for one in notes]


def test_a_prefix_is_a_series_whatever_it_numbers(till: Till) -> None:
    """
    Credit notes under the former prefix of invoices go on in its numbers and in its chain.
    """
    invoice = till.issue()
    till.follow(invoice_prefix="R-", credit_note_prefix="INV-")

    note = till.credit(invoice)

    assert ("INV-2", invoice.digest) == (note.number, note.previous)


def _pay_too_much(till: Till) -> None:
    assert "INV-2" == till.issue().number
    till.pay("5.01")


def test_a_refused_invoice_takes_no_number(till: Till) -> None:
    """
    Nor does one whose transaction ends badly.
    """
    till.issue()
    with pytest.raises(AlreadyInvoiced):
        till.issue()
    other = till.other("5")
    with pytest.raises(MoreThanDue), till.premises.store.begin():
        _pay_too_much(other)

    assert "INV-2" == other.issue().number
    assert ["INV-1", "INV-2"] == till.invoices()


def test_anybody_can_compute_the_digest_of_an_invoice(till: Till) -> None:
    """
    It is that of all that is shown but what may change: id, owner, what is credited and paid.
    """
    invoice = till.issue()

    assert NEVER_CHANGES | CHANGES == NOT_DIGESTED
    text = text_of(invoice, NOT_DIGESTED)
    assert sha256(text.encode()).hexdigest() == invoice.digest
    members = json.loads(text)
    assert ("INV-1", None, "Ada") == (
        members["number"],
        members["previous"],
        members["customer"]["name"],
    )
    assert {"lines", "tax", "totals", "seller", "vehicle", "decisions", "due_date"} < set(members)


def test_anybody_can_compute_the_digest_of_a_credit_note(till: Till) -> None:
    """
    It is that of all that is shown but its id.
    """
    note = till.credit(till.issue())

    text = text_of(note, frozenset(NEVER_CHANGES))
    assert sha256(text.encode()).hexdigest() == note.digest


def test_a_digest_holds_whatever_becomes_of_the_invoice(till: Till) -> None:
    """
    Payments, credits, a merge and another name of who has issued it change no digest.
    """
    invoice = till.issue()
    till.pay("30")
    note = till.credit(invoice, by_amount(1, "10"))
    till.merge(2, 1)
    till.premises.shop.let_mechanic_go(MANAGER, MechanicId(2))

    after = till.invoice(invoice)
    same = till.premises.shop.read_credit_note(MANAGER, note.id)

    assert (2, invoice.digest) == (after.customer_id, after.digest)
    assert after.digest == sha256(canonical_text(after, NOT_DIGESTED).encode()).hexdigest()
    assert (2, note.digest) == (same.customer_id, same.digest)
    assert same.digest == sha256(canonical_text(same, NEVER_CHANGES).encode()).hexdigest()


def test_who_waits_for_a_number_is_not_dated_before_it(till: Till) -> None:
    """The moment of issue is read when the number is locked, so both rise together."""
    store, clock = till.premises.store, till.premises.clock

    @contextmanager
    def begin_after_another(actor: Actor | None = None) -> Iterator[Work]:
        with store.begin(actor) as work:
            clock.advance(minutes=1)
            yield work

    start = clock()
    invoice = IssueInvoice(begin_after_another, clock)(MECHANIC, till.ticket.id)
    form = CreditNoteForm(all_=True, reason="Came back")
    note = CreditInvoice(begin_after_another, clock)(MANAGER, invoice.id, form)

    minute = timedelta(minutes=1)
    assert (start + minute, start + 2 * minute) == (invoice.issued_at, note.issued_at)
