"""Fresh shops to race in: in a file of SQLite, or in a database on the running PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from attrs import frozen

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Role
from mechanic_core.customers.customer import Registration
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring, MechanicId
from mechanic_core.money import Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.line import PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from tests.integration.servers import PostgresServer
from tests.shops import MANAGER, MECHANIC, shop_on
from tests.strategies import sample

DATABASES = ["sqlite", "postgresql"]
ALL = PageRequest(size=100)
LAST = 5
PAD = PartId(1)
BOB = MechanicId(2)


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


@frozen
class DatabaseShop:
    """A shop in a database, with Eve, Bob, a customer and the last five brake pads."""

    url: str
    shop: Shop

    def open(self, **given: Any) -> TicketId:
        """Return a new ticket with Bob on it."""
        draft = {"customer_id": 1, "mechanic_ids": (BOB,)} | given
        return self.shop.open_ticket(MECHANIC, sample(TicketDraft, **draft)).id

    def read(self, ticket: TicketId) -> Ticket:
        """Return a ticket as it is kept."""
        return self.shop.read_ticket(MANAGER, ticket)

    def stock(self) -> tuple[int, int]:
        """Return what is on hand and what is reserved of the brake pads."""
        part = self.shop.read_part(MANAGER, PAD)
        return part.quantity, part.reserved

    def go(self, ticket: TicketId, to: Status) -> Ticket:
        """Send a ticket on its way."""
        return self.shop.move_ticket(MECHANIC, ticket, TransitionForm(to=to))

    def check_ledger(self) -> None:
        """Check every balance against its ledger."""
        assert () == self.shop.check_stock(MANAGER)


def new_shop_url(kind: str, folder: Path, postgres: PostgresServer) -> str:
    """Return the address of an empty shop of a *kind* of database."""
    url = f"sqlite:///{folder / 'shop.db'}" if kind == "sqlite" else postgres.new_database()
    runner.upgrade(url)
    return url


def deadlocks_of(url: str) -> int:
    """Return how often PostgreSQL had to break a deadlock; SQLite has a single lock, so never."""
    if url.startswith("sqlite"):
        return 0
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def open_database_shop(kind: str, folder: Path, postgres: PostgresServer) -> Iterator[DatabaseShop]:
    """Give a shop in a *kind* of database."""
    url = new_shop_url(kind, folder, postgres)
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        shop.hire_mechanic(MANAGER, sample(Hiring, email="eve@x.example", role=Role.MANAGER))
        shop.hire_mechanic(MANAGER, sample(Hiring, email="bob@x.example"))
        shop.register_customer(MANAGER, sample(Registration))
        shop.add_part(MANAGER, sample(PartForm, quantity=Quantity(LAST * 1000)))
        yield DatabaseShop(url, shop)


def ask(shop: Shop, ticket: TicketId) -> object:
    """Ask for one brake pad."""
    form = PartLineForm(part_id=PAD, quantity=Quantity(1000))
    return shop.add_part_line(MECHANIC, ticket, form)
