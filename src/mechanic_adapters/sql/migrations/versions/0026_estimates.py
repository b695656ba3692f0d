"""Estimates, decisions of customers, links to estimates, and declined work.

The previous release, which may run until a deployment is complete, changes lines of authorized jobs
without saying so: such jobs count as changed since, by *priced_version* of their tickets.
"""

from functools import partial

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.append_only import guard
from mechanic_adapters.sql.migrations.history_events import limit_events, limit_former_events
from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0026"
down_revision = "0025"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
CHANNELS = ("in_person", "phone", "text", "email", "portal", "link")
FORMER_EVENTS = (
    *("opened", "changed", "mechanics", "part_added", "part_changed", "part_removed"),
    *("labor_added", "labor_changed", "labor_removed"),
    *("charge_added", "charge_changed", "charge_removed"),
    *("job_added", "job_changed", "job_removed", "discounts", "transition", "removed"),
)
EVENTS = (*FORMER_EVENTS[:-2], "estimated", "decided", "limited", *FORMER_EVENTS[-2:])
COLUMNS = (
    ("ticket_jobs", "authorized_in"),
    ("ticket_jobs", "recommendation_id"),
    ("outgoing_mails", "subject_id"),
)
REFER_TO_CUSTOMERS = """
ALTER TABLE {table}
DROP CONSTRAINT IF EXISTS fk_{table}_customer_id_customers,
ADD CONSTRAINT fk_{table}_customer_id_customers
FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID
"""
VALIDATE = """
ALTER TABLE {table} VALIDATE CONSTRAINT fk_{table}_customer_id_customers
"""


def upgrade() -> None:
    """Create the tables and add the columns; each reference locks another table, by itself."""
    separately(_create_estimates)
    separately(_create_states)
    separately(_create_decisions)
    separately(_create_links)
    separately(_create_recommendations)
    if is_postgres():
        for table in ("estimate_states", "recommendations"):
            for statement in (REFER_TO_CUSTOMERS, VALIDATE):
                separately(partial(op.execute, statement.format(table=table)))
    for table, name in COLUMNS:
        separately(partial(_add_column, table, name))
    limit_events(EVENTS)


def downgrade() -> None:
    """Drop the columns and the tables: estimates, decisions and recommendations are lost.

    What the history says of them stays, as changes.
    """
    limit_former_events(FORMER_EVENTS)
    for table, name in COLUMNS:
        op.drop_column(table, name)
    for table in ("recommendations", "approval_links", "decisions", "estimate_states", "estimates"):
        op.drop_table(table)


def _create_estimates() -> None:
    op.create_table(
        "estimates",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        _ticket(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("jobs", sa.Text, nullable=False),
        sa.Column("supplies", sa.Text),
        sa.Column("discounts", sa.Text, nullable=False),
        sa.Column("tax", sa.Text, nullable=False),
        sa.Column("totals", sa.Text, nullable=False),
        sa.Column("revised_total", sa.BigInteger, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("note", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("by_role", _one_of("by_role", *ROLES)),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("vehicle", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.UniqueConstraint("ticket_id", "number"),
        if_not_exists=is_postgres() or None,
    )
    guard("estimates", "ticket_id", "number")


def _create_states() -> None:
    op.create_table(
        "estimate_states",
        sa.Column(
            "estimate_id",
            sa.BigInteger,
            sa.ForeignKey("estimates.id"),
            primary_key=True,
            autoincrement=False,
        ),
        _customer(),
        sa.Column("answered", sa.Text, nullable=False),
        sa.Column("superseded_at", MOMENT),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        if_not_exists=is_postgres() or None,
    )
    _create_index("estimate_states", "customer_id", "estimate_id")


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        _ticket(),
        sa.Column("kind", _one_of("kind", "estimate", "limit"), nullable=False),
        sa.Column("estimate", sa.Integer),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("authorized_total", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("channel", _one_of("channel", *CHANNELS), nullable=False),
        sa.Column("contact", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_role", _one_of("by_role", *ROLES)),
        sa.Column("by_id", sa.BigInteger),
        sa.Column("previous", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    _create_index("decisions", "ticket_id", "id")
    guard("decisions")


def _create_links() -> None:
    op.create_table(
        "approval_links",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        _ticket(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.UniqueConstraint("ticket_id", "number"),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    _create_index("approval_links", "expires_at")


def _create_recommendations() -> None:
    op.create_table(
        "recommendations",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("vehicle_id", sa.BigInteger),
        _customer(),
        _ticket(),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("estimate", sa.Integer, nullable=False),
        sa.Column("times_offered", sa.Integer, nullable=False),
        sa.Column("status", _one_of("status", "open", "accepted", "dismissed"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    _create_index("recommendations", "customer_id", "id")
    _create_index("recommendations", "vehicle_id", "id")


def _ticket() -> sa.Column[int]:
    return sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False)


def _customer() -> sa.Column[int]:
    """Return the column that refers to a customer; on PostgreSQL without the reference yet."""
    target = () if is_postgres() else (sa.ForeignKey("customers.id"),)
    return sa.Column("customer_id", sa.BigInteger, *target, nullable=False)


def _create_index(table: str, *columns: str) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, [*columns], if_not_exists=True)


def _add_column(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.BigInteger), if_not_exists=is_postgres() or None)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
