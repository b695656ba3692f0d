"""Customers without a login, and without an e-mail address."""

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import in_batches, is_postgres, separately

revision = "0017"
down_revision = "0016"

WITHOUT_LOGIN = """
UPDATE customers SET has_login = false WHERE id > :after AND id <= :upto AND has_login
AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.customer_id = customers.id)
"""
PLACEHOLDER = "UPDATE customers SET email = 'none-' || id || '@none.invalid' WHERE email IS NULL"


def upgrade() -> None:
    """Allow customers without an e-mail address, and note who has a login.

    The release before adds only customers with a login: that is the default.
    """
    separately(_change_columns)
    in_batches("customers", "id", 0, WITHOUT_LOGIN)


def _change_columns() -> None:
    column = sa.Column("has_login", sa.Boolean, nullable=False, server_default=sa.true())
    op.add_column("customers", column, if_not_exists=is_postgres() or None)
    _set_email_type("TEXT NOT NULL", "TEXT", nullable=True)


def downgrade() -> None:
    """Drop the column; customers without an e-mail address get one that nobody has."""
    op.drop_column("customers", "has_login")
    op.execute(PLACEHOLDER)
    _set_email_type("TEXT", "TEXT NOT NULL", nullable=False)


def _set_email_type(old: str, new: str, *, nullable: bool) -> None:
    """Change whether the column is nullable; *old* and *new* are its types in SQLite.

    SQLite has no ALTER for that: the text of its schema is changed, as its documentation
    recommends for it (https://www.sqlite.org/lang_altertable.html).
    """
    if is_postgres():
        op.alter_column("customers", "email", nullable=nullable)
        return
    op.execute("PRAGMA writable_schema = ON")
    op.execute(
        f"UPDATE sqlite_master SET sql = replace(sql, 'email {old},', 'email {new},')"  # noqa: S608 - our own names
        " WHERE type = 'table' AND name = 'customers'"
    )
    op.execute("PRAGMA writable_schema = RESET")
