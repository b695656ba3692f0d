"""All tables of a shop, and what several adapters share."""

from functools import partial
from typing import TypeVar, final

from attrs import evolve, field, fields, frozen

from mechanic_adapters.memory.table import Table
from mechanic_core.access import By, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, Session
from mechanic_core.customers.customer import Customer
from mechanic_core.errors import LostRace
from mechanic_core.idempotency import StoredAnswer
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part
from mechanic_core.mechanics.mechanic import Mechanic
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.line import LaborLine, PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.vehicles.vehicle import Vehicle

Versioned = TypeVar("Versioned", Customer, Vehicle, Mechanic, Ticket, Part)


@final
@frozen(kw_only=True)
class Tables:
    """The tables of a shop.

    Accounts are keyed by whether the holder is staff, and the holder's id; histories by ticket id;
    the ledger by part id. Lines are stored on their tickets: their tables only assign ids.
    """

    customers: Table[int, Customer] = field(factory=partial(Table, "customers"))
    vehicles: Table[int, Vehicle] = field(factory=partial(Table, "vehicles"))
    mechanics: Table[int, Mechanic] = field(factory=partial(Table, "mechanics"))
    accounts: Table[tuple[bool, int], Account] = field(factory=partial(Table, "accounts"))
    sessions: Table[SessionId, Session] = field(factory=partial(Table, "sessions"))
    tokens: Table[str, RefreshToken] = field(factory=partial(Table, "sessions"))
    tickets: Table[int, Ticket] = field(factory=partial(Table, "tickets"))
    part_lines: Table[int, PartLine] = field(factory=partial(Table, "tickets"))
    labor_lines: Table[int, LaborLine] = field(factory=partial(Table, "tickets"))
    histories: Table[int, tuple[Entry, ...]] = field(factory=partial(Table, "tickets"))
    parts: Table[int, Part] = field(factory=partial(Table, "parts"))
    ledger: Table[int, tuple[Movement, ...]] = field(factory=partial(Table, "parts"))
    stored_answers: Table[str, StoredAnswer] = field(factory=partial(Table, "stored_answers"))

    def writable(self, written: set[str]) -> "Tables":
        """Return the tables for a transaction, which collects written nouns in *written*."""
        return Tables(**{f.name: getattr(self, f.name).writable(written) for f in fields(Tables)})

    def committed(self) -> "Tables":
        """Return the tables with their present rows, read-only."""
        return Tables(**{f.name: getattr(self, f.name).committed() for f in fields(Tables)})

    def with_name(self, by: By) -> By:
        """Return *by* with the person's present name, or None if it was erased."""
        if by.role is None:
            return evolve(by, name=None)
        if by.role is Role.CUSTOMER:
            customer = self.customers.get(by.id)
            return evolve(by, name=customer.name if customer and not customer.erased_at else None)
        mechanic = self.mechanics.get(by.id)
        return evolve(by, name=mechanic.name if mechanic else None)


def require_current(table: Table[int, Versioned], record: Versioned) -> None:
    """Raise `LostRace` unless *record* has the stored version (optimistic locking)."""
    stored = table.get(record.id)
    if stored is None or stored.version != record.version:
        raise LostRace


def replace(table: Table[int, Versioned], record: Versioned) -> Versioned:
    """Store *record* with its next version and return it; raise `LostRace`."""
    require_current(table, record)
    return table.put(record.id, evolve(record, version=record.version + 1))
