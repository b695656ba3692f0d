"""The kinds of entries that the history of tickets may have: a check that releases widen."""

import re
from functools import partial
from typing import Final

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

_CHECK: Final = "ck_ticket_history_event"
_APPEND_ONLY: Final = "TRIGGER ticket_history_is_append_only"
_VALIDATE: Final = f"ALTER TABLE ticket_history VALIDATE CONSTRAINT {_CHECK}"
_COLUMNS: Final = 'id, ticket_id, at, by_role, by_id, event, from_, "to", note'


def limit_events(events: tuple[str, ...]) -> None:
    """Limit the events of the history to these, while others read and write it."""
    if is_postgres():
        separately(partial(_limit, events))
        separately(partial(op.execute, _VALIDATE))
    else:
        _recreate(events)


def limit_former_events(events: tuple[str, ...]) -> None:
    """Limit the events to those of a former release; entries of other kinds become changes."""
    if is_postgres():
        op.execute(f"ALTER TABLE ticket_history DISABLE {_APPEND_ONLY}")
        op.execute(f"UPDATE ticket_history SET event = 'changed' WHERE event NOT IN {events}")  # noqa: S608 - our own names
        op.execute(f"ALTER TABLE ticket_history ENABLE {_APPEND_ONLY}")
        _limit(events)
        op.execute(_VALIDATE)
    else:
        _recreate(events)


def _limit(events: tuple[str, ...]) -> None:
    """Limit the events on PostgreSQL; those that are there are not checked yet."""
    op.execute(
        f"ALTER TABLE ticket_history DROP CONSTRAINT IF EXISTS {_CHECK},"
        f" ADD CONSTRAINT {_CHECK} CHECK (event IN {events}) NOT VALID"
    )


def _recreate(events: tuple[str, ...]) -> None:
    """Limit the events on SQLite, which can't change a constraint.

    The table is created anew with the same DDL, and so are its index and its triggers.
    """
    bind = op.get_bind()
    found = sa.text(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'ticket_history' AND sql IS NOT NULL"
    )
    ddl = [(row.type, row.sql) for row in bind.execute(found)]
    op.execute("CREATE TEMPORARY TABLE former AS SELECT * FROM ticket_history ORDER BY id")
    op.drop_table("ticket_history")
    (table,) = (sql for kind, sql in ddl if kind == "table")
    bind.exec_driver_sql(re.sub(r"\(event IN \([^)]*\)\)", f"(event IN {events})", table))
    values = _COLUMNS.replace("event", f"CASE WHEN event IN {events} THEN event ELSE 'changed' END")
    op.execute(f"INSERT INTO ticket_history ({_COLUMNS}) SELECT {values} FROM former")  # noqa: S608 - our own names
    op.execute("DROP TABLE former")
    for kind, sql in ddl:
        if kind != "table":
            bind.exec_driver_sql(sql)
