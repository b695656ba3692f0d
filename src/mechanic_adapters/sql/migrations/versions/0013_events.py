"""Events, written with each change, and the counter of their positions."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
EPOCH = "1970-01-01 00:00:00.000000+00:00"


def upgrade() -> None:
    """Create the tables, and the time of the last change of mechanics.

    It is unknown for those that exist, and 1970 stands for it.
    """
    op.create_table(
        "events",
        sa.Column("number", ID, sa.Identity(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("type", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("by_role", sa.Text, nullable=False),
        sa.Column("by_id", sa.BigInteger),
        sa.Column("changes", sa.Text, nullable=False),
    )
    _index("ix_events_position", ["position"], "position IS NOT NULL", unique=True)
    _index("ix_events_type_position", ["type", "position"], "position IS NOT NULL")
    _index("ix_events_unnumbered", ["number"], "position IS NULL")
    positions = op.create_table(
        "event_positions",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.execute(positions.insert().values(id=1, last=0))
    op.add_column(
        "mechanics",
        sa.Column("updated_at", MOMENT, nullable=False, server_default=EPOCH),
    )


def downgrade() -> None:
    """Drop the tables and the column."""
    op.drop_column("mechanics", "updated_at")
    op.drop_table("event_positions")
    op.drop_table("events")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "events",
        columns,
        unique=unique,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )
