"""The shop's profile, of which there is one, and its append-only history."""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
ROLES = ("customer", "mechanic", "manager")
FIRST = """
INSERT INTO shop_profile (id, name, time_zone, currency, updated_at, version)
VALUES (1, 'Mechanic Shop', 'UTC', 'USD', '1970-01-01 00:00:00.000000+00:00', 1)
"""


def upgrade() -> None:
    """Create the tables, with the profile of a new shop."""
    op.create_table(
        "shop_profile",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.execute(FIRST)
    op.create_table(
        "profile_history",
        sa.Column("id", ID, sa.Identity(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column(
            "by_role",
            sa.Enum(*ROLES, name="by_role", native_enum=False, create_constraint=True, length=20),
        ),
        sa.Column("by_id", sa.BigInteger, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    _guard("profile_history")


def downgrade() -> None:
    """Drop the tables, and with them their triggers."""
    op.drop_table("profile_history")
    op.drop_table("shop_profile")


def _guard(table: str) -> None:
    """Create triggers that refuse every change of *table* but an addition."""
    if is_postgres():
        for name, changes in (
            ("is_append_only", "UPDATE OR DELETE"),
            ("refuses_truncate", "TRUNCATE"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} BEFORE {changes} ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    known = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 - our own name
    for name, change in (
        ("update", "UPDATE ON {table}"),
        ("delete", "DELETE ON {table}"),
        ("replace", f"INSERT ON {{table}} {known}"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{name} BEFORE {change.format(table=table)} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )
