"""Stored answers as opaque bytes, with an index of the customers they are about.

The former table stays, empty: the previous release still uses it. A later migration drops it.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert  # SQLite understands its ON CONFLICT too

revision = "0007"
down_revision = "0006"

KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

SENDER = re.compile(r"customer:(\d+) ")
REGISTRATION = re.compile(r"/customers/(\d+)$")


def upgrade() -> None:
    """Create the tables and move the answers of the last day there."""
    _lock("receipts")
    since: Any = datetime.now(UTC) - timedelta(days=1)
    if op.get_context().dialect.name == "sqlite":
        since = since.isoformat(" ", "microseconds")
    answers = op.create_table("stored_answers", *_answer_columns())
    customers = _create_customers()
    receipts = sa.table("receipts", *_receipt_columns())
    for old in _rows(sa.select(receipts).where(receipts.c.at >= since)):
        headers, body = json.loads(old.headers), None if old.body is None else old.body.decode()
        content = json.dumps({"status": old.status, "headers": headers, "body": body}).encode()
        answer = {"key": old.key, "fingerprint": old.fingerprint, "at": old.at}
        op.execute(answers.insert().values(content=content, **answer))
        for customer_id in {*_customers_in(old.key, headers, body)}:
            op.execute(customers.insert().values(customer_id=customer_id, key=old.key))
    op.execute(receipts.delete())


def downgrade() -> None:
    """Move the answers back, without the customers: patterns in the text find them again."""
    _lock("stored_answers")
    receipts = sa.table("receipts", *_receipt_columns())
    answers = sa.table("stored_answers", *_answer_columns())
    for new in _rows(sa.select(answers)):
        first = json.loads(new.content)
        headers = json.dumps(first["headers"], separators=(",", ":"), ensure_ascii=False)
        body = None if first["body"] is None else first["body"].encode()
        answer = {"key": new.key, "fingerprint": new.fingerprint, "at": new.at}
        values = answer | {"status": first["status"], "headers": headers, "body": body}
        op.execute(insert(receipts).values(values).on_conflict_do_nothing())
    op.drop_table("stored_answer_customers")
    op.drop_table("stored_answers")


def _lock(table: str) -> None:
    """Lock *table* on PostgreSQL: an answer stored after the copy would be lost."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def _rows(query: sa.Select[Any]) -> sa.Result[Any]:
    """Return the rows of *query*, of which some hundred are in memory at once."""
    return op.get_bind().execute(query, execution_options={"yield_per": 500})


def _receipt_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("key", KEY, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("at", MOMENT, nullable=False, index=True),
    ]


def _answer_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("key", KEY, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("at", MOMENT, nullable=False, index=True),
    ]


def _create_customers() -> sa.Table:
    return op.create_table(
        "stored_answer_customers",
        sa.Column("customer_id", sa.BigInteger, primary_key=True),
        sa.Column(
            "key",
            KEY,
            sa.ForeignKey("stored_answers.key", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
    )


def _customers_in(key: str, headers: dict[str, str], body: str | None) -> Iterator[int]:
    """Yield the customers that an answer of the old form is about."""
    if sender := SENDER.match(key):
        yield int(sender[1])
    if registration := REGISTRATION.search(headers.get("Location", "")):
        yield int(registration[1])
    yield from _members(json.loads(body) if body else None)


def _members(tree: Any) -> Iterator[int]:
    """Yield every member `customer_id`, however deep."""
    if isinstance(tree, dict):
        if isinstance(customer_id := tree.get("customer_id"), int):
            yield customer_id
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            yield from _members(value)
