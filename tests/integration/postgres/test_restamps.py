"""Tickets that are changed while the shop's rules of pricing change."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from mechanic_adapters.conformance.samples.records import (
    AT,
    add_customer,
    add_part,
    add_ticket,
    new_entry,
    new_part_line,
)
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.money import percent
from mechanic_core.pricing.pricing_rules import PricingRules, TaxRate
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import TicketId
from tests.integration.postgres.actions import wait_for_a_blocked_lock

RULES = PricingRules(
    tax_rates=(TaxRate(tax_class="parts", authority="State", percent=percent("8.25")),)
)


def restamp(store: SqlStore) -> None:
    """Price all tickets under the new rules."""
    with store.begin() as work:
        work.ticket_prices.restamp(partial(priced, rules=RULES))


def test_a_change_under_former_rules_is_waited_for(store: SqlStore) -> None:
    """
    A transaction that has locked a ticket and read the former rules ends first.
    """
    ticket, part = add_ticket(store, add_customer(store)), add_part(store)
    with ThreadPoolExecutor(1) as others:
        with store.begin() as work:
            held = work.tickets.lock(ticket.id)
            restamped = others.submit(restamp, store)
            wait_for_a_blocked_lock(store)
            changed = held.with_line(new_part_line(part), AT)
            work.tickets.save(priced(changed, PricingRules()), new_entry())
        restamped.result(10)
    with store.read_only() as work:
        found = work.tickets.get(ticket.id)

    assert 165 == found.totals.tax
    assert priced(found, RULES) == found


def test_readers_do_not_wait(store: SqlStore) -> None:
    """
    While tickets are priced anew they are read as they were.
    """
    ticket = add_ticket(store, add_customer(store))
    with store.begin() as work:
        work.ticket_prices.restamp(partial(priced, rules=RULES))
        with ThreadPoolExecutor(1) as others:
            assert ticket == others.submit(read, store, ticket.id).result(5)


def read(store: SqlStore, ticket_id: TicketId) -> object:
    """Return a ticket."""
    with store.read_only() as work:
        return work.tickets.get(ticket_id)
