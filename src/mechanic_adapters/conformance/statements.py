"""The contract of `Statements`."""

from attrs import evolve

from mechanic_adapters.conformance.samples.account import Account, day
from mechanic_adapters.conformance.samples.records import (
    LATER,
    new_entry,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.money import Money
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.statements.receivables import (
    AgedAmounts,
    OpenInvoice,
    OpenTicket,
    Receivables,
    aged,
)
from mechanic_core.statements.statement import EntryKind, StatementEntry
from mechanic_core.unit_of_work import Store


def statement(
    store: Store, customer_id: CustomerId, period: Period = ALL_TIME
) -> tuple[Money, list[StatementEntry]]:
    """Return the statement of a customer."""
    with store.read_only() as work:
        opening, entries = work.statements.of(customer_id, period)
    return opening, list(entries)


def receivables(store: Store, number: int) -> Receivables:
    """Return the receivables of a day."""
    with store.read_only() as work:
        return aged(work.statements.open_tickets(day(number)), day(number))


def owed(store: Store, number: int) -> dict[str, AgedAmounts]:
    """Return what is owed on a day, by the names of customers."""
    return {
        one.name: AgedAmounts(
            current=one.current,
            days_1_30=one.days_1_30,
            days_31_60=one.days_31_60,
            days_61_90=one.days_61_90,
            over_90=one.over_90,
            deposits=one.deposits,
        )
        for one in receivables(store, number).items
    }


class TestStatements:
    """The entries of one customer's account."""

    def test_lists_all_that_changes_what_is_owed(self, store: Store) -> None:
        """Invoices and refunds add to it, credit notes and payments take from it, by day."""
        ada, bo = Account.open(store), Account.open(store, "Bo")
        ticket, other = ada.ticket(), bo.ticket()
        payment = ada.pay(ticket, 3, 70)
        bo.pay(other, 3)
        bo.invoice(other, 3)
        ada.refund(payment, 4, 20)
        invoice = ada.invoice(ticket, 1, 100)
        note = ada.credit(invoice, 2, 30)

        paid, issued = f"/payments/{payment.id}", f"/invoices/{invoice.id}"
        opening, entries = statement(store, ada.customer.id)

        assert [
            (day(1), EntryKind.INVOICE, issued, invoice.number, 100),
            (day(2), EntryKind.CREDIT_NOTE, note, None, -30),
            (day(3), EntryKind.PAYMENT, paid, None, -70),
            (day(4), EntryKind.REFUND, paid, None, 20),
        ] == [
            (one.on, one.kind, one.subject, one.number if one.amount > 0 else None, one.amount)
            for one in entries
        ]
        assert (0, True) == (opening, bool(entries[1].number))
        assert {0} == {one.balance for one in entries}

    def test_orders_what_is_of_one_day(self, store: Store) -> None:
        """By the moment at which it was entered, then by kind, then by id."""
        ada = Account.open(store)
        ticket = ada.ticket()
        late = ada.pay(ticket, 0, 1, LATER)
        first, second = (ada.pay(ticket, 0, amount) for amount in (2, 3))
        ada.refund(first, 0, 1)
        invoice = ada.invoice(ticket, 0, 10)
        ada.credit(invoice, 0, 4)

        _, entries = statement(store, ada.customer.id)

        assert [10, -4, -2, -3, 1, -1] == [one.amount for one in entries]
        assert f"/payments/{late.id}" == entries[-1].subject
        assert f"/payments/{second.id}" == entries[3].subject

    def test_sums_what_was_before_a_period(self, store: Store) -> None:
        """Both ends are in the period; what is after it counts nowhere."""
        ada = Account.open(store)
        ticket = ada.ticket()
        for number in range(6):
            ada.invoice(ticket, number, 10**number)

        for since, until in ((None, None), (2, 4), (None, 0), (5, None), (6, 9), (-9, -1)):
            period = Period(
                since=None if since is None else day(since),
                until=None if until is None else day(until),
            )
            opening, entries = statement(store, ada.customer.id, period)
            inside = [number for number in range(6) if period.contains(day(number))]
            before = [number for number in range(6) if since is not None and number < since]
            assert [10**number for number in inside] == [one.amount for one in entries]
            assert sum(10**number for number in before) == opening

    def test_follows_the_owner(self, store: Store) -> None:
        """What one customer owes is the other's when they are merged."""
        ada, bo = Account.open(store), Account.open(store, "Bo")
        ticket = ada.ticket()
        payment = ada.pay(ticket, 3, 70)
        ada.refund(payment, 4, 20)
        ada.credit(ada.invoice(ticket, 1), 2, 30)
        before = statement(store, ada.customer.id)

        with store.begin() as work:
            work.ticket_owners.reassign(ada.customer.id, bo.customer.id, new_entry())
            work.invoice_lists.reassign(ada.customer.id, bo.customer.id, LATER)

        assert (before, (0, [])) == (
            statement(store, bo.customer.id),
            statement(store, ada.customer.id),
        )
        assert {"Bo"} == owed(store, 9).keys()


class TestOpenTickets:
    """The tickets of which something is due, or a deposit, on a day."""

    def test_knows_what_was_owed_on_each_day(self, store: Store) -> None:
        """What was issued, credited, paid and given back up to a day counts, nothing later."""
        ada = Account.open(store)
        ticket = ada.ticket()
        deposit = ada.pay(ticket, 0, 30)
        invoice = ada.invoice(ticket, 10)
        ada.credit(invoice, 20, 10)
        ada.refund(deposit, 30, 5)
        ada.pay(ticket, 50, 65)

        money = [
            (-1, {}),
            (0, {"deposits": 30}),
            (9, {"deposits": 30}),
            (10, {"current": 70}),
            (20, {"current": 60}),
            (30, {"current": 65}),
            (40, {"current": 65}),
            (41, {"days_1_30": 65}),
            (49, {"days_1_30": 65}),
            (50, {}),
            (1000, {}),
        ]
        assert [(number, _amounts(**amounts)) for number, amounts in money] == [
            (number, owed(store, number)) for number, _ in money
        ]

    def test_ages_by_the_day_on_which_each_invoice_is_due(self, store: Store) -> None:
        """Payments fill the oldest invoice first; the name of the customer is the present one."""
        ada = Account.open(store, "Ada")
        ticket, later = ada.ticket(), ada.ticket()
        for number in (33, 34, 64, 94, 124):
            ada.invoice(ticket, number, 100 + number)
        ada.pay(ticket, 125, 30)
        ada.pay(later, 125, 7)
        with store.begin() as work:
            work.customers.save(evolve(ada.customer, name="Ada Moore"))

        wanted = {
            "over_90": 103,
            "days_61_90": 134,
            "days_31_60": 164,
            "days_1_30": 194,
            "current": 224,
            "deposits": 7,
        }
        (found,) = receivables(store, 124 + 30).items
        assert ("Ada Moore", ada.customer.id) == (found.name, found.customer_id)
        assert wanted == {name: getattr(found, name) for name in wanted}
        assert sum(wanted.values()) - 14 == found.balance

    def test_finds_each_customer(self, store: Store) -> None:
        """Those who owe nothing are none of them, whatever they have paid before."""
        ada, bo, cy = (Account.open(store, name) for name in ("Ada", "Bo", "Cy"))
        ada.invoice(ada.ticket(), 0)
        settled = bo.ticket()
        bo.invoice(settled, 0)
        bo.pay(settled, 2)
        cy.pay(cy.ticket(), 1)

        assert {"Ada", "Bo"} == owed(store, 0).keys()
        assert {"Ada", "Bo", "Cy"} == owed(store, 1).keys()
        assert {"Ada", "Cy"} == owed(store, 2).keys()

    def test_returns_what_was_received_without_an_invoice(self, store: Store) -> None:
        """A ticket with several invoices comes once, one without any too."""
        ada = Account.open(store)
        ticket = ada.ticket()
        first = ada.invoice(ticket, 0, 10)
        ada.credit(first, 0, 10)
        second = ada.invoice(ticket, 1, 20)
        ada.pay(ada.ticket(), 1, 7)

        with store.read_only() as work:
            found = list(work.statements.open_tickets(day(1)))

        ours = OpenTicket(customer_id=ada.customer.id, name="Ada")
        assert sorted(found, key=lambda one: one.received) == [
            evolve(
                ours,
                invoices=(
                    OpenInvoice(due_date=first.due_date, outstanding=0),
                    OpenInvoice(due_date=second.due_date, outstanding=20),
                ),
            ),
            evolve(ours, received=7),
        ]


def _amounts(**amounts: int) -> dict[str, AgedAmounts]:
    """Return what one customer owes."""
    given = {name: Money(amount) for name, amount in amounts.items()}
    return {"Ada": AgedAmounts(**given)} if given else {}
