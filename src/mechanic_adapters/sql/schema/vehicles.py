"""The table of vehicles."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, UniqueConstraint

from mechanic_adapters.sql.schema.columns import generated_id, key, moment, reference, text, version
from mechanic_adapters.sql.schema.metadata import record_table, word_index
from mechanic_core.vehicles.vehicle import VinTaken

vehicles = record_table(
    "vehicles",
    generated_id(),
    reference("customer_id", "customers.id"),
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

vehicle_words = word_index("vehicle_words", "vehicles")
"""With the words of the owner's name."""
