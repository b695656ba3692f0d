"""What is stored of the prices of tickets, beside other writers of the same database."""

from functools import partial
from typing import Final

import pytest
import sqlalchemy as sa
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    AT,
    add_customer,
    add_part,
    add_ticket,
    new_entry,
    new_labor_line,
    new_part_line,
    new_ticket,
)
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.queries.tickets import BATCH
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.money import Money, percent
from mechanic_core.paging import PageRequest
from mechanic_core.pricing.pricing_rules import PricingRules, TaxRate
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket

RULES: Final = PricingRules(
    tax_rates=(TaxRate(tax_class="parts", authority="State", percent=percent("8.25")),)
)

FORMER_PART_LINE: Final = sa.text(
    "INSERT INTO ticket_parts (ticket_id, part_id, sku, name, quantity, unit_price)"
    " VALUES (:ticket, :part, 'PAD', 'Brake pad', 1500, 1999)"
)
FORMER_CHANGE: Final = sa.text("UPDATE tickets SET version = version + 1 WHERE id = :ticket")


def write_as_former_release(url: str, ticket: Ticket, part: int) -> None:
    """Add a part line as the release before prices were stored does."""
    engine = sa.create_engine(database_url(url))
    with engine.begin() as connection:
        connection.execute(FORMER_PART_LINE, {"ticket": ticket.id, "part": part})
        connection.execute(FORMER_CHANGE, {"ticket": ticket.id})
    engine.dispose()


@pytest.fixture
def ticket(store: SqlStore) -> Ticket:
    """A ticket with a labour line."""
    new = add_ticket(store, add_customer(store))
    with store.begin() as work:
        held = work.tickets.lock(new.id).with_line(new_labor_line(), AT)
        return work.tickets.save(priced(held, PricingRules()), new_entry())


def test_a_line_of_the_former_release_is_priced(
    empty_url: str, store: SqlStore, ticket: Ticket
) -> None:
    """
    A line that the former release adds belongs to the first job, and the ticket has its price.
    """
    write_as_former_release(empty_url, ticket, add_part(store).id)
    with store.read_only() as work:
        found = work.tickets.get(ticket.id)
    (line,) = found.parts

    assert (found.jobs[0].id, "parts", 2999) == (line.job_id, line.tax_class, line.net)
    assert found == priced(found, PricingRules())


def test_a_first_line_of_the_former_release_makes_a_job(empty_url: str, store: SqlStore) -> None:
    """
    The former release's first line on a ticket makes its first job, titled by the description.
    """
    new = add_ticket(store, add_customer(store), description="Squeal\nwhen braking", jobs=())
    write_as_former_release(empty_url, new, add_part(store).id)
    with store.read_only() as work:
        found = work.tickets.get(new.id)

    assert ["Squeal"] == [job.title for job in found.jobs]
    assert [found.jobs[0].id] == [line.job_id for line in found.parts]
    assert 2999 == found.totals.total


def test_what_the_former_release_wrote_is_stored_with_the_next_change(
    empty_url: str, store: SqlStore, ticket: Ticket
) -> None:
    """
    The next change of a ticket stores the figures of all its lines.
    """
    write_as_former_release(empty_url, ticket, add_part(store).id)
    with store.begin() as work:
        held = work.tickets.lock(ticket.id)
        after = priced(held.with_line(new_labor_line("Test drive"), AT), PricingRules())
        saved = work.tickets.save(after, new_entry())
    with store.read_only() as work:
        found = work.tickets.get(ticket.id)

    assert saved == found == priced(found, PricingRules())
    assert [2999] == [line.net for line in found.parts]


def test_all_unfinished_tickets_are_priced_anew(
    empty_url: str, store: SqlStore, ticket: Ticket
) -> None:
    """
    A change of the rules is stored on every unfinished ticket, also on one of the former release.
    """
    part = add_part(store)
    write_as_former_release(empty_url, ticket, part.id)
    other = add_ticket(store, add_customer(store))
    with store.begin() as work:
        held = work.tickets.lock(other.id).with_line(new_part_line(part), AT)
        other = work.tickets.save(priced(held, PricingRules()), new_entry())

    with store.begin() as work:
        work.ticket_prices.restamp(partial(priced, rules=RULES))
    with store.read_only() as work:
        found = [work.tickets.get(one.id) for one in (ticket, other)]

    assert [Money(247), Money(165)] == [one.totals.tax for one in found]
    assert [priced(one, RULES) for one in found] == found
    assert evolve(other, totals=found[1].totals, jobs=found[1].jobs) == found[1]


def test_more_tickets_than_a_batch_are_priced_anew(store: SqlStore) -> None:
    """
    Each unfinished ticket is, to the last.
    """
    ada, part, entry = add_customer(store), add_part(store), new_entry()
    with store.begin() as work:
        for _ in range(2 * BATCH + 1):
            work.tickets.add(new_ticket(ada, parts=(new_part_line(part),)), entry)

    with store.begin() as work:
        work.ticket_prices.restamp(partial(priced, rules=RULES))
    with store.read_only() as work:
        found = work.ticket_lists.find(TicketFilter(), PageRequest(size=3 * BATCH)).items

    assert [Money(165)] * (2 * BATCH + 1) == [ticket.totals.tax for ticket in found]
