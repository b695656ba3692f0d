"""The tables of vehicles and of their odometer readings."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, UniqueConstraint

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    generated_id,
    key,
    moment,
    number,
    reference,
    text,
    version,
)
from mechanic_adapters.sql.schema.metadata import record_table, word_index
from mechanic_core.access import Role
from mechanic_core.vehicles.odometer import ReadingSource
from mechanic_core.vehicles.vehicle import VinTaken

vehicles = record_table(
    "vehicles",
    generated_id(),
    reference("customer_id", "customers.id", nullable=True),
    text("vin", nullable=True),
    text("plate", nullable=True),
    text("make", nullable=True),
    text("model", nullable=True),
    Column("year", Integer),
    Column("odometer", Integer),
    moment("created_at"),
    moment("updated_at"),
    version(),
    key("vin_key", nullable=True),
    key("plate_key", nullable=True),
    text("plate_words", nullable=True),
    text("other_words", nullable=True),
    UniqueConstraint("vin_key", info={"refusal": VinTaken}),
    CheckConstraint("odometer >= 0", name="odometer_range"),
    Index(None, "customer_id", "id"),
    Index(None, "plate_key", "id"),
)
"""The vehicle of an erased customer has no owner."""

vehicle_words = word_index("vehicle_words", "vehicles")
"""With the words of the owner's name."""

odometer_readings = record_table(
    "odometer_readings",
    generated_id(),
    number("vehicle_id"),
    Column("value", Integer, nullable=False),
    Column("on", Date, nullable=False),
    Column("source", one_of(ReadingSource, "source"), nullable=False),
    number("ticket_id", nullable=True),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("note", nullable=True),
    CheckConstraint("value >= 0", name="value_range"),
    Index(None, "vehicle_id", "id"),
)
"""Append-only, enforced by triggers. The vehicle may have been deleted, so it is no foreign key;
nor is the ticket, which must not be locked for a reading."""
