"""The tables of service tickets: tickets, their mechanics, lines and history."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    TextClause,
    and_,
)
from sqlalchemy import text as text_clause

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    generated_id,
    moment,
    number,
    reference,
    text,
    version,
)
from mechanic_adapters.sql.schema.metadata import METADATA, record_table
from mechanic_core.access import Role
from mechanic_core.errors import LostRace
from mechanic_core.pricing.line import LineKind
from mechanic_core.tickets.history import HistoryEvent
from mechanic_core.tickets.job import JobKind, JobStatus
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, FINAL_STATUSES, Status

tickets = record_table(
    "tickets",
    generated_id(),
    reference("customer_id", "customers.id"),
    Column("vehicle_id", BigInteger, ForeignKey("vehicles.id", info={"refusal": LostRace})),
    Column("service_date", Date, nullable=False),
    Column("service_month", Date, nullable=False),
    text("description"),
    Column("status", one_of(Status, "status"), nullable=False),
    moment("created_at"),
    moment("updated_at"),
    moment("removed_at", nullable=True),
    version(),
    text("vehicle_vin", nullable=True),
    text("vehicle_plate", nullable=True),
    text("vehicle_make", nullable=True),
    text("vehicle_model", nullable=True),
    Column("vehicle_year", Integer),
    Column("vehicle_odometer", Integer),
    text("totals", nullable=True),
    text("rules", nullable=True),
    number("priced_version", nullable=True),
    text("discounts", server_default="[]"),
    Index(None, "customer_id", "id"),
    Index(None, "vehicle_id", "id"),
    Index(None, "status", "id"),
)
"""A foreign key to a vehicle fails only while the vehicle is being removed: try again.

*service_month* is the first day of the month of *service_date*, so that an index by month serves
lists of long periods. The columns that begin with *vehicle_*, besides the id, are a copy of the
vehicle as it was when it was set.

*discounts*, *totals* and the frozen *rules* are JSON, which lists read without converters. What is
stored of a ticket's price, on its row, its jobs and its lines, is of the version *priced_version*:
the previous release changes tickets without it.
"""
for _day in (tickets.c.service_date, tickets.c.service_month):
    _present = tickets.c.removed_at.is_(None)
    Index(None, _day, tickets.c.id, postgresql_where=_present, sqlite_where=_present)


def _status_in(statuses: Iterable[Status]) -> TextClause:
    """Return the condition without parameters, or no database would use a partial index for it."""
    names = ", ".join(f"'{status.value}'" for status in sorted(statuses))
    return text_clause(f"status IN ({names})")


IS_UNFINISHED: Final = _status_in(EDITABLE_STATUSES)
IS_NOT_FINAL: Final = _status_in(set(Status) - FINAL_STATUSES)
_unfinished_tickets = and_(tickets.c.removed_at.is_(None), IS_UNFINISHED)
Index(
    "ix_tickets_unfinished",
    tickets.c.customer_id,
    tickets.c.id,
    postgresql_where=_unfinished_tickets,
    sqlite_where=_unfinished_tickets,
)

ticket_mechanics = Table(
    "ticket_mechanics",
    METADATA,
    reference("ticket_id", "tickets.id", primary_key=True),
    reference("mechanic_id", "mechanics.id", primary_key=True),
    Index(None, "mechanic_id", "ticket_id"),
)

ticket_jobs = record_table(
    "ticket_jobs",
    generated_id(),
    reference("ticket_id", "tickets.id", index=True),
    text("title"),
    Column("kind", one_of(JobKind, "kind"), nullable=False),
    Column("status", one_of(JobStatus, "status"), nullable=False),
    Column("changed_since_authorized", Boolean, nullable=False),
    number("comes_back_from", nullable=True),
    text("totals", nullable=True),
    number("authorized_in", nullable=True),
    number("recommendation_id", nullable=True),
)
"""The job that one comes back from may be deleted, so it is no foreign key. *authorized_in* is the
number of an estimate of the ticket, which is read by it."""


def _priced() -> tuple[Column[Any], ...]:
    """Return the columns that lines of all kinds have; NULL in lines of the previous release.

    A line has no foreign key to its job, whose check would need another index: both are written
    together, under the lock of their ticket. *discount* is JSON.
    """
    return (
        number("job_id", nullable=True),
        text("tax_class", nullable=True),
        text("discount", nullable=True),
        number("net", nullable=True),
    )


ticket_parts = record_table(
    "ticket_parts",
    generated_id(),
    reference("ticket_id", "tickets.id", index=True),
    reference("part_id", "parts.id", index=True),
    text("sku"),
    text("name"),
    number("quantity"),
    number("unit_price"),
    *_priced(),
    CheckConstraint("quantity > 0", name="quantity_range"),
    CheckConstraint("unit_price >= 0", name="unit_price_range"),
)

ticket_labor = record_table(
    "ticket_labor",
    generated_id(),
    reference("ticket_id", "tickets.id", index=True),
    reference("mechanic_id", "mechanics.id", nullable=True, index=True),
    text("description"),
    number("hours"),
    number("rate"),
    *_priced(),
    CheckConstraint("hours > 0", name="hours_range"),
    CheckConstraint("rate >= 0", name="rate_range"),
)

ticket_charges = record_table(
    "ticket_charges",
    generated_id(),
    reference("ticket_id", "tickets.id", index=True),
    Column("kind", one_of(LineKind, "kind"), nullable=False),
    text("description"),
    number("quantity"),
    number("unit_price"),
    *_priced(),
    CheckConstraint("quantity <> 0", name="quantity_range"),
    CheckConstraint("unit_price >= 0", name="unit_price_range"),
)

ticket_history = record_table(
    "ticket_history",
    generated_id(),
    reference("ticket_id", "tickets.id"),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    Column("event", one_of(HistoryEvent, "event"), nullable=False),
    text("from_", nullable=True),
    text("to", nullable=True),
    text("note", nullable=True),
    Index(None, "ticket_id", "id"),
)
"""Append-only, enforced by triggers. The actor has no foreign key: an operator at the command line
has no row."""
