"""The contract of `CreditNotes`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.invoices import (
    add_credit_note,
    add_invoice,
    new_credit_note,
    new_invoice,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_ticket,
)
from mechanic_core.access import By, Role
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.invoices.credit_note import CreditNoteId, CreditNoteNotFound
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "credit_notes.add",
        lambda work, seed: work.credit_notes.add(new_credit_note(seed.invoice)),
        "credit_notes",
        {EventType.CREDIT_NOTE_CREATED: ()},
    ),
)
LISTS: Final = (
    PaginatedList(
        "credit notes",
        lambda work, seed, page: work.credit_notes.of(seed.invoice.id, page),
        lambda work, seed: work.credit_notes.add(new_credit_note(seed.invoice)),
    ),
)


def invoice_of(store: Store) -> Invoice:
    """Return an invoice in the store."""
    return add_invoice(store, new_invoice(add_ticket(store, add_customer(store))))


class TestCreditNotes:
    """Credit notes, which nothing ever changes."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with an id and the name of who issued it, also one below 0."""
        bo = add_mechanic(store, name="Bo")
        new = new_credit_note(invoice_of(store), -1, by=By(role=Role.MANAGER, id=bo.id))

        added = add_credit_note(store, new)

        named = By(role=Role.MANAGER, id=bo.id, name="Bo")
        assert evolve(new, id=added.id, by=named) == added
        with store.read_only() as work:
            assert added == work.credit_notes.get(added.id)
            found = work.subjects.find(SubjectKind.CREDIT_NOTE, [added.id, UNKNOWN])
        assert {added.id: added} == found

    def test_refuses_what_is_missing(self, store: Store) -> None:
        """An unknown credit note is missing."""
        with store.read_only() as work, pytest.raises(CreditNoteNotFound):
            work.credit_notes.get(CreditNoteId(UNKNOWN))

    def test_lists_those_of_invoices(self, store: Store) -> None:
        """One invoice's, oldest first, and those of several invoices."""
        invoice, other, without = (invoice_of(store) for _ in "abc")
        first = add_credit_note(store, new_credit_note(invoice))
        theirs = add_credit_note(store, new_credit_note(other))
        second = add_credit_note(store, new_credit_note(invoice))

        with store.read_only() as work:
            notes = work.credit_notes
            assert (first, second) == notes.of(invoice.id, ALL).items
            found = notes.of_all([other.id, without.id, invoice.id])

        assert {invoice.id: [first, second], other.id: [theirs]} == {
            invoice_id: list(several) for invoice_id, several in found.items()
        }
