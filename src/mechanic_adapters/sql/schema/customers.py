"""The table of customers."""

from sqlalchemy import Boolean, Column, UniqueConstraint, true

from mechanic_adapters.sql.schema.columns import generated_id, key, moment, text, version
from mechanic_adapters.sql.schema.metadata import record_table
from mechanic_core.customers.customer import EmailTaken

customers = record_table(
    "customers",
    generated_id(),
    text("name"),
    text("email", nullable=True),
    key("phone", nullable=True, index=True),
    text("address", nullable=True),
    moment("created_at"),
    moment("updated_at"),
    moment("erased_at", nullable=True),
    version(),
    key("name_key", nullable=True, index=True),
    key("email_key", nullable=True),
    Column("has_login", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("email_key", info={"refusal": EmailTaken}),
)
"""*has_login* is true by default for the release before, which knows no others.

Erased customers have no keys: no search finds them, and their email is free again."""
