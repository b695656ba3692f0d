"""Jobs and charges of tickets, discounts, and what is stored of prices.

Each existing ticket gets its first job, and its lines their place in it. Amounts are rounded half
away from zero from now on; without a profile a ticket's total is their sum, as it was.

The previous release, which may run until a deployment is complete, writes lines without a job.
Triggers find or make it; a later migration drops them. It also changes tickets without
*priced_version*: their price is computed when they are read, until this release saves them.
"""

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.history_events import limit_events, limit_former_events
from mechanic_adapters.sql.migrations.operations import in_batches, is_postgres, separately

revision = "0025"
down_revision = "0024"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

JOB_KINDS = ("repair", "maintenance", "diagnosis", "warranty")
JOB_STATUSES = ("proposed", "authorized")
CHARGE_KINDS = ("part", "labor", "fee", "sublet", "core", "supplies")
MAX_TITLE = 200
FORMER_EVENTS = (
    *("opened", "changed", "mechanics", "part_added", "part_changed", "part_removed"),
    *("labor_added", "labor_changed", "labor_removed", "transition", "removed"),
)
EVENTS = (
    *FORMER_EVENTS[:9],
    *("charge_added", "charge_changed", "charge_removed"),
    *("job_added", "job_changed", "job_removed", "discounts"),
    *FORMER_EVENTS[9:],
)

AMOUNTS = {"ticket_parts": "quantity * unit_price", "ticket_labor": "hours * rate"}
CLASSES = {"ticket_parts": "parts", "ticket_labor": "labor"}
OF_TICKET = {
    "totals": sa.Text,
    "rules": sa.Text,
    "priced_version": sa.BigInteger,
}
OF_LINE = {"job_id": sa.BigInteger, "tax_class": sa.Text, "discount": sa.Text, "net": sa.BigInteger}
FINISHED = "status IN ('completed', 'closed', 'cancelled')"
DEFAULT_RULES = (
    '{"tax_rates": [], "tax_rounding": "document", "prices_include_tax": false,'
    ' "supplies_fee": null}'
)

FIRST_JOB = "(SELECT min(j.id) FROM ticket_jobs AS j WHERE j.ticket_id = {ticket})"


def upgrade() -> None:
    """Create the tables, add the columns and the triggers, and price every ticket."""
    separately(_create_jobs)
    separately(_create_charges)
    separately(partial(_add_columns, "tickets", OF_TICKET))
    separately(_add_discounts)
    for table in AMOUNTS:
        separately(partial(_add_columns, table, OF_LINE))
        separately(partial(_create_trigger, table))
    in_batches("tickets", "id", 0, *_statements())
    limit_events(EVENTS)


def downgrade() -> None:
    """Drop the triggers, the columns and the tables: charges, jobs and discounts are lost.

    What the history says of them stays, as changes.
    """
    limit_former_events(FORMER_EVENTS)
    for table in AMOUNTS:
        op.execute(f"DROP TRIGGER {table}_get_a_job" + (f" ON {table}" if is_postgres() else ""))
        for column in OF_LINE:
            op.drop_column(table, column)
    if is_postgres():
        op.execute("DROP FUNCTION give_a_job()")
    for column in ("discounts", *OF_TICKET):
        op.drop_column("tickets", column)
    op.drop_table("ticket_charges")
    op.drop_table("ticket_jobs")


def _create_jobs() -> None:
    op.create_table(
        "ticket_jobs",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", _one_of("kind", *JOB_KINDS), nullable=False),
        sa.Column("status", _one_of("status", *JOB_STATUSES), nullable=False),
        sa.Column("changed_since_authorized", sa.Boolean, nullable=False),
        sa.Column("comes_back_from", sa.BigInteger),
        sa.Column("totals", sa.Text),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    op.create_index("ix_ticket_jobs_ticket_id", "ticket_jobs", ["ticket_id"], if_not_exists=True)


def _create_charges() -> None:
    op.create_table(
        "ticket_charges",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("ticket_id", sa.BigInteger, sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("kind", _one_of("kind", *CHARGE_KINDS), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit_price", sa.BigInteger, nullable=False),
        *(sa.Column(name, kind()) for name, kind in OF_LINE.items()),
        sa.CheckConstraint("quantity <> 0", name="quantity_range"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price_range"),
        sqlite_autoincrement=True,
        if_not_exists=is_postgres() or None,
    )
    op.create_index(
        "ix_ticket_charges_ticket_id", "ticket_charges", ["ticket_id"], if_not_exists=True
    )


def _add_columns(table: str, columns: dict[str, type[sa.types.TypeEngine[object]]]) -> None:
    for name, kind in columns.items():
        op.add_column(table, sa.Column(name, kind()), if_not_exists=is_postgres() or None)


def _add_discounts() -> None:
    column = sa.Column("discounts", sa.Text, nullable=False, server_default="[]")
    op.add_column("tickets", column, if_not_exists=is_postgres() or None)


def _title(row: str) -> str:
    """Return the SQL of the title of a ticket's first job: the first line of its description."""
    if is_postgres():
        return f"left(split_part({row}.description, E'\\n', 1), {MAX_TITLE})"
    line = f"substr({row}.description, 1, instr({row}.description || char(10), char(10)) - 1)"
    return f"substr({line}, 1, {MAX_TITLE})"


def _add_job(condition: str) -> str:
    """Return the statement that gives a first job to tickets *t* that have none."""
    return (
        "INSERT INTO ticket_jobs (ticket_id, title, kind, status, changed_since_authorized)"  # noqa: S608 - our own names
        f" SELECT t.id, {_title('t')}, 'repair', 'proposed', {_false()} FROM tickets AS t"
        f" WHERE {condition}"
        " AND NOT EXISTS (SELECT 1 FROM ticket_jobs AS j WHERE j.ticket_id = t.id)"
    )


def _false() -> str:
    return "false" if is_postgres() else "0"


def _create_trigger(table: str) -> None:
    """Create the trigger that gives lines a job which are written without one."""
    first_job, add_job = FIRST_JOB.format(ticket="NEW.ticket_id"), _add_job("t.id = NEW.ticket_id")
    head = f"TRIGGER {table}_get_a_job {{time}} INSERT ON {table} FOR EACH ROW WHEN (NEW.job_id IS NULL)"
    if is_postgres():
        op.execute(
            "CREATE OR REPLACE FUNCTION give_a_job() RETURNS trigger LANGUAGE plpgsql"
            f" SET search_path FROM CURRENT AS $$ BEGIN {add_job};"
            f" NEW.job_id := {first_job}; RETURN NEW; END $$"
        )
        before = head.format(time="BEFORE")
        op.execute(f"CREATE OR REPLACE {before} EXECUTE FUNCTION give_a_job()")
        return
    op.execute(
        f"CREATE {head.format(time='AFTER')} BEGIN {add_job};"  # noqa: S608 - our own names
        f" UPDATE {table} SET job_id = {first_job} WHERE id = NEW.id; END"
    )


def _statements() -> Iterator[str]:
    """Yield the statements that price the tickets of a batch that have no price yet."""
    unpriced = "id > :after AND id <= :upto AND priced_version IS NULL"
    tickets = f"SELECT id FROM tickets WHERE {unpriced}"  # noqa: S608 - our own names
    if is_postgres():
        yield f"{tickets} ORDER BY id FOR NO KEY UPDATE"
    yield _add_job("t.id > :after AND t.id <= :upto AND t.priced_version IS NULL")
    for table, amount in AMOUNTS.items():
        job = FIRST_JOB.format(ticket=f"{table}.ticket_id")
        yield (
            f"UPDATE {table} SET job_id = {job}, tax_class = '{CLASSES[table]}',"  # noqa: S608 - our own names
            f" net = ({amount} + 500) / 1000 WHERE ticket_id IN ({tickets})"
        )
    parts, labor = (
        f"(SELECT coalesce(sum(net), 0) FROM {table} WHERE ticket_id = {{ticket}})"  # noqa: S608 - our own names
        for table in AMOUNTS
    )
    totals = (
        f"'[' || {parts} || ',' || {labor} || ',0,0,0,' || ({parts} + {labor}) || ',0,'"
        f" || ({parts} + {labor}) || ']'"
    )
    of_job = totals.format(ticket="ticket_jobs.ticket_id")
    yield f"UPDATE ticket_jobs SET totals = {of_job} WHERE ticket_id IN ({tickets})"  # noqa: S608 - our own names
    yield (
        f"UPDATE tickets SET totals = {totals.format(ticket='tickets.id')},"  # noqa: S608 - our own names
        f" rules = CASE WHEN {FINISHED} THEN '{DEFAULT_RULES}' END, priced_version = version"
        f" WHERE {unpriced}"
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
