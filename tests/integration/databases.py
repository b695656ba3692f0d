"""New shops in a SQLite file or in a database on the running PostgreSQL server."""

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
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
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import Ticket, TicketId
from mechanic_core.tickets.workflow import Status
from tests.integration.servers import PostgresServer
from tests.shops import MANAGER, MECHANIC, shop_on
from tests.strategies import sample

DATABASES = ["sqlite", "postgresql"]
ALL = PageRequest(size=100)
SQLITE = "sqlite:///"
LAST = 5
PAD = PartId(1)
BOB = MechanicId(2)

Fill = Callable[[str], object]
"""Fills the database at a URL."""

_ORIGINALS = tempfile.TemporaryDirectory(prefix="shop-originals-")
"""The files in SQLite that are copied; removed when the run ends."""


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@frozen
class DatabaseShop:
    """A shop in a database, with Eve, Bob, a customer and five brake pads."""

    url: str
    shop: Shop

    def open(self, **given: Any) -> TicketId:
        """Open a ticket with Bob assigned, and return its id."""
        draft = {"customer_id": 1, "mechanic_ids": (BOB,)} | given
        return self.shop.open_ticket(MECHANIC, sample(TicketDraft, **draft)).id

    def read(self, ticket: TicketId) -> Ticket:
        """Return a ticket."""
        return self.shop.read_ticket(MANAGER, ticket)

    def stock(self) -> tuple[int, int]:
        """Return the quantities of brake pads on hand and reserved, in thousandths."""
        part = self.shop.read_part(MANAGER, PAD)
        return part.quantity, part.reserved

    def move(self, ticket: TicketId, to: Status) -> Ticket:
        """Change the status of a ticket."""
        return self.shop.move_ticket(MECHANIC, ticket, TransitionForm(to=to))

    def check_ledger(self) -> None:
        """Check that every balance agrees with its ledger."""
        assert () == self.shop.check_stock(MANAGER)


def new_shop_url(kind: str, folder: Path, postgres: PostgresServer) -> str:
    """Create an empty shop in a *kind* of database, and return its URL."""
    return copy_of(runner.upgrade, kind, folder, postgres)


def copy_of(fill: Fill, kind: str, folder: Path, postgres: PostgresServer) -> str:
    """Create a *kind* of database with what *fill* puts into it, and return its URL.

    It is filled once in a run, and then copied.
    """
    original = _original(fill, kind, postgres)
    if kind == "sqlite":
        file = original.removeprefix(SQLITE)
        return f"{SQLITE}{shutil.copy(file, folder / 'shop.db')}"
    return postgres.new_database(original)


def drop(url: str, postgres: PostgresServer) -> None:
    """Drop a database on PostgreSQL; a file goes with its folder."""
    if not url.startswith(SQLITE):
        postgres.drop_database(url)


@functools.cache
def _original(fill: Fill, kind: str, postgres: PostgresServer) -> str:
    """Return the URL of the database that *fill* fills."""
    if kind == "sqlite":
        url = f"{SQLITE}{tempfile.mkdtemp(dir=_ORIGINALS.name)}/shop.db"
    else:
        url = postgres.new_database()
    fill(url)
    return url


def deadlocks_of(url: str) -> int:
    """Return the number of deadlocks that PostgreSQL has broken; 0 for SQLite."""
    if url.startswith("sqlite"):
        return 0
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def open_database_shop(kind: str, folder: Path, postgres: PostgresServer) -> Iterator[DatabaseShop]:
    """Create a shop in a *kind* of database and open it."""
    url = copy_of(_fill_shop, kind, folder, postgres)
    with closing(SqlStore.open(url)) as store:
        yield DatabaseShop(url, shop_on(store, now))


def _fill_shop(url: str) -> None:
    """Create the shop with Eve, Bob, a customer and five brake pads."""
    runner.upgrade(url)
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, now)
        shop.hire_mechanic(MANAGER, sample(Hiring, email="eve@x.example", role=Role.MANAGER))
        shop.hire_mechanic(MANAGER, sample(Hiring, email="bob@x.example"))
        shop.register_customer(MANAGER, sample(Registration))
        shop.add_part(MANAGER, sample(PartForm, quantity=Quantity(LAST * 1000)))


def add_brake_pad(shop: Shop, ticket: TicketId) -> object:
    """Add one brake pad to a ticket."""
    form = PartLineForm(part_id=PAD, quantity=Quantity(1000))
    return shop.add_part_line(MECHANIC, ticket, form)
