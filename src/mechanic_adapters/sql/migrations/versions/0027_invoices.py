"""Invoices, credit notes, payments, refunds, the series of their numbers, and balances of tickets.

The previous release, which may run until a deployment is complete, knows none of them, nor the
blockers that they make: it can reopen a ticket that is invoiced by then.
"""

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.append_only import guard
from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0027"
down_revision = "0026"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
METHODS = ("cash", "card", "transfer", "check", "other")
STATUSES = ("unpaid", "partly_paid", "paid", "credited")
LISTED = ("invoices", "payments")
UNSETTLED = sa.text("invoiced != received")
REFER_TO_CUSTOMERS = """
ALTER TABLE invoice_states
DROP CONSTRAINT IF EXISTS fk_invoice_states_customer_id_customers,
ADD CONSTRAINT fk_invoice_states_customer_id_customers
FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID
"""
VALIDATE = """
ALTER TABLE invoice_states VALIDATE CONSTRAINT fk_invoice_states_customer_id_customers
"""


def upgrade() -> None:
    """Create the tables; each reference locks another table, by itself."""
    separately(_create_invoices)
    separately(_create_states)
    if is_postgres():
        separately(partial(op.execute, REFER_TO_CUSTOMERS))
        separately(partial(op.execute, VALIDATE))
    separately(_create_credit_notes)
    separately(_create_payments)
    separately(_create_refunds)
    separately(_create_series)
    separately(_create_balances)


def downgrade() -> None:
    """Drop the tables: all invoices, credit notes and payments are lost."""
    for table in ("ticket_balances", "number_series", "refunds", "payments"):
        op.drop_table(table)
    for table in ("credit_notes", "invoice_states", "invoices"):
        op.drop_table(table)
    for table in LISTED:
        op.execute(f"DELETE FROM list_totals WHERE list = '{table}'")  # noqa: S608 - our own names


def _create_invoices() -> None:
    _create(
        "invoices",
        *_numbered(),
        _reference("ticket_id", "tickets.id"),
        _text("customer"),
        _text("seller"),
        sa.Column("vehicle", sa.Text),
        sa.Column("odometer", sa.Integer),
        _day("service_date"),
        *(_text(name) for name in ("description", "jobs", "lines", "discounts", "tax", "totals")),
        _number("deposit"),
        _text("decisions"),
        _moment("issued_at"),
        _day("issued_on"),
        _day("due_date"),
        *_by(),
        sa.Column("previous", sa.Text),
        _text("digest"),
        sa.UniqueConstraint("series", "sequence"),
        sqlite_autoincrement=True,
    )
    guard("invoices", "series", "sequence")
    _count("invoices")


def _create_states() -> None:
    customer = () if is_postgres() else (sa.ForeignKey("customers.id"),)
    _create(
        "invoice_states",
        _reference("invoice_id", "invoices.id", primary_key=True, autoincrement=False),
        _number("ticket_id"),
        sa.Column("customer_id", sa.BigInteger, *customer, nullable=False),
        *(_number(name) for name in ("total", "credited", "paid")),
        sa.Column("fully_credited", sa.Boolean, nullable=False),
        sa.Column("payment_status", _one_of("payment_status", *STATUSES), nullable=False),
        *(_day(name) for name in ("issued_on", "issued_month", "due_date")),
        _moment("updated_at"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("credited >= 0 AND credited <= total", name="credited_range"),
        sa.CheckConstraint("paid >= 0 AND paid <= total - credited", name="paid_range"),
    )
    for name in ("customer_id", "ticket_id", "payment_status", "issued_on", "issued_month"):
        _create_index("invoice_states", name, "invoice_id")


def _create_credit_notes() -> None:
    _create(
        "credit_notes",
        *_numbered(),
        _reference("invoice_id", "invoices.id"),
        _text("invoice_number"),
        _number("ticket_id"),
        *(_text(name) for name in ("customer", "seller", "lines", "tax", "totals")),
        _number("total"),
        _text("reason"),
        _moment("issued_at"),
        _day("issued_on"),
        *_by(),
        sa.Column("previous", sa.Text),
        _text("digest"),
        sa.UniqueConstraint("series", "sequence"),
        sqlite_autoincrement=True,
    )
    _create_index("credit_notes", "issued_on")
    _create_index("credit_notes", "invoice_id", "id")
    guard("credit_notes", "series", "sequence")


def _create_payments() -> None:
    _create(
        "payments",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        _reference("ticket_id", "tickets.id"),
        _number("amount"),
        sa.Column("method", _one_of("method", *METHODS), nullable=False),
        _day("received_on"),
        _day("received_month"),
        sa.Column("reference", sa.Text),
        _moment("at"),
        *_by(),
        sa.CheckConstraint("amount > 0", name="amount_range"),
        sqlite_autoincrement=True,
    )
    for name in ("ticket_id", "method", "received_on", "received_month"):
        _create_index("payments", name, "id")
    guard("payments")
    _count("payments")


def _create_refunds() -> None:
    _create(
        "refunds",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        _reference("payment_id", "payments.id"),
        _number("amount"),
        sa.Column("method", _one_of("method", *METHODS), nullable=False),
        _text("reason"),
        _day("received_on"),
        _moment("at"),
        *_by(),
        sa.CheckConstraint("amount > 0", name="amount_range"),
        sqlite_autoincrement=True,
    )
    _create_index("refunds", "payment_id")
    _create_index("refunds", "received_on")
    guard("refunds")


def _create_series() -> None:
    _create(
        "number_series",
        sa.Column("prefix", KEY, primary_key=True),
        _number("last"),
        sa.Column("digest", sa.Text),
    )


def _create_balances() -> None:
    _create(
        "ticket_balances",
        _reference("ticket_id", "tickets.id", primary_key=True, autoincrement=False),
        _number("invoiced"),
        _number("received"),
        sa.Column("invoice_id", sa.BigInteger),
        sa.CheckConstraint("invoiced >= 0", name="invoiced_range"),
        sa.CheckConstraint("received >= 0", name="received_range"),
    )
    op.create_index(
        "ix_ticket_balances_unsettled",
        "ticket_balances",
        ["ticket_id"],
        postgresql_where=UNSETTLED,
        sqlite_where=UNSETTLED,
        if_not_exists=True,
    )


def _create(table: str, *items: sa.schema.SchemaItem, **options: Any) -> None:
    op.create_table(table, *items, if_not_exists=is_postgres() or None, **options)


def _create_index(table: str, *columns: str) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, [*columns], if_not_exists=True)


def _count(table: str) -> None:
    """Count the rows of a new append-only *table*, as `0022_hot_rows.py` does."""
    head = f"TRIGGER {table}_total_with_one_more AFTER INSERT ON {table} FOR EACH ROW"
    if is_postgres():
        op.execute(f"CREATE OR REPLACE {head} EXECUTE FUNCTION change_total('{table}', '1')")
        return
    op.execute(
        f"CREATE {head} BEGIN"  # noqa: S608 - our own names
        f" INSERT INTO list_totals (list, total) SELECT '{table}', 0"
        f" WHERE NOT EXISTS (SELECT 1 FROM list_totals WHERE list = '{table}');"
        f" UPDATE list_totals SET total = total + 1 WHERE list = '{table}'; END"
    )


def _numbered() -> tuple[sa.Column[Any], ...]:
    """Return the columns of the id, and of the number in a series."""
    return (
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        _text("number"),
        sa.Column("series", KEY, nullable=False),
        _number("sequence"),
    )


def _by() -> tuple[sa.Column[Any], ...]:
    return sa.Column("by_role", _one_of("by_role", *ROLES)), _number("by_id")


def _reference(name: str, target: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(target), nullable=False, **options)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _day(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date, nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=False)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
