"""The tables of accounts, sessions, their revocations and refresh tokens."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from mechanic_adapters.sql.engine.column_types import ID, KEY, one_of
from mechanic_adapters.sql.schema.columns import generated_id, key, moment, reference, text
from mechanic_adapters.sql.schema.metadata import METADATA, record_table
from mechanic_core.access import Role

_ONE_HOLDER = "(customer_id IS NULL) <> (mechanic_id IS NULL)"

accounts = record_table(
    "accounts",
    generated_id(),
    reference("customer_id", "customers.id", nullable=True),
    reference("mechanic_id", "mechanics.id", nullable=True),
    text("password_hash"),
    UniqueConstraint("customer_id"),
    UniqueConstraint("mechanic_id"),
    CheckConstraint(_ONE_HOLDER, name="one_holder"),
)

password_resets = record_table(
    "password_resets",
    generated_id(),
    reference("customer_id", "customers.id", nullable=True),
    reference("mechanic_id", "mechanics.id", nullable=True),
    text("nonce"),
    moment("expires_at", index=True),
    UniqueConstraint("customer_id"),
    UniqueConstraint("mechanic_id"),
    CheckConstraint(_ONE_HOLDER, name="one_holder"),
)
"""The links to choose a password with: what is here makes no token."""

sessions = Table(
    "sessions",
    METADATA,
    key("id", primary_key=True),
    Column("role", one_of(Role, "role"), nullable=False),
    reference("customer_id", "customers.id", nullable=True, index=True),
    reference("mechanic_id", "mechanics.id", nullable=True, index=True),
    moment("started_at"),
    moment("revoked_at", nullable=True),
    moment("wrote_at", nullable=True),
    CheckConstraint(_ONE_HOLDER, name="one_holder"),
)
Index(
    None,
    sessions.c.revoked_at,
    postgresql_where=sessions.c.revoked_at.is_not(None),
    sqlite_where=sessions.c.revoked_at.is_not(None),
)

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    key("digest", primary_key=True),
    Column(
        "session_id", KEY, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    moment("issued_at"),
    moment("expires_at", index=True),
    moment("used_at", nullable=True),
)

session_revocations = Table(
    "session_revocations",
    METADATA,
    Column("number", ID, Identity(), primary_key=True),
    Column(
        "session_id", KEY, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sqlite_autoincrement=True,
)
"""The revocations in the order in which they were written, numbered without any clock.

A trigger on `sessions` writes it.
"""

epochs = Table(
    "epochs",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    text("value"),
    CheckConstraint("id = 1", name="only_one"),
)
"""One row with a random value, which changes when a backup replaces the data."""
