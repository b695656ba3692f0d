"""The table of events, and the counter of their positions."""

from sqlalchemy import CheckConstraint, Column, Identity, Index, SmallInteger, Table

from mechanic_adapters.sql.engine.column_types import ID
from mechanic_adapters.sql.schema.columns import key, moment, number, text
from mechanic_adapters.sql.schema.metadata import METADATA
from mechanic_core.errors import LostRace

events = Table(
    "events",
    METADATA,
    Column("number", ID, Identity(), primary_key=True),
    text("id"),
    number("position", nullable=True),
    key("type"),
    moment("at"),
    text("kind"),
    number("subject_id"),
    number("version"),
    text("by_role"),
    number("by_id", nullable=True),
    text("changes"),
)
"""Events in the order of their writing, which is not that of their commits.

*position* is set after the commit. *changes* are names, separated by commas. Every write pays for
this table, so no constraint lists the values of *by_role*, which PostgreSQL would parse each time,
and SQLite counts no numbers, which order only events that have no position yet.
"""

_NUMBERED = events.c.position.is_not(None)
_UNNUMBERED = events.c.position.is_(None)

Index(
    "ix_events_position",
    events.c.position,
    unique=True,
    info={"refusal": LostRace},
    postgresql_where=_NUMBERED,
    sqlite_where=_NUMBERED,
)
Index(
    "ix_events_type_position",
    events.c.type,
    events.c.position,
    postgresql_where=_NUMBERED,
    sqlite_where=_NUMBERED,
)
Index(
    "ix_events_unnumbered", events.c.number, postgresql_where=_UNNUMBERED, sqlite_where=_UNNUMBERED
)
"""Partial, so that a writer adds to one index beside the primary key."""

event_positions = Table(
    "event_positions",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    number("last"),
    CheckConstraint("id = 1", name="only_one"),
)
"""The last position given, in one row; locking it serializes the numbering."""
