"""Counters of worked tickets for whole years: the leaderboard of many years sums few."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SPANS = ("ever", "year", "month", "day")
COLUMNS = "span, start, mechanic_id, tickets"
CHECK = "ck_mechanic_tallies_span"


def upgrade() -> None:
    """Allow counters of years, and sum the months into them."""
    _allow(*SPANS)
    is_postgres = op.get_context().dialect.name == "postgresql"
    year = "date_trunc('year', start)::date" if is_postgres else "date(start, 'start of year')"
    op.execute(
        f"INSERT INTO mechanic_tallies ({COLUMNS})"  # noqa: S608 - our own names
        f" SELECT 'year', {year}, mechanic_id, sum(tickets) FROM mechanic_tallies"
        " WHERE span = 'month' GROUP BY 2, 3 ORDER BY 2, 3"
    )


def downgrade() -> None:
    """Delete the counters of years."""
    op.execute("DELETE FROM mechanic_tallies WHERE span = 'year'")
    _allow(*(span for span in SPANS if span != "year"))


def _allow(*spans: str) -> None:
    """Limit the counters to these spans."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("LOCK TABLE mechanic_tallies IN SHARE ROW EXCLUSIVE MODE")
        op.drop_constraint(CHECK, "mechanic_tallies")
        listed = ", ".join(f"'{span}'" for span in spans)
        op.create_check_constraint(op.f(CHECK), "mechanic_tallies", f"span IN ({listed})")
        return
    # SQLite can't change a constraint: recreate the table, with the same DDL as the other tables.
    op.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM mechanic_tallies")
    op.drop_table("mechanic_tallies")
    op.create_table(
        "mechanic_tallies",
        sa.Column("span", _one_of("span", *spans), primary_key=True),
        sa.Column("start", sa.Date, primary_key=True),
        sa.Column(
            "mechanic_id",
            sa.BigInteger,
            sa.ForeignKey("mechanics.id"),
            primary_key=True,
            index=True,
        ),
        sa.Column("tickets", sa.BigInteger, nullable=False),
    )
    op.execute(f"INSERT INTO mechanic_tallies ({COLUMNS}) SELECT {COLUMNS} FROM kept")  # noqa: S608 - our own names
    op.execute("DROP TABLE kept")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)
