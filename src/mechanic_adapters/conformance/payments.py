"""The contracts of `Payments` and `PaymentLists`."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.invoices.lists import DAYS, DECADE
from mechanic_adapters.conformance.samples.declarations import PaginatedList, Write
from mechanic_adapters.conformance.samples.invoices import (
    add_payment,
    add_refund,
    new_payment,
    new_refund,
)
from mechanic_adapters.conformance.samples.records import (
    ALL,
    DAY,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_ticket,
    new_entry,
    ticket_of,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import By, Role
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.money import Money
from mechanic_core.paging import Page, PageRequest
from mechanic_core.payments.payment import (
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    Refund,
    Takings,
)
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.unit_of_work import Store, Work


def _add(work: Work, seed: Seed) -> Payment:
    return work.payments.add(new_payment(seed.ticket))


def _list(name: str, wanted: PaymentFilter) -> PaginatedList:
    def find(work: Work, _: Seed, page: PageRequest) -> Page[Payment]:
        return work.payment_lists.find(wanted, page)

    return PaginatedList(name, find, _add)


WRITES: Final = (
    Write("payments.add", _add, "payments", {EventType.PAYMENT_CREATED: ()}),
    Write(
        "payments.add_refund",
        lambda work, seed: work.payments.add_refund(seed.payment.with_refund(new_refund())),
        "payments",
        {EventType.PAYMENT_REFUNDED: ("refunds", "refunded")},
    ),
)
LISTS: Final = (
    PaginatedList(
        "payments on a ticket",
        lambda work, seed, page: work.payment_lists.of(seed.ticket.id, page),
        _add,
    ),
    _list("payments", PaymentFilter()),
    _list("payments by a method", PaymentFilter(method=PaymentMethod.CASH)),
    _list("payments of a day", PaymentFilter(period=Period(since=DAY, until=DAY))),
    _list("payments of a long period", PaymentFilter(period=DECADE)),
)


def read(store: Store, payment: Payment) -> Payment:
    """Return the payment as it is."""
    with store.read_only() as work:
        return work.payments.get(payment.id)


class TestPayments:
    """Payments, which nothing changes but their refunds."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """Every member comes back, with an id and the name of who took it."""
        bo, ticket = add_mechanic(store, name="Bo"), ticket_of(store)
        by = By(role=Role.MECHANIC, id=bo.id)
        new = new_payment(ticket, 1, by=by, reference="Größe", method=PaymentMethod.OTHER)

        added, plain = add_payment(store, new), add_payment(store, new_payment(ticket, 2**60))

        assert evolve(new, id=added.id, by=evolve(by, name="Bo")) == added == read(store, added)
        assert plain == read(store, plain)
        assert () == plain.refunds

    def test_returns_its_refunds(self, store: Store) -> None:
        """Refunds come back oldest first, with ids and the names of who gave them."""
        bo = add_mechanic(store, name="Bo")
        payment = add_payment(store, new_payment(ticket_of(store)))
        new = [
            new_refund(number, by=By(role=Role.MANAGER, id=bo.id), at=LATER, received_on=day)
            for number, day in enumerate(DAYS, start=1)
        ]

        after = payment
        for refund in (*new, new_refund()):
            after = add_refund(store, after, refund)

        assert after == read(store, payment)
        *given, last = after.refunds
        named = By(role=Role.MANAGER, id=bo.id, name="Bo")
        ids = [one.id for one in after.refunds]
        assert [evolve(one, id=id_, by=named) for one, id_ in zip(new, ids, strict=False)] == given
        assert new_refund() == evolve(last, id=new_refund().id)
        assert sorted({*ids}) == ids
        assert (len(new) + 2, last.at) == (after.version, after.updated_at)

    def test_refuses_what_is_missing(self, store: Store) -> None:
        """An unknown payment is missing."""
        with store.read_only() as work, pytest.raises(PaymentNotFound):
            work.payments.get(PaymentId(UNKNOWN))

    def test_belongs_to_the_customer_of_its_ticket(self, store: Store) -> None:
        """When the tickets of a customer become another's, so do the payments on them."""
        ada, bo = add_customer(store), add_customer(store)
        payment = add_payment(store, new_payment(add_ticket(store, ada)))

        with store.begin() as work:
            work.ticket_owners.reassign(ada.id, bo.id, new_entry())

        assert evolve(payment, customer_id=bo.id) == read(store, payment)

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """A payment is found by its id, with its refunds."""
        added = add_payment(store, new_payment(ticket_of(store)))
        after = add_refund(store, added, new_refund())

        with store.read_only() as work:
            found = work.subjects.find(SubjectKind.PAYMENT, [added.id, UNKNOWN])

        assert {added.id: after} == found


def moved(payments: Iterable[Payment], wanted: PaymentFilter) -> Takings:
    """Return what `PaymentLists.takings` should return."""
    sums: dict[PaymentMethod, Money] = {}
    for payment in payments:
        every: list[tuple[Payment | Refund, int]] = [(payment, 1)]
        for one, sign in every + [(refund, -1) for refund in payment.refunds]:
            if wanted.method in (None, one.method) and wanted.period.contains(one.received_on):
                sums[one.method] = Money(sums.get(one.method, 0) + sign * one.amount)
    return sums


class TestPaymentLists:
    """Lists of payments, and their sums."""

    def test_lists_those_on_tickets(self, store: Store) -> None:
        """One ticket's, oldest first, and those on several tickets; how many one has."""
        ticket, other, without = (ticket_of(store) for _ in "abc")
        first = add_payment(store, new_payment(ticket))
        theirs = add_payment(store, new_payment(other))
        second = add_refund(store, add_payment(store, new_payment(ticket)), new_refund())

        with store.read_only() as work:
            lists = work.payment_lists
            assert (first, second) == lists.of(ticket.id, ALL).items
            found = lists.of_all([other.id, without.id, ticket.id])
            counts = [lists.count(one.id) for one in (ticket, other, without)]

        assert [2, 1, 0] == counts
        assert {ticket.id: [first, second], other.id: [theirs]} == {
            ticket_id: list(several) for ticket_id, several in found.items()
        }

    def test_finds_and_sums_by_every_filter(self, store: Store) -> None:
        """By method and day; a refund counts by its own method and day, also alone."""
        ticket = ticket_of(store)
        with store.begin() as work:
            stored = [
                work.payments.add(new_payment(ticket, 1000, method=method, received_on=day))
                for method, day in product(PaymentMethod, DAYS)
            ]
            refunded = [
                work.payments.add_refund(
                    one.with_refund(new_refund(number, received_on=DAYS[-number % len(DAYS)]))
                )
                for number, one in enumerate(stored[::3], start=1)
            ]
        stored = [next((one for one in refunded if one.id == old.id), old) for old in stored]

        bounds = (None, *DAYS, DAYS[0] - timedelta(days=500))
        periods = [
            Period(since=since, until=until)
            for since, until in product(bounds, bounds)
            if not (since and until and since > until)
        ]
        with store.read_only() as work:
            for method, period in product((None, *PaymentMethod), periods):
                wanted = PaymentFilter(method=method, period=period)
                expected = [
                    one
                    for one in stored
                    if method in (None, one.method) and period.contains(one.received_on)
                ]
                assert expected == list(work.payment_lists.find(wanted, ALL).items)
                assert moved(stored, wanted) == work.payment_lists.takings(wanted)

    def test_sums_nothing(self, store: Store) -> None:
        """Without payments there are no takings; with all given back there are some of 0."""
        with store.read_only() as work:
            assert {} == work.payment_lists.takings(PaymentFilter(period=ALL_TIME))
        payment = add_payment(store, new_payment(ticket_of(store), 3))
        add_refund(store, payment, new_refund(3, method=payment.method))
        with store.read_only() as work:
            assert {payment.method: 0} == work.payment_lists.takings(PaymentFilter())
