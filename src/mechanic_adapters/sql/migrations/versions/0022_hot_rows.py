"""Counters that writers only insert into, and parts whose stock changes without their indexes.

A row of `list_totals` is a change of a total, and one of `worked_ticket_changes` a change of the
tickets worked on a day: the application folds them. SQLite, which has one writer at a time, folds
the latter with a trigger, and updates the former as before.

The previous release, which may run until a deployment is complete, reads and writes
`mechanic_tallies` alone: it sees a change when it is folded, and on PostgreSQL a trigger folds what
is left when it writes. Another trigger writes *is_low* for it. A later migration drops both.

The triggers of totals get the name of the list: in a partition TG_TABLE_NAME is another one.
"""

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import (
    create_index,
    drop_index,
    in_batches,
    is_postgres,
    separately,
)

revision = "0022"
down_revision = "0021"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GONE = {
    "customers": "erased_at",
    "parts": "archived_at",
    "tickets": "removed_at",
    "vehicles": None,
}
"""The column of each table whose value removes a row from the list, besides its deletion."""

CHANGE_TOTAL = """
    INSERT INTO list_totals (list, total) VALUES (TG_ARGV[0], TG_ARGV[1]::bigint);
    RETURN NULL;
"""

# The table is locked, so the sum can't change, but its rows may be folded meanwhile.
EMPTY_TOTAL = """
    INSERT INTO list_totals (list, total)
    SELECT TG_ARGV[0], -coalesce(sum(total), 0) FROM list_totals WHERE list = TG_ARGV[0];
    RETURN NULL;
"""

FORMER_CHANGE = """
    UPDATE list_totals SET total = total + TG_ARGV[0]::bigint WHERE id = (
        SELECT id FROM list_totals WHERE list = TG_TABLE_NAME LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO list_totals (list, total) VALUES (TG_TABLE_NAME, TG_ARGV[0]::bigint);
    END IF;
    RETURN NULL;
"""
FORMER_EMPTY = """
    DELETE FROM list_totals WHERE list = TG_TABLE_NAME;
    RETURN NULL;
"""

FOLD = """
WITH gone AS (DELETE FROM worked_ticket_changes RETURNING mechanic_id, day, tickets)
INSERT INTO mechanic_tallies (span, start, mechanic_id, tickets)
SELECT span, start, mechanic_id, sum(tickets)
FROM gone CROSS JOIN LATERAL (
    VALUES ('ever', DATE '0001-01-01'), ('year', date_trunc('year', day)::date),
        ('month', date_trunc('month', day)::date), ('day', day)
) AS spans (span, start)
GROUP BY span, start, mechanic_id ORDER BY mechanic_id, span, start
ON CONFLICT (span, start, mechanic_id)
DO UPDATE SET tickets = mechanic_tallies.tickets + excluded.tickets
"""

# With the lock nobody else has changed a counter, and so nobody waits for a row of this
# transaction while it waits for one of theirs. Without it the changes are left to a later one.
FOLD_IF_ALONE = f"""
    IF EXISTS (SELECT FROM worked_ticket_changes) THEN
        LOCK mechanic_tallies IN SHARE ROW EXCLUSIVE MODE NOWAIT;
        {FOLD};
    END IF;
    RETURN NULL;
    EXCEPTION WHEN lock_not_available THEN RETURN NULL;
"""

FOLD_EACH = """
CREATE TRIGGER fold_worked_ticket_change AFTER INSERT ON worked_ticket_changes FOR EACH ROW BEGIN
    INSERT INTO mechanic_tallies (span, start, mechanic_id, tickets)
    SELECT span, start, NEW.mechanic_id, NEW.tickets FROM (
        SELECT 'ever' AS span, '0001-01-01' AS start
        UNION ALL SELECT 'year', date(NEW.day, 'start of year')
        UNION ALL SELECT 'month', date(NEW.day, 'start of month')
        UNION ALL SELECT 'day', NEW.day
    ) WHERE true
    ON CONFLICT (span, start, mechanic_id) DO UPDATE SET tickets = tickets + excluded.tickets;
    DELETE FROM worked_ticket_changes WHERE id = NEW.id;
END
"""

ON_SALE = "archived_at IS NULL"
IS_LOW = "quantity - reserved <= reorder_point"
NEW_IS_LOW = "(NEW.quantity - NEW.reserved <= NEW.reorder_point)"
FILL = f"UPDATE parts SET is_low = ({IS_LOW}) WHERE id > :after AND id <= :upto AND is_low IS NULL"  # noqa: S608 - our own names
STOCK_EVENTS = {"insert": "INSERT", "update": "UPDATE OF quantity, reserved, reorder_point"}


def upgrade() -> None:
    """Create the table of changes and the triggers; add, fill and index the column."""
    separately(_create_changes)
    if is_postgres():
        for table in GONE:
            separately(partial(_insert_changes, table))
        separately(_drop_former_functions)
    separately(_add_is_low)
    in_batches("parts", "id", 0, FILL)
    is_low = "is_low" if is_postgres() else "is_low = 1"
    create_index("ix_parts_low", "parts", ["id"], f"{ON_SALE} AND {is_low}")
    drop_index("ix_parts_low_stock")
    if is_postgres():
        separately(_leave_room_in_pages)


def downgrade() -> None:
    """Fold the changes, and restore the former triggers and the former index."""
    _drop_is_low()
    if is_postgres():
        op.execute("ALTER TABLE parts RESET (fillfactor)")
        op.execute("DROP TRIGGER fold_left_changes ON mechanic_tallies")
        op.execute("DROP FUNCTION fold_left_changes()")
        op.execute(FOLD)
        _create_function("keep_total", FORMER_CHANGE)
        _create_function("forget_total", FORMER_EMPTY)
        for table in GONE:
            for trigger, change in _triggers(table):
                function = f"keep_total('{change}')" if change else "forget_total()"
                op.execute(f"{trigger} EXECUTE FUNCTION {function}")
        op.execute("DROP FUNCTION change_total()")
        op.execute("DROP FUNCTION empty_total()")
    op.drop_table("worked_ticket_changes")


def _create_function(name: str, body: str) -> None:
    """Create the function of a trigger; who fires it may have another search path, as a host's."""
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path FROM CURRENT AS $$ BEGIN {body} END $$"
    )


def _create_changes() -> None:
    op.create_table(
        "worked_ticket_changes",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("mechanic_id", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("tickets", sa.BigInteger, nullable=False),
        if_not_exists=is_postgres() or None,
    )
    if not is_postgres():
        op.execute(FOLD_EACH)
        return
    _create_function("change_total", CHANGE_TOTAL)
    _create_function("empty_total", EMPTY_TOTAL)
    _create_function("fold_left_changes", FOLD_IF_ALONE)
    op.execute(
        "CREATE OR REPLACE TRIGGER fold_left_changes AFTER INSERT ON mechanic_tallies"
        " FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION fold_left_changes()"
    )


def _insert_changes(table: str) -> None:
    """Let the triggers of a table insert changes of its total."""
    for trigger, change in _triggers(table):
        function = f"change_total('{table}', '{change}')" if change else f"empty_total('{table}')"
        op.execute(f"{trigger} EXECUTE FUNCTION {function}")


def _triggers(table: str) -> Iterator[tuple[str, int]]:
    """Yield the triggers of the total of *table*, and the change that each makes; 0 for TRUNCATE."""
    gone = GONE[table]
    before, after = (f"{row}.{gone} IS NULL" if gone else "true" for row in ("OLD", "NEW"))
    changes = [("with_one_more", "INSERT", after, 1), ("with_one_less", "DELETE", before, -1)]
    if gone:
        left, back = f"{before} AND NOT {after}", f"{after} AND NOT {before}"
        changes.append(("without_one_gone", f"UPDATE OF {gone}", left, -1))
        changes.append(("with_one_back", f"UPDATE OF {gone}", back, 1))
    head = f"CREATE OR REPLACE TRIGGER {table}_total"
    for name, event, condition, change in changes:
        yield f"{head}_{name} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition})", change
    yield f"{head}_of_none AFTER TRUNCATE ON {table} FOR EACH STATEMENT", 0


def _drop_former_functions() -> None:
    for name in ("keep_total", "forget_total"):
        op.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _add_is_low() -> None:
    """Add the column, and triggers that write it where it is not what it should be."""
    column = sa.Column("is_low", sa.Boolean)
    op.add_column("parts", column, if_not_exists=is_postgres() or None)
    if is_postgres():
        _create_function("write_is_low", f"NEW.is_low := {NEW_IS_LOW}; RETURN NEW;")
    for name, event in STOCK_EVENTS.items():
        head = f"TRIGGER parts_is_low_{name}"
        if is_postgres():
            op.execute(
                f"CREATE OR REPLACE {head} BEFORE {event} ON parts FOR EACH ROW"
                f" WHEN (NEW.is_low IS DISTINCT FROM {NEW_IS_LOW}) EXECUTE FUNCTION write_is_low()"
            )
        else:
            op.execute(
                f"CREATE {head} AFTER {event} ON parts FOR EACH ROW"  # noqa: S608 - our own names
                f" WHEN NEW.is_low IS NOT {NEW_IS_LOW}"
                f" BEGIN UPDATE parts SET is_low = {NEW_IS_LOW} WHERE id = NEW.id; END"
            )


def _leave_room_in_pages() -> None:
    """Leave room in new pages for the next versions of their rows."""
    op.execute("ALTER TABLE parts SET (fillfactor = 70)")


def _drop_is_low() -> None:
    for name in STOCK_EVENTS:
        op.execute(f"DROP TRIGGER parts_is_low_{name}" + (" ON parts" * is_postgres()))
    if is_postgres():
        op.execute("DROP FUNCTION write_is_low()")
    op.drop_index("ix_parts_low")
    op.drop_column("parts", "is_low")
    op.execute(f"CREATE INDEX ix_parts_low_stock ON parts (id) WHERE {ON_SALE} AND {IS_LOW}")
