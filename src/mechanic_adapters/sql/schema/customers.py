"""The table of customers."""

from sqlalchemy import Boolean, Column, UniqueConstraint, true

from mechanic_adapters.sql.schema.columns import generated_id, key, moment, text, version
from mechanic_adapters.sql.schema.metadata import record_table, word_index
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
    text("name_words", nullable=True),
    text("contact_words", nullable=True),
    UniqueConstraint("email_key", info={"refusal": EmailTaken}),
)
"""Erased customers have no keys and words: no search finds them, and their email is free again.

*has_login* is true by default for the previous release, which knows no others. Only that release
reads *name_key* and searches *phone*.
"""

customer_words = word_index("customer_words", "customers")
