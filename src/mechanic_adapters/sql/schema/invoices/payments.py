"""The tables of payments and refunds."""

from sqlalchemy import CheckConstraint, Column, Date, Index

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import generated_id, moment, number, reference, text
from mechanic_adapters.sql.schema.metadata import record_table
from mechanic_core.access import Role
from mechanic_core.payments.payment import PaymentMethod

payments = record_table(
    "payments",
    generated_id(),
    reference("ticket_id", "tickets.id"),
    number("amount"),
    Column("method", one_of(PaymentMethod, "method"), nullable=False),
    Column("received_on", Date, nullable=False),
    Column("received_month", Date, nullable=False),
    text("reference", nullable=True),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    CheckConstraint("amount > 0", name="amount_range"),
    Index(None, "ticket_id", "id"),
    Index(None, "method", "id"),
    Index(None, "received_on", "id"),
    Index(None, "received_month", "id"),
)
"""Append-only, enforced by triggers. The owner is that of the ticket.

*received_month* is the first day of the month of *received_on*, so that an index by month serves
lists of long periods.
"""

refunds = record_table(
    "refunds",
    generated_id(),
    reference("payment_id", "payments.id", index=True),
    number("amount"),
    Column("method", one_of(PaymentMethod, "method"), nullable=False),
    text("reason"),
    Column("received_on", Date, nullable=False, index=True),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    CheckConstraint("amount > 0", name="amount_range"),
)
"""Append-only, enforced by triggers."""
