"""The contract of `Invoices`."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.estimates import TEXT
from mechanic_adapters.conformance.samples.invoices import (
    TOTAL,
    add_invoice,
    full_invoice,
    new_invoice,
)
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    UNKNOWN,
    add_mechanic,
    ticket_of,
)
from mechanic_core.access import By, Role
from mechanic_core.digests import digest_of
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.invoices.invoice import (
    NOT_DIGESTED,
    Invoice,
    InvoiceId,
    InvoiceNotFound,
    PaymentStatus,
)
from mechanic_core.money import Money
from mechanic_core.unit_of_work import Store

WRITES: Final = (
    Write(
        "invoices.add",
        lambda work, seed: work.invoices.add(new_invoice(seed.ticket)),
        "invoices",
        {EventType.INVOICE_CREATED: ()},
    ),
    Write(
        "invoices.save",
        lambda work, seed: work.invoices.save(seed.invoice.with_paid(Money(1), LATER)),
        "invoices",
        {EventType.INVOICE_CHANGED: ("paid", "due", "payment_status")},
    ),
)


def read(store: Store, invoice: Invoice) -> Invoice:
    """Return the invoice as it is."""
    with store.read_only() as work:
        return work.invoices.get(invoice.id)


def save(store: Store, invoice: Invoice) -> Invoice:
    """Save an invoice in a transaction of its own."""
    with store.begin() as work:
        return work.invoices.save(invoice)


class TestInvoices:
    """Invoices: documents that never change, and what becomes of them."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with an id, the name of who issued it, and the same digest."""
        bo = add_mechanic(store, name="Bo")
        new = full_invoice(ticket_of(store), by=By(role=Role.MECHANIC, id=bo.id))

        added = add_invoice(store, new)

        named = By(role=Role.MECHANIC, id=bo.id, name="Bo")
        assert evolve(new, id=added.id, by=named) == added == read(store, added)
        assert new.digest == digest_of(read(store, added), NOT_DIGESTED)

    def test_returns_what_has_few_members(self, store: Store) -> None:
        """One without lines, vehicle and texts comes back too, also one of 0."""
        new = new_invoice(ticket_of(store), 0)

        added = add_invoice(store, new)

        assert evolve(new, id=added.id) == added == read(store, added)
        assert PaymentStatus.PAID is added.payment_status

    def test_refuses_what_is_missing(self, store: Store) -> None:
        """An unknown invoice is missing."""
        add_invoice(store, new_invoice(ticket_of(store)))

        with store.read_only() as work, pytest.raises(InvoiceNotFound):
            work.invoices.get(InvoiceId(UNKNOWN))

    def test_returns_those_of_a_ticket(self, store: Store) -> None:
        """All of one ticket, oldest first; none of a ticket without any."""
        ticket, other, without = (ticket_of(store) for _ in "abc")
        first = add_invoice(store, new_invoice(ticket))
        add_invoice(store, new_invoice(other))
        second = add_invoice(store, new_invoice(ticket))

        with store.read_only() as work:
            assert [first, second] == list(work.invoices.of_ticket(ticket.id))
            assert [] == list(work.invoices.of_ticket(without.id))

    def test_saves_what_is_credited_and_paid(self, store: Store) -> None:
        """Credits and payments are stored; nothing else of an invoice is."""
        added = add_invoice(store, full_invoice(ticket_of(store)))
        paid = evolve(added, paid=Money(TOTAL - 1), updated_at=LATER)
        changed: dict[str, Any] = {"description": "!", "customer_id": UNKNOWN, "digest": "0"}

        once = save(store, evolve(paid, **changed))

        assert evolve(paid, version=2) == once == read(store, added)
        credited = evolve(once, credited=TOTAL, paid=Money(0), fully_credited=True)
        twice = save(store, credited)
        assert evolve(credited, version=3) == twice == read(store, added)

    @pytest.mark.parametrize("version", [0, 2])
    def test_refuses_another_version(self, store: Store, version: int) -> None:
        """Saving another version than the stored one raises `LostRace`, and changes nothing."""
        added = add_invoice(store, new_invoice(ticket_of(store)))

        with pytest.raises(LostRace):
            save(store, evolve(added, paid=Money(1), version=version))
        with pytest.raises(LostRace):
            save(store, evolve(added, id=InvoiceId(UNKNOWN)))

        assert added == read(store, added)

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """An invoice is found by its id, and its events hold nothing of it."""
        added = add_invoice(store, full_invoice(ticket_of(store)))

        with store.read_only() as work:
            found = work.subjects.find(SubjectKind.INVOICE, [added.id, UNKNOWN])
            events = work.events.after(0, 100).events

        assert {added.id: added} == found
        assert AT == added.updated_at
        assert all(TEXT not in repr(event) for event in events)
