"""Statements per operation of the store, whatever the number of rows (no N+1 queries)."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import (
    AT,
    add_mechanic,
    new_entry,
    new_movement,
    new_part,
    new_session,
    new_ticket,
    new_token,
)
from mechanic_adapters.conformance.samples.seed import Seed, add_seed
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role
from mechanic_core.inventory.part import Kind
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work
from mechanic_core.vehicles.ports import VehicleFilter
from tests.integration.servers import PostgresServer
from tests.integration.statements import counted

MANY: Final = PageRequest(size=100, with_total=True)
MANY_NEXT: Final = PageRequest(size=100, after=1)
YEAR: Final = Period(since=date(2025, 3, 5), until=date(2026, 3, 4))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty shop in a file, as a template."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    runner.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite(file: Path, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty shop on SQLite."""
    store = SqlStore.open(f"sqlite:///{shutil.copy(file, tmp_path / 'shop.db')}")
    yield store
    store.close()


@pytest.fixture
def postgresql(postgres: PostgresServer) -> Iterator[SqlStore]:
    """An empty shop on PostgreSQL."""
    url = postgres.new_database()
    runner.upgrade(url)
    store = SqlStore.open(url)
    yield store
    store.close()
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> SqlStore:
    """An empty shop on each database."""
    store: SqlStore = request.getfixturevalue(request.param)
    return store


READS: Final[dict[str, Callable[[Work, Seed], object]]] = {
    "customers.get": lambda work, seed: work.customers.get(seed.customer.id),
    "customers.find": lambda work, _: work.customers.find(None, MANY),
    "vehicles.get": lambda work, seed: work.vehicles.get(seed.vehicle.id),
    "vehicle_lists.with_vin": lambda work, _: work.vehicle_lists.with_vin("1HGCM82633A004352"),
    "vehicle_lists.find": lambda work, _: work.vehicle_lists.find(VehicleFilter(plate="a 1"), MANY),
    "mechanics.get": lambda work, seed: work.mechanics.get(seed.mechanic.id),
    "mechanic_lists.find": lambda work, _: work.mechanic_lists.find(MANY, active_only=True),
    "standings.top": lambda work, _: work.standings.top(100, ALL_TIME),
    "standings.top, a year": lambda work, _: work.standings.top(100, YEAR),
    "accounts.find": lambda work, _: work.accounts.find("a@b.c", staff=True),
    "accounts.of": lambda work, seed: work.accounts.of(Role.CUSTOMER, seed.customer.id),
    "revocations.revoked_after": lambda work, _: work.revocations.revoked_after(0),
    "revocations.is_active": lambda work, seed: work.revocations.is_active(
        Actor(Role.CUSTOMER, seed.customer.id, seed.session.id)
    ),
    "tickets.get": lambda work, seed: work.tickets.get(seed.ticket.id),
    "ticket_lists.find": lambda work, _: work.ticket_lists.find(TicketFilter(), MANY),
    "ticket_lists.find, of a customer": lambda work, seed: work.ticket_lists.find(
        TicketFilter(customer_id=seed.customer.id, newest_first=True), MANY
    ),
    "ticket_lists.unfinished_of": lambda work, seed: work.ticket_lists.unfinished_of(
        seed.customer.id
    ),
    "histories.of": lambda work, seed: work.histories.of(seed.ticket.id, MANY),
    "histories.owner_of": lambda work, seed: work.histories.owner_of(seed.ticket.id),
    "histories.started": lambda work, seed: work.histories.started(seed.ticket.id),
    "invoices.get": lambda work, seed: work.invoices.get(seed.invoice.id),
    "invoices.of_ticket": lambda work, seed: work.invoices.of_ticket(seed.ticket.id),
    "invoice_lists.find": lambda work, _: work.invoice_lists.find(InvoiceFilter(), MANY),
    "invoice_lists.find, a year": lambda work, _: work.invoice_lists.find(
        InvoiceFilter(period=YEAR), MANY
    ),
    "credit_notes.get": lambda work, seed: work.credit_notes.get(seed.credit_note.id),
    "credit_notes.of": lambda work, seed: work.credit_notes.of(seed.invoice.id, MANY),
    "credit_notes.of_all": lambda work, seed: work.credit_notes.of_all([seed.invoice.id]),
    "balances.of": lambda work, seed: work.balances.of(seed.ticket.id),
    "balances.unsettled": lambda work, seed: work.balances.unsettled(seed.customer.id),
    "payments.get": lambda work, seed: work.payments.get(seed.payment.id),
    "payment_lists.of": lambda work, seed: work.payment_lists.of(seed.ticket.id, MANY),
    "payment_lists.of_all": lambda work, seed: work.payment_lists.of_all([seed.ticket.id]),
    "payment_lists.find": lambda work, _: work.payment_lists.find(PaymentFilter(), MANY),
    "payment_lists.takings": lambda work, _: work.payment_lists.takings(PaymentFilter(period=YEAR)),
    "statements.of": lambda work, seed: work.statements.of(seed.customer.id, YEAR),
    "statements.open_tickets": lambda work, _: work.statements.open_tickets(AT.date()),
    "parts.get": lambda work, seed: work.parts.get(seed.part.id),
    "parts.find": lambda work, _: work.parts.find(PartFilter(sku="brake", low_stock=True), MANY),
    "ledger.of": lambda work, seed: work.ledger.of(seed.part.id, MANY),
}


@pytest.mark.parametrize("name", READS)
def test_reads_in_one_statement(store: SqlStore, name: str) -> None:
    """
    Every read takes one statement and no transaction.
    """
    seed = add_seed(store)
    with store.begin() as work:
        work.ledger.write([new_movement(seed.part, 5)])
        for _ in range(30):
            work.tickets.add(full_ticket(seed), new_entry())

    with counted(store) as statements, store.read_only() as work:
        READS[name](work, seed)

    assert 1 == len(statements)
    assert [] == statements.controls


SEARCHES: Final[dict[str, Callable[[Work, str], object]]] = {
    "customers": lambda work, q: work.customers.find(q, MANY),
    "mechanics": lambda work, q: work.mechanic_lists.find(MANY, active_only=True, q=q),
    "vehicles": lambda work, q: work.vehicle_lists.find(VehicleFilter(q=q), MANY),
    "parts": lambda work, q: work.parts.find(PartFilter(q=q, low_stock=True), MANY),
}


@pytest.mark.parametrize("noun", SEARCHES)
@pytest.mark.parametrize("q", ["a", "ada moore", "nobody", "a b c d e f g h i j k", "555 01"])
def test_searches_in_two_statements(store: SqlStore, noun: str, q: str) -> None:
    """
    A search takes at most two statements, with its total, and no transaction.
    """
    add_seed(store)

    with counted(store) as statements, store.read_only() as work:
        SEARCHES[noun](work, q)

    assert 1 <= len(statements) <= 2
    assert [] == statements.controls


def test_checks_the_stock_in_one_statement(store: SqlStore) -> None:
    """
    The check of all stock is one statement, without a timeout on PostgreSQL.
    """
    with counted(store) as statements, store.read_only() as work:
        work.ledger.disagreements()

    assert 1 == len(statements)
    assert {"BEGIN", "SET", "COMMIT"} >= {control.split()[0] for control in statements.controls}


def full_ticket(seed: Seed) -> Ticket:
    """Return a new ticket with a mechanic and lines of both kinds."""
    part, quantity = seed.part, Quantity(1)
    return new_ticket(
        seed.customer,
        seed.mechanic,
        vehicle=seed.vehicle,
        parts=tuple(
            PartLine(
                part_id=part.id,
                sku=part.sku,
                name=part.name,
                quantity=quantity,
                unit_price=part.price,
            )
            for _ in range(3)
        ),
        labor=(LaborLine(description="ReadOnly", hours=quantity, rate=part.price),),
    )


def add_part(work: Work, _: Seed) -> None:
    """Add a part, as `AddPart` does."""
    part = new_part()
    work.parts.add(part, new_movement(part, 5))


def change_customer(work: Work, seed: Seed) -> None:
    """Change a customer, as `ChangeCustomer` does."""
    held = work.customers.lock(seed.customer.id)
    work.customers.save(evolve(held, name="Changed"))


def count_part(work: Work, seed: Seed) -> None:
    """Count a part, as `ChangePart` does."""
    held = work.parts.lock([seed.part.id])[seed.part.id]
    work.parts.save([held.move(Kind.RECEIVE, Quantity(5))], [new_movement(held, 5)])


def move_many(work: Work, _: Seed) -> None:
    """Move the stock of many parts at once, as completing a ticket does."""
    ids = [part.id for part in work.parts.find(PartFilter(), MANY).items]
    held = work.parts.lock(ids)
    work.parts.save(
        [part.move(Kind.RECEIVE, Quantity(5)) for part in held.values()],
        [new_movement(part, 5) for part in held.values()],
    )


def start_session(work: Work, seed: Seed) -> None:
    """Start a session, as `LogIn` does."""
    session = new_session(seed.customer.id)
    work.sessions.start(session, new_token(session))


def refresh(work: Work, seed: Seed) -> None:
    """Exchange a refresh token, as `RefreshTokens` does."""
    held = work.sessions.lock(seed.token.digest)
    work.accounts.of(Role.CUSTOMER, seed.customer.id)
    work.sessions.rotate(seed.token.mark_used(AT), new_token(held[0] if held else seed.session))


def cancel(work: Work, seed: Seed) -> None:
    """Change only the status of a ticket."""
    held = work.tickets.lock(seed.ticket.id)
    work.tickets.save(evolve(held, description="Changed"), new_entry())


WRITES: Final[dict[str, tuple[Callable[[Work, Seed], object], int, int]]] = {
    "a new part with its stock": (add_part, 3, 1),
    "a count of a part": (count_part, 4, 2),
    "a change of a customer": (change_customer, 3, 2),
    "the stock of 30 parts, found first": (move_many, 5, 5),
    "a login's session": (start_session, 4, 1),
    "a refresh": (refresh, 4, 4),
    "a new ticket with 3 + 1 lines": (
        lambda work, seed: work.tickets.add(full_ticket(seed), new_entry()),
        8,
        7,
    ),
    "a change of a ticket": (cancel, 4, 2),
    "the end of all sessions": (
        lambda work, seed: work.revocations.revoke_all(Role.CUSTOMER, seed.customer.id, AT),
        1,
        1,
    ),
}
"""Writes, and the number of their statements on SQLite and PostgreSQL."""


@pytest.mark.parametrize("name", WRITES)
def test_writes_in_few_statements(
    store: SqlStore, name: str, request: pytest.FixtureRequest
) -> None:
    """
    Each write takes a known number of statements and one commit.
    """
    act, on_sqlite, on_postgresql = WRITES[name]
    seed = add_seed(store)
    with store.begin() as work:
        for _ in range(30):
            work.parts.add(new_part())

    with counted(store) as statements, store.begin() as work:
        act(work, seed)

    is_sqlite = "sqlite" in request.node.name
    assert (on_sqlite if is_sqlite else on_postgresql) == len(statements), statements.proper
    assert (["BEGIN IMMEDIATE"] if is_sqlite else []) + ["COMMIT"] == statements.controls


@pytest.mark.parametrize("number", [1, 40])
def test_changes_any_number_of_mechanics(
    store: SqlStore, number: int, request: pytest.FixtureRequest
) -> None:
    """
    Assigning forty mechanics takes as many statements as assigning one.
    """
    seed = add_seed(store)
    one, other = ([add_mechanic(store) for _ in range(number)] for _ in "ab")
    with store.begin() as work:
        reassign(work, seed.ticket, one, [])

    with counted(store) as statements, store.begin() as work:
        reassign(work, seed.ticket, other, one)

    assert (7 if "sqlite" in request.node.name else 3) == len(statements), statements.proper
    assert () == store.miscounts()


def reassign(work: Work, ticket: Ticket, come: list[Mechanic], go: list[Mechanic]) -> None:
    """Assign and remove mechanics, as `AssignMechanics` does."""
    held, known = work.tickets.lock_with_mechanics(ticket.id, [one.id for one in (*come, *go)])
    joining = [AssignedMechanic(id=one.id, name=known[one.id].name) for one in come]
    work.tickets.save(held.with_mechanics(joining, [one.id for one in go], AT), new_entry())
