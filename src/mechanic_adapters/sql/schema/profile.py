"""The tables of the shop's profile: its one row, and its history."""

from sqlalchemy import CheckConstraint, Column, SmallInteger, Table

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import generated_id, moment, number, text, version
from mechanic_adapters.sql.schema.metadata import METADATA, record_table
from mechanic_core.access import Role

shop_profile = Table(
    "shop_profile",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    text("name"),
    text("address", nullable=True),
    text("phone", nullable=True),
    text("email", nullable=True),
    text("time_zone"),
    text("currency"),
    moment("updated_at"),
    version(),
    CheckConstraint("id = 1", name="only_one"),
)
"""Created by the migration, with the values of a new shop."""

profile_history = record_table(
    "profile_history",
    generated_id(),
    moment("at"),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("before"),
    text("after"),
)
"""Append-only, enforced by triggers. *before* and *after* are all values, as JSON objects."""
