"""The contract of `Balances`."""

from typing import Final

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.invoices import save_balance
from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_ticket,
    new_entry,
    new_ticket,
)
from mechanic_core.invoices.balance import NO_BALANCE, Balance
from mechanic_core.money import Money
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store

BALANCE: Final = Balance(invoiced=Money(2**60), received=Money(7), invoice_id=2**50)
MOST: Final = 100

WRITES: Final = (
    Write(
        "balance of a ticket",
        lambda work, seed: work.balances.save(seed.ticket.id, BALANCE),
        "invoices",
    ),
)


def of(store: Store, ticket: Ticket) -> Balance:
    """Return the balance of a ticket."""
    with store.read_only() as work:
        return work.balances.of(ticket.id)


class TestBalances:
    """What is owed for each ticket."""

    def test_returns_what_was_saved(self, store: Store) -> None:
        """The latest balance of each ticket; where there never was money, an empty one."""
        ticket, other = (add_ticket(store, add_customer(store)) for _ in "ab")

        assert NO_BALANCE == of(store, ticket)
        with store.begin() as work:
            work.balances.save(ticket.id, BALANCE)
        assert (BALANCE, NO_BALANCE) == (of(store, ticket), of(store, other))
        save_balance(store, ticket.id, 5, 5)
        assert Balance(invoiced=Money(5), received=Money(5)) == of(store, ticket)

    def test_finds_those_with_something_due_or_a_deposit(self, store: Store) -> None:
        """The unsettled tickets of one customer, by id; nobody else's."""
        ada, bo = add_customer(store), add_customer(store)
        due, settled, deposit, empty, _ = (add_ticket(store, ada) for _ in "abcde")
        other = add_ticket(store, bo)
        save_balance(store, other.id, 1)
        save_balance(store, deposit.id, received=1)
        save_balance(store, settled.id, 5, 5)
        save_balance(store, empty.id)
        save_balance(store, due.id, 5, 1)

        with store.read_only() as work:
            assert (due.id, deposit.id) == work.balances.unsettled(ada.id)
            assert (other.id,) == work.balances.unsettled(bo.id)

    def test_names_a_hundred_at_most(self, store: Store) -> None:
        """Of many the oldest are named."""
        ada = add_customer(store)
        with store.begin() as work:
            ids = [work.tickets.add(new_ticket(ada), new_entry()).id for _ in range(MOST + 1)]
            for ticket_id in reversed(ids):
                work.balances.save(ticket_id, BALANCE)

        with store.read_only() as work:
            assert tuple(ids[:MOST]) == work.balances.unsettled(ada.id)
