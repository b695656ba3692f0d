"""The tables of parts and of their stock movements."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index

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
from mechanic_core.inventory.part import Kind, SkuTaken

parts = record_table(
    "parts",
    generated_id(),
    key("sku"),
    text("name"),
    text("description", nullable=True),
    number("price"),
    text("unit"),
    number("quantity"),
    number("reserved"),
    number("reorder_point"),
    moment("created_at"),
    moment("updated_at"),
    moment("archived_at", nullable=True),
    version(),
    key("name_key", index=True),
    key("sku_key"),
    text("words", nullable=True),
    Column("is_low", Boolean),
    CheckConstraint("price >= 0", name="price_range"),
    CheckConstraint("reorder_point >= 0", name="reorder_point_range"),
    CheckConstraint("reserved >= 0 AND reserved <= quantity", name="reserved_range"),
    postgresql_with={"fillfactor": 70},
)
"""A movement of stock changes no indexed column, unless *is_low* changes: on PostgreSQL the new
version of a row then needs no entry in any index, if its page has room for it.
"""
_on_sale = parts.c.archived_at.is_(None)
Index(
    "uq_parts_sku_key",
    parts.c.sku_key,
    unique=True,
    postgresql_where=_on_sale,
    sqlite_where=_on_sale,
    info={"refusal": SkuTaken},
)
_low = _on_sale & parts.c.is_low
Index("ix_parts_low", parts.c.id, postgresql_where=_low, sqlite_where=_low)
_archived = parts.c.archived_at.is_not(None)
Index("ix_parts_archived", parts.c.id, postgresql_where=_archived, sqlite_where=_archived)

part_words = word_index("part_words", "parts")

stock_movements = record_table(
    "stock_movements",
    generated_id(),
    reference("part_id", "parts.id"),
    Column("kind", one_of(Kind, "kind"), nullable=False),
    number("on_hand_change"),
    number("reserved_change"),
    number("on_hand_after"),
    number("reserved_after"),
    reference("ticket_id", "tickets.id", nullable=True),
    number("line_id", nullable=True),
    Column("by_role", one_of(Role, "by_role")),
    number("by_id"),
    text("note", nullable=True),
    moment("at"),
    CheckConstraint("reserved_after >= 0 AND reserved_after <= on_hand_after", name="after_range"),
    Index(None, "part_id", "id"),
)
"""Append-only, enforced by triggers. The line of a movement may have been deleted."""
_of_tickets = stock_movements.c.ticket_id.is_not(None)
Index(None, stock_movements.c.ticket_id, postgresql_where=_of_tickets, sqlite_where=_of_tickets)
