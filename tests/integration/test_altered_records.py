"""Estimates and decisions that somebody has changed in the database are found, one by one."""

from typing import Final

import pytest
import sqlalchemy as sa

from mechanic_adapters.conformance.samples.estimates import (
    add_decision,
    add_estimate,
    full_estimate,
    new_answer,
    new_decision,
)
from mechanic_adapters.conformance.samples.records import (
    add_customer,
    add_ticket,
    new_entry,
    new_labor_line,
)
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.queries.unchanged_records import BATCH
from mechanic_adapters.sql.repositories.estimates.alterations import CHANGED, AlteredRecord
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket
from mechanic_shop.observability.agreement import disagreements
from tests.integration.statements import counted

DECISION: Final = "ticket 1: decision 2 was changed since it was written"
NEXT: Final = "ticket 1: decision 3 lacks the one before it"
FEWER: Final = "ticket 1: decisions stored: 2, in its history: 3"
ESTIMATE: Final = "ticket 2: estimate 1 was changed since it was written"

ALTERED: Final = [
    *(
        (f"UPDATE decisions SET {change} WHERE id = 2", [DECISION])  # noqa: S608 - our own texts
        for change in (
            "kind = 'limit'",
            "estimate = 2",
            "answers = replace(answers, 'authorized', 'declined')",
            "answers = '[{}]'",
            "answers = '{'",
            "amount = 1",
            "authorized_total = authorized_total - 1",
            "person = 'Grösse'",
            "channel = 'phone'",
            "contact = '+1-555-0101'",
            "note = NULL",
            "by_role = 'manager'",
            "by_id = 1",
            "previous = NULL",
        )
    ),
    ("UPDATE decisions SET digest = replace(digest, 'a', 'b') WHERE id = 2", [DECISION, NEXT]),
    ("DELETE FROM decisions WHERE id = 2", [NEXT, FEWER]),
    ("DELETE FROM decisions WHERE id = 3", [FEWER]),
    (
        "UPDATE decisions SET ticket_id = 2 WHERE id = 2",
        [
            NEXT,
            "ticket 2: decision 2 was changed since it was written",
            "ticket 2: decision 4 lacks the one before it",
            FEWER,
            "ticket 2: decisions stored: 2, in its history: 1",
        ],
    ),
    *(
        (f"UPDATE estimates SET {change} WHERE ticket_id = 2", [ESTIMATE])  # noqa: S608 - as above
        for change in (
            "jobs = replace(jobs, 'Front', 'Fronz')",
            "jobs = '[7]'",
            "totals = '{'",
            "supplies = NULL",
            "revised_total = revised_total + 1",
            "note = 'Both sides'",
            "by_id = by_id + 1",
            "digest = 'none'",
        )
    ),
]


@pytest.fixture
def tickets(store: SqlStore) -> list[Ticket]:
    """Ticket 1 with three decisions, 1 to 3; ticket 2 with one and an estimate."""
    ada = add_customer(store)
    new = [add_ticket(store, ada, labor=(new_labor_line(),)) for _ in range(2)]
    events = (HistoryEvent.LIMITED, HistoryEvent.DECIDED, HistoryEvent.LIMITED)
    with store.begin() as work:
        first, second = (priced(one, PricingRules()) for one in new)
        for event in events:
            first = work.tickets.save(first, new_entry(event))
        second = work.tickets.save(second, new_entry(HistoryEvent.LIMITED))
    limit = add_decision(store, new_decision(first))
    answer = add_decision(store, new_answer(first, previous=limit))
    add_decision(store, new_decision(first, answer))
    add_decision(store, new_decision(second))
    add_estimate(store, full_estimate(second))
    return [first, second]


def alter(url: str, *statements: str) -> None:
    """Run statements on the database without its triggers, as its owner can."""
    engine = sa.create_engine(database_url(url))
    dropped = (
        "DROP TRIGGER {0}_is_append_only ON {0}"
        if engine.name == "postgresql"
        else "DROP TRIGGER {0}_refuses_update; DROP TRIGGER {0}_refuses_delete"
    )
    with engine.begin() as connection:
        for table in ("decisions", "estimates"):
            for sql in dropped.format(table).split(";"):
                connection.execute(sa.text(sql))
        for sql in statements:
            connection.execute(sa.text(sql))
    engine.dispose()


@pytest.mark.usefixtures("tickets")
@pytest.mark.parametrize(("sql", "expected"), ALTERED)
def test_what_was_changed_is_named(
    empty_url: str, store: SqlStore, sql: str, expected: list[str]
) -> None:
    """
    Whatever is changed of a decision or an estimate, the check names it and its ticket.
    """
    assert [] == list(disagreements(store))

    alter(empty_url, sql)

    assert expected == list(disagreements(store))


@pytest.mark.usefixtures("tickets")
def test_every_character_counts(empty_url: str, store: SqlStore) -> None:
    """
    Any character of a text of a decision, replaced by the next one.
    """
    alter(empty_url)
    engine = sa.create_engine(database_url(empty_url))
    with engine.connect() as connection:
        columns = ("person", "contact", "note", "answers", "previous", "digest")
        selected = sa.text(f"SELECT {', '.join(columns)} FROM decisions WHERE id = 2")  # noqa: S608 - our own names
        texts = connection.execute(selected).mappings().one()
    for name, text in texts.items():
        change = sa.text(f"UPDATE decisions SET {name} = :text WHERE id = 2")  # noqa: S608 - as above
        for place, letter in enumerate(text):
            altered = f"{text[:place]}{chr(ord(letter) + 1)}{text[place + 1 :]}"
            with engine.begin() as connection:
                connection.execute(change, {"text": altered})
            (found, *_) = store.altered_records()
            assert isinstance(found, AlteredRecord)
            assert (1, "decision 2", CHANGED) == (found.ticket_id, found.record, found.fault)
        with engine.begin() as connection:
            connection.execute(change, {"text": text})
    engine.dispose()
    assert [] == list(store.altered_records())


@pytest.mark.usefixtures("tickets")
def test_a_day_and_an_hour_are_digested_too(empty_url: str, store: SqlStore) -> None:
    """
    A decision moved by an hour, and an estimate that is valid for another day.
    """
    on_postgres = empty_url.startswith("postgresql")
    later = "at + interval '1 hour'" if on_postgres else "replace(at, '2026', '2025')"
    valid = "valid_until + 1" if on_postgres else "date(valid_until, '+1 day')"

    alter(
        empty_url,
        f"UPDATE decisions SET at = {later} WHERE id = 2",  # noqa: S608 - as above
        f"UPDATE estimates SET valid_until = {valid}",  # noqa: S608 - as above
    )

    assert [ESTIMATE, DECISION] == list(disagreements(store))


def test_all_are_read_in_batches(empty_url: str, store: SqlStore, tickets: list[Ticket]) -> None:
    """
    Two statements are run for each batch, none for a ticket; a chain goes on in the next batch.
    """
    with store.begin() as work:
        last = work.decisions.last(tickets[0].id)
        for _ in range(2 * BATCH):
            last = work.decisions.add(new_decision(tickets[0], last))
            tickets[0] = work.tickets.save(tickets[0], new_entry(HistoryEvent.LIMITED))

    with counted(store) as statements:
        assert [] == list(store.altered_records())
    assert (1 + 2) + (1 + 2 * 3) + 2 + 3 == len(statements)  # the last find no invoices

    alter(empty_url, "UPDATE decisions SET person = 'Eve'")
    assert 2 * BATCH + 4 == len(list(store.altered_records()))
