"""The tables: columns are named as the fields of the records that they keep.

What must be true of the data stands here too, as named constraints; `violations` knows the
names. Columns that end in `_key` hold text as it is compared and searched.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.sql.schema import SchemaItem

from mechanic_adapters.sql.counters.calendar import Span
from mechanic_adapters.sql.schema.column_types import KEY, one_of
from mechanic_adapters.sql.schema.columns import (
    key,
    moment,
    number,
    number_of_row,
    reference,
    text,
    version,
)
from mechanic_core.access import Role
from mechanic_core.inventory.part import Kind
from mechanic_core.tickets.history import Event
from mechanic_core.tickets.workflow import Status

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ONE_HOLDER = "(customer_id IS NULL) <> (mechanic_id IS NULL)"


def _table(name: str, *items: SchemaItem) -> Table:
    """Return a table that never gives an id twice, not even after a deletion."""
    return Table(name, METADATA, *items, sqlite_autoincrement=True)


def unique_rules(table: Table) -> Mapping[str, tuple[str, ...]]:
    """Return what no two rows have in common besides their id: the columns by the rule's name."""
    rules: list[UniqueConstraint | Index] = [i for i in table.indexes if i.unique]
    rules += [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    return {str(rule.name): tuple(column.name for column in rule.columns) for rule in rules}


customers = _table(
    "customers",
    number_of_row(),
    text("name"),
    text("email"),
    key("phone", nullable=True, index=True),
    text("address", nullable=True),
    moment("created_at"),
    moment("updated_at"),
    moment("erased_at", nullable=True),
    version(),
    key("name_key", nullable=True, index=True),
    key("email_key", nullable=True),
    UniqueConstraint("email_key"),
)
"""Erased customers have no keys: nobody finds them, and their address is free again."""

vehicles = _table(
    "vehicles",
    number_of_row(),
    reference("customer_id", "customers.id"),
    text("vin", nullable=True),
    text("plate", nullable=True),
    text("make", nullable=True),
    text("model", nullable=True),
    Column("year", Integer),
    Column("odometer", Integer),
    moment("created_at"),
    moment("updated_at"),
    version(),
    key("vin_key", nullable=True),
    key("plate_key", nullable=True),
    UniqueConstraint("vin_key"),
    CheckConstraint("odometer >= 0", name="odometer_range"),
    Index(None, "customer_id", "id"),
    Index(None, "plate_key", "id"),
)

mechanics = _table(
    "mechanics",
    number_of_row(),
    key("name"),
    text("specialty", nullable=True),
    version(),
    text("email"),
    text("phone", nullable=True),
    number("salary", nullable=True),
    Column("role", one_of(Role, "role"), nullable=False),
    Column("active", Boolean, nullable=False),
    key("email_key"),
    UniqueConstraint("email_key"),
    CheckConstraint("salary >= 0", name="salary_range"),
    CheckConstraint(f"role <> '{Role.CUSTOMER.value}'", name="no_customer"),
)

mechanic_tallies = Table(
    "mechanic_tallies",
    METADATA,
    Column("span", one_of(Span, "span"), primary_key=True),
    Column("start", Date, primary_key=True),
    reference("mechanic_id", "mechanics.id", primary_key=True),
    number("tickets"),
    Index(None, "mechanic_id"),
)
"""How many tickets each mechanic has worked, on each day, in each month and ever.

They are kept with each change of a ticket, so that the leaderboard costs the same however many
tickets there are.
"""

accounts = _table(
    "accounts",
    number_of_row(),
    reference("customer_id", "customers.id", nullable=True),
    reference("mechanic_id", "mechanics.id", nullable=True),
    text("password_hash"),
    UniqueConstraint("customer_id"),
    UniqueConstraint("mechanic_id"),
    CheckConstraint(_ONE_HOLDER, name="one_holder"),
)

sessions = Table(
    "sessions",
    METADATA,
    key("id", primary_key=True),
    Column("role", one_of(Role, "role"), nullable=False),
    reference("customer_id", "customers.id", nullable=True, index=True),
    reference("mechanic_id", "mechanics.id", nullable=True, index=True),
    moment("started_at"),
    moment("revoked_at", nullable=True),
    CheckConstraint(_ONE_HOLDER, name="one_holder"),
)
Index(
    None,
    sessions.c.revoked_at,
    postgresql_where=sessions.c.revoked_at.is_not(None),
    sqlite_where=sessions.c.revoked_at.is_not(None),
)

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    key("digest", primary_key=True),
    Column(
        "session_id", KEY, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    moment("issued_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
)

tickets = _table(
    "tickets",
    number_of_row(),
    reference("customer_id", "customers.id"),
    reference("vehicle_id", "vehicles.id", nullable=True),
    Column("service_date", Date, nullable=False),
    Column("service_month", Date, nullable=False),
    text("description"),
    Column("status", one_of(Status, "status"), nullable=False),
    moment("created_at"),
    moment("updated_at"),
    moment("removed_at", nullable=True),
    version(),
    Index(None, "customer_id", "id"),
    Index(None, "vehicle_id", "id"),
    Index(None, "status", "id"),
)
"""The first day of the month is kept beside the day, so that lists of a period find their way."""
for _day in (tickets.c.service_date, tickets.c.service_month):
    _present = tickets.c.removed_at.is_(None)
    Index(None, _day, tickets.c.id, postgresql_where=_present, sqlite_where=_present)

ticket_mechanics = Table(
    "ticket_mechanics",
    METADATA,
    reference("ticket_id", "tickets.id", primary_key=True),
    reference("mechanic_id", "mechanics.id", primary_key=True),
    Index(None, "mechanic_id", "ticket_id"),
)

parts = _table(
    "parts",
    number_of_row(),
    key("sku"),
    text("name"),
    text("description", nullable=True),
    number("price"),
    text("unit"),
    number("quantity"),
    number("reserved"),
    number("reorder_point"),
    moment("created_at"),
    moment("updated_at"),
    moment("archived_at", nullable=True),
    version(),
    key("name_key", index=True),
    key("sku_key", index=True),
    CheckConstraint("price >= 0", name="price_range"),
    CheckConstraint("reorder_point >= 0", name="reorder_point_range"),
    CheckConstraint("reserved >= 0 AND reserved <= quantity", name="reserved_range"),
)
_on_sale = parts.c.archived_at.is_(None)
_low = parts.c.quantity - parts.c.reserved <= parts.c.reorder_point
Index(None, parts.c.sku, unique=True, postgresql_where=_on_sale, sqlite_where=_on_sale)
Index(
    "ix_parts_low_stock",
    parts.c.id,
    postgresql_where=_on_sale & _low,
    sqlite_where=_on_sale & _low,
)

ticket_parts = _table(
    "ticket_parts",
    number_of_row(),
    reference("ticket_id", "tickets.id", index=True),
    reference("part_id", "parts.id", index=True),
    text("sku"),
    text("name"),
    number("quantity"),
    number("unit_price"),
    CheckConstraint("quantity > 0", name="quantity_range"),
    CheckConstraint("unit_price >= 0", name="unit_price_range"),
)

ticket_labor = _table(
    "ticket_labor",
    number_of_row(),
    reference("ticket_id", "tickets.id", index=True),
    reference("mechanic_id", "mechanics.id", nullable=True, index=True),
    text("description"),
    number("hours"),
    number("rate"),
    CheckConstraint("hours > 0", name="hours_range"),
    CheckConstraint("rate >= 0", name="rate_range"),
)

ticket_history = _table(
    "ticket_history",
    number_of_row(),
    reference("ticket_id", "tickets.id"),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    Column("event", one_of(Event, "event"), nullable=False),
    text("from_", nullable=True),
    text("to", nullable=True),
    text("note", nullable=True),
    Index(None, "ticket_id", "id"),
)
"""Only ever added to, which triggers keep. Who did it has no foreign key: an operator at the
command line is nobody's row."""

stock_movements = _table(
    "stock_movements",
    number_of_row(),
    reference("part_id", "parts.id"),
    Column("kind", one_of(Kind, "kind"), nullable=False),
    number("on_hand_change"),
    number("reserved_change"),
    number("on_hand_after"),
    number("reserved_after"),
    reference("ticket_id", "tickets.id", nullable=True),
    number("line_id", nullable=True),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("note", nullable=True),
    moment("at"),
    CheckConstraint("reserved_after >= 0 AND reserved_after <= on_hand_after", name="after_range"),
    Index(None, "part_id", "id"),
)
"""Only ever added to, which triggers keep. A line may be gone, its movements stay."""
_of_tickets = stock_movements.c.ticket_id.is_not(None)
Index(None, stock_movements.c.ticket_id, postgresql_where=_of_tickets, sqlite_where=_of_tickets)
