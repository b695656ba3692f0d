"""The contract of `InvoiceLists`."""

from datetime import date, timedelta
from itertools import product
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.invoices import (
    TOTAL,
    add_credit_note,
    add_invoice,
    new_credit_note,
    new_invoice,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    DAY,
    LATER,
    add_customer,
    add_ticket,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType
from mechanic_core.invoices.invoice import Invoice, PaymentStatus
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import Period
from mechanic_core.unit_of_work import Store, Work

WEEK: Final = Period(since=DAY, until=DAY + timedelta(days=7))
DECADE: Final = Period(since=DAY - timedelta(days=3000), until=DAY + timedelta(days=1000))
DAYS: Final = tuple(DAY + timedelta(days=days) for days in (-400, 0, 1, 17, 18))
"""Far apart, adjacent, and on both sides of the end of a month."""


def _add(work: Work, seed: Seed) -> Invoice:
    return work.invoices.add(new_invoice(seed.ticket))


def _find(wanted: InvoiceFilter, *, newest_first: bool = False) -> PaginatedList:
    """Return the list of a filter."""

    def find(work: Work, _: Seed, page: PageRequest) -> Page[Invoice]:
        return work.invoice_lists.find(evolve(wanted, newest_first=newest_first), page)

    given = [name for name in ("payment_status",) if getattr(wanted, name)]
    given += ["period"] * (wanted.period != Period())
    name = " ".join(["invoices", *given, *["newest first"] * newest_first])
    return PaginatedList(name, find, _add, descending=newest_first)


WRITES: Final = (
    Write(
        "invoices.reassign",
        lambda work, seed: work.invoice_lists.reassign(seed.customer.id, seed.heir.id, LATER),
        "invoices",
        {EventType.INVOICE_CHANGED: ("customer_id",)},
    ),
)
LISTS: Final = (
    PaginatedList(
        "invoices of a customer",
        lambda work, seed, page: work.invoice_lists.find(
            InvoiceFilter(customer_id=seed.customer.id, newest_first=True), page
        ),
        _add,
        descending=True,
    ),
    *(
        _find(wanted, newest_first=newest_first)
        for wanted in (
            InvoiceFilter(),
            InvoiceFilter(payment_status=PaymentStatus.UNPAID),
            InvoiceFilter(period=WEEK),
        )
        for newest_first in (False, True)
    ),
    PaginatedList(
        "invoices of a long period",
        lambda work, _, page: work.invoice_lists.find(InvoiceFilter(period=DECADE), page),
        _add,
    ),
)


def changed(invoice: Invoice, status: PaymentStatus) -> Invoice:
    """Return an invoice of another payment status."""
    if status is PaymentStatus.CREDITED:
        return invoice.with_credit(TOTAL, LATER, fully=True)
    paid = {PaymentStatus.PAID: TOTAL, PaymentStatus.PARTLY_PAID: 1}.get(status, 0)
    return invoice.with_paid(Money(paid), LATER)


def matches(invoice: Invoice, wanted: InvoiceFilter) -> bool:
    """Return whether an invoice meets all conditions of a filter."""
    return (
        wanted.customer_id in (None, invoice.customer_id)
        and wanted.ticket_id in (None, invoice.ticket_id)
        and wanted.payment_status in (None, invoice.payment_status)
        and wanted.period.contains(invoice.issued_on)
    )


class TestInvoiceLists:
    """Lists of invoices, and a new owner of many."""

    @pytest.mark.parametrize("since", [None, DAYS[0], DAYS[1], DAYS[4]])
    @pytest.mark.parametrize("until", [None, DAYS[1], DAYS[2], DAYS[4], date.max])
    def test_finds_by_every_filter(
        self, store: Store, since: date | None, until: date | None
    ) -> None:
        """All conditions must hold, in both orders; without any all are found."""
        if since and until and since > until:
            return
        tickets = [add_ticket(store, add_customer(store)) for _ in "ab"]
        with store.begin() as work:
            added = [
                work.invoices.add(new_invoice(ticket, issued_on=day))
                for ticket, day, _ in product(tickets, DAYS, PaymentStatus)
            ]
            statuses = [*PaymentStatus] * (len(added) // len(PaymentStatus))
            after = [changed(one, status) for one, status in zip(added, statuses, strict=True)]
            stored = [one if one in added else work.invoices.save(one) for one in after]

        owners, ids = (None, tickets[0].customer_id), (None, tickets[1].id)
        period = Period(since=since, until=until)
        with store.read_only() as work:
            for owner, ticket_id, status in product(owners, ids, (None, *PaymentStatus)):
                wanted = InvoiceFilter(
                    customer_id=owner, ticket_id=ticket_id, payment_status=status, period=period
                )
                expected = [one for one in stored if matches(one, wanted)]
                found = work.invoice_lists.find(wanted, ALL).items
                newest = work.invoice_lists.find(evolve(wanted, newest_first=True), ALL).items
                assert (expected, expected[::-1]) == (list(found), list(newest))

    def test_gives_the_invoices_of_a_customer_to_another(self, store: Store) -> None:
        """Who owes each becomes the other, with its credit notes; the documents stay."""
        ada, bo, cy = (add_customer(store) for _ in "abc")
        mine = [add_invoice(store, new_invoice(add_ticket(store, ada))) for _ in "ab"]
        other = add_invoice(store, new_invoice(add_ticket(store, cy)))
        note = add_credit_note(store, new_credit_note(mine[0]))

        with store.begin() as work:
            work.invoice_lists.reassign(ada.id, bo.id, LATER)

        with store.read_only() as work:
            found = work.invoice_lists.find(InvoiceFilter(customer_id=bo.id), ALL).items
            assert other == work.invoices.get(other.id)
            assert evolve(note, customer_id=bo.id) == work.credit_notes.get(note.id)
        assert [
            evolve(one, customer_id=bo.id, updated_at=LATER, version=2) for one in mine
        ] == list(found)
        with pytest.raises(LostRace), store.begin() as work:
            work.invoices.save(mine[0].with_paid(Money(1), LATER))
