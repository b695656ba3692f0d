"""Stored prices that are not what lines and rules come to are found, ticket by ticket."""

from typing import Final

import pytest
import sqlalchemy as sa
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    LATER,
    add_customer,
    add_part,
    add_ticket,
    new_charge,
    new_entry,
    new_labor_line,
    new_part_line,
    new_ticket,
)
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.queries.tickets import BATCH
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import SYSTEM
from mechanic_core.money import percent
from mechanic_core.pricing.pricing_rules import PricingRules, TaxRate
from mechanic_core.profile.profile import ProfileChange
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_shop.observability.agreement import disagreements
from tests.integration.statements import counted

RULES: Final = PricingRules(
    tax_rates=(TaxRate(tax_class="labor", authority="State", percent=percent(10)),)
)

UNREADABLE: Final = "ticket 3: its price cannot be read"

CORRUPTED: Final = [
    (
        "UPDATE tickets SET totals = replace(totals, '12000]', '12001]') WHERE id = 1",
        "ticket 1: total 120.01 stored, 120.00 computed; wrong: totals",
    ),
    (
        "UPDATE ticket_labor SET net = net + 1 WHERE ticket_id = 2",
        "ticket 2: total 132.00 stored, 132.00 computed; wrong: labor",
    ),
    (
        "UPDATE ticket_parts SET net = NULL WHERE ticket_id = 3",
        "ticket 3: total 64.99 stored, 64.99 computed; wrong: parts",
    ),
    (
        "UPDATE ticket_charges SET unit_price = 0 WHERE ticket_id = 3",
        "ticket 3: total 64.99 stored, 19.99 computed; wrong: jobs, charges, totals",
    ),
    (
        "UPDATE ticket_jobs SET totals = NULL WHERE ticket_id = 3",
        "ticket 3: total 64.99 stored, 64.99 computed; wrong: jobs",
    ),
    (
        "UPDATE tickets SET rules = NULL WHERE id = 2",
        "ticket 2: total 132.00 stored, 120.00 computed; wrong: jobs, totals, rules",
    ),
    (
        "UPDATE tickets SET rules = (SELECT t.rules FROM tickets AS t WHERE t.id = 2) WHERE id = 1",
        "ticket 1: total 120.00 stored, 120.00 computed; wrong: rules",
    ),
    *(
        (f"UPDATE tickets SET totals = '{text}' WHERE id = 3", UNREADABLE)  # noqa: S608 - our own texts
        for text in ("{", "7", "[1]", '[0,0,0,0,0,0,0,"7"]')
    ),
    (
        "UPDATE tickets SET rules = '{}' WHERE id = 3",
        "ticket 3: total 64.99 stored, 64.99 computed; wrong: rules",
    ),
    ("UPDATE tickets SET discounts = '[{}]' WHERE id = 3", UNREADABLE),
    ("UPDATE tickets SET discounts = '[7]' WHERE id = 3", UNREADABLE),
    (
        "UPDATE ticket_charges SET quantity = -1000, discount = '[500,null]' WHERE ticket_id = 3",
        UNREADABLE,
    ),
]


@pytest.fixture
def tickets(store: SqlStore) -> list[Ticket]:
    """Tickets 1 and 2 with labour, the second finished under other rules; 3 with what is untaxed."""
    ada, part = add_customer(store), add_part(store)
    new = [
        add_ticket(store, ada, labor=(new_labor_line(),)),
        add_ticket(store, ada, labor=(new_labor_line(),)),
        add_ticket(store, ada, parts=(new_part_line(part),), charges=(new_charge(),)),
    ]
    with store.begin() as work:
        second = evolve(new[1], status=Status.COMPLETED, rules=RULES)
        rules = PricingRules()
        return [
            work.tickets.save(priced(one, rules), new_entry()) for one in (new[0], second, new[2])
        ]


def run(url: str, sql: str) -> None:
    """Run a statement on the database."""
    engine = sa.create_engine(database_url(url))
    with engine.begin() as connection:
        connection.execute(sa.text(sql))
    engine.dispose()


@pytest.mark.usefixtures("tickets")
@pytest.mark.parametrize(("sql", "expected"), CORRUPTED)
def test_a_wrong_price_is_found(empty_url: str, store: SqlStore, sql: str, expected: str) -> None:
    """
    Whatever is stored of a price and is not what its lines and rules come to, is named.
    """
    assert [] == list(disagreements(store))

    run(empty_url, sql)

    assert [expected] == list(disagreements(store))


def test_what_the_former_release_changed_is_left_out(
    empty_url: str, store: SqlStore, tickets: list[Ticket]
) -> None:
    """
    The former release stores no prices: such a ticket is priced when it is read, and not wrong.
    """
    run(empty_url, "UPDATE ticket_labor SET rate = 16000 WHERE ticket_id = 1")
    assert 1 == len(list(disagreements(store)))

    run(empty_url, "UPDATE tickets SET version = version + 1 WHERE id = 1")

    assert [] == list(disagreements(store))
    with store.read_only() as work:
        assert 24000 == work.tickets.get(tickets[0].id).totals.total


def test_all_tickets_are_read_in_batches(empty_url: str, store: SqlStore) -> None:
    """
    Two statements are run for each batch of tickets, none for a ticket, and the last is checked.
    """
    ada, entry = add_customer(store), new_entry()
    with store.begin() as work:
        for _ in range(2 * BATCH + 1):
            work.tickets.add(new_ticket(ada), entry)

    with counted(store) as statements:
        assert [] == list(store.wrong_prices())
    assert 2 + 2 * 3 == len(statements)

    run(empty_url, "UPDATE tickets SET totals = NULL, rules = '{}'")
    assert list(range(1, 2 * BATCH + 2)) == [one.ticket_id for one in store.wrong_prices()]


@pytest.mark.usefixtures("tickets")
def test_rules_may_change_meanwhile(store: SqlStore) -> None:
    """
    Tickets that are priced anew while they are checked are not taken for wrong.
    """
    changes: list[str] = []

    def change_rules(sql: str) -> None:
        """Change the rules between the statements for tickets and for the profile, once."""
        if "FROM shop_profile" in sql and len(changes) == 1:
            changes.append("changed")
            with store.begin() as work:
                before = work.profiles.lock()
                after = evolve(before, tax_rates=RULES.tax_rates, updated_at=LATER)
                work.profiles.save(after, ProfileChange.between(before, after, SYSTEM))
                work.ticket_prices.restamp(lambda ticket: priced(ticket, RULES))
        elif "ticket_labor" in sql and not changes:
            changes.append("read")

    store.database.on_statement = change_rules
    assert [] == list(store.wrong_prices())
    store.database.on_statement = None

    assert ["read", "changed"] == changes
    with store.read_only() as work:
        assert RULES == work.profiles.get().pricing_rules
