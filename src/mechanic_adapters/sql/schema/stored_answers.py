"""Tables of stored answers, and an index of the customers each answer is about."""

from sqlalchemy import Column, ForeignKey, LargeBinary, SmallInteger, Table

from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.schema.columns import key, moment, number, text
from mechanic_adapters.sql.schema.metadata import METADATA

stored_answers = Table(
    "stored_answers",
    METADATA,
    key("key", primary_key=True),
    text("fingerprint"),
    Column("content", LargeBinary, nullable=False),
    moment("at", index=True),
)

stored_answer_customers = Table(
    "stored_answer_customers",
    METADATA,
    number("customer_id", primary_key=True),
    Column(
        "key",
        KEY,
        ForeignKey("stored_answers.key", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)
"""The primary key finds the answers about a customer, the index the rows of a deleted answer.

A customer has no foreign key: it would lock a row of `customers` for each answer.
"""

receipts = Table(
    "receipts",
    METADATA,
    key("key", primary_key=True),
    text("fingerprint"),
    Column("status", SmallInteger, nullable=False),
    text("headers"),
    Column("body", LargeBinary),
    moment("at", index=True),
)
"""Stored answers of the previous release, which still adds some while a deployment replaces it.

Only the sweep uses this table. The migration of the next release drops it.
"""
