"""Stored answers as opaque bytes, with an index of the customers they are about.

The former table stays, empty: the previous release still uses it. A later migration drops it.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import insert  # SQLite understands its ON CONFLICT too

from mechanic_adapters.sql.migrations.operations import is_postgres, repeatedly

revision = "0007"
down_revision = "0006"

KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

BATCH = 500

SENDER = re.compile(r"customer:(\d+) ")
REGISTRATION = re.compile(r"/customers/(\d+)$")


def upgrade() -> None:
    """Create the tables and move the answers of the last day there."""
    if not sa.inspect(op.get_bind()).has_table("stored_answers"):  # of an interrupted try
        op.create_table("stored_answers", *_answer_columns())
        _create_customers()
    since: Any = datetime.now(UTC) - timedelta(days=1)
    if not is_postgres():
        since = since.isoformat(" ", "microseconds")
    repeatedly(partial(_move, since))


def _move(since: Any) -> int:
    """Move some hundred receipts, but not those from before *since*; return their number."""
    bind = op.get_bind()
    receipts = sa.table("receipts", *_receipt_columns())
    answers = sa.table("stored_answers", *_answer_columns())
    customers = sa.table("stored_answer_customers", sa.column("customer_id"), sa.column("key"))
    moved = bind.execute(sa.select(receipts).limit(BATCH).with_for_update()).fetchall()
    for old in moved:
        if old.at < since:
            continue
        headers, body = json.loads(old.headers), None if old.body is None else old.body.decode()
        content = json.dumps({"status": old.status, "headers": headers, "body": body}).encode()
        answer = {"key": old.key, "fingerprint": old.fingerprint, "at": old.at, "content": content}
        # The previous release may have stored another answer after the first was moved.
        if bind.execute(insert(answers).values(answer).on_conflict_do_nothing()).rowcount:
            for customer_id in {*_customers_in(old.key, headers, body)}:
                op.execute(customers.insert().values(customer_id=customer_id, key=old.key))
    if moved:
        op.execute(receipts.delete().where(receipts.c.key.in_([old.key for old in moved])))
    return len(moved)


def downgrade() -> None:
    """Move the answers back, without the customers: patterns in the text find them again."""
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


def _create_customers() -> None:
    op.create_table(
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
