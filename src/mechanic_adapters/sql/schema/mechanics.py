"""The table of mechanics and managers."""

from sqlalchemy import Boolean, CheckConstraint, Column, UniqueConstraint

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import (
    EPOCH,
    generated_id,
    key,
    moment,
    number,
    text,
    version,
)
from mechanic_adapters.sql.schema.metadata import record_table, word_index
from mechanic_core.access import Role
from mechanic_core.customers.customer import EmailTaken

mechanics = record_table(
    "mechanics",
    generated_id(),
    key("name"),
    text("specialty", nullable=True),
    version(),
    text("email"),
    text("phone", nullable=True),
    number("salary", nullable=True),
    Column("role", one_of(Role, "role"), nullable=False),
    Column("active", Boolean, nullable=False),
    key("email_key"),
    moment("updated_at", server_default=EPOCH),
    text("words", nullable=True),
    UniqueConstraint("email_key", info={"refusal": EmailTaken}),
    CheckConstraint("salary >= 0", name="salary_range"),
    CheckConstraint(f"role <> '{Role.CUSTOMER.value}'", name="no_customer"),
)

mechanic_words = word_index("mechanic_words", "mechanics")
