"""Totals of whole lists, updated by triggers.

On SQLite a later migration that recreates one of these tables must recreate its triggers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

GONE = {
    "customers": "erased_at",
    "parts": "archived_at",
    "tickets": "removed_at",
    "vehicles": None,
}
"""The column of each table whose value removes a row from the list, besides its deletion."""

# Each writer adds to a figure that no other transaction has locked, so that none waits.
KEEP = """
CREATE FUNCTION keep_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE list_totals SET total = total + TG_ARGV[0]::bigint WHERE id = (
        SELECT id FROM list_totals WHERE list = TG_TABLE_NAME LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO list_totals (list, total) VALUES (TG_TABLE_NAME, TG_ARGV[0]::bigint);
    END IF;
    RETURN NULL;
END $$
"""
FORGET = """
CREATE FUNCTION forget_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM list_totals WHERE list = TG_TABLE_NAME;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Create the table, count the existing rows, and create the triggers."""
    op.create_table(
        "list_totals",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("list", KEY, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    is_postgres = op.get_context().dialect.name == "postgresql"
    if is_postgres:
        op.execute(KEEP)
        op.execute(FORGET)
    for table, gone in GONE.items():
        if is_postgres:  # or rows that are added meanwhile would never be counted
            op.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        present = f" WHERE {gone} IS NULL" if gone else ""
        op.execute(
            "INSERT INTO list_totals (list, total)"  # noqa: S608 - our own names
            f" SELECT '{table}', count(*) FROM {table}{present}"
        )
        for name, when, if_so, more in _changes(gone):
            op.execute(_trigger(table, name, when, if_so, more))
        if is_postgres:
            op.execute(
                f"CREATE TRIGGER {table}_total_of_none AFTER TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION forget_total()"
            )


def downgrade() -> None:
    """Drop the table and the triggers."""
    is_postgres = op.get_context().dialect.name == "postgresql"
    for table, gone in GONE.items():
        for name, *_ in _changes(gone):
            op.execute(f"DROP TRIGGER {table}_{name}" + (f" ON {table}" if is_postgres else ""))
        if is_postgres:
            op.execute(f"DROP TRIGGER {table}_total_of_none ON {table}")
    if is_postgres:
        op.execute("DROP FUNCTION keep_total()")
        op.execute("DROP FUNCTION forget_total()")
    op.drop_table("list_totals")


def _changes(gone: str | None) -> list[tuple[str, str, str, int]]:
    """Return the triggers: name, event, condition, and the change of the total."""
    if gone is None:
        return [
            ("total_with_one_more", "INSERT", "true", 1),
            ("total_with_one_less", "DELETE", "true", -1),
        ]
    before, after = f"OLD.{gone} IS NULL", f"NEW.{gone} IS NULL"
    return [
        ("total_with_one_more", "INSERT", after, 1),
        ("total_with_one_less", "DELETE", before, -1),
        ("total_without_one_gone", f"UPDATE OF {gone}", f"{before} AND NOT {after}", -1),
        ("total_with_one_back", f"UPDATE OF {gone}", f"{after} AND NOT {before}", 1),
    ]


def _trigger(table: str, name: str, when: str, if_so: str, more: int) -> str:
    head = f"CREATE TRIGGER {table}_{name} AFTER {when} ON {table} FOR EACH ROW WHEN"
    if op.get_context().dialect.name == "postgresql":
        return f"{head} ({if_so}) EXECUTE FUNCTION keep_total('{more}')"
    return (
        f"{head} {if_so} BEGIN"  # noqa: S608 - our own names
        f" UPDATE list_totals SET total = total + {more} WHERE list = '{table}'; END"
    )
