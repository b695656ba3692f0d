"""The tables of counters: tickets worked by each mechanic, and rows of each list.

A value is the sum of its rows. Writers only insert rows, and no two of them need the same one.
"""

from enum import StrEnum

from sqlalchemy import Column, Date, Index, Table

from mechanic_adapters.sql.engine.column_types import one_of
from mechanic_adapters.sql.schema.columns import generated_id, key, number, reference
from mechanic_adapters.sql.schema.metadata import METADATA, record_table


class Span(StrEnum):
    """The length of the period that a counter of worked tickets covers."""

    EVER = "ever"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


worked_tickets = Table(
    "mechanic_tallies",
    METADATA,
    Column("span", one_of(Span, "span"), primary_key=True),
    Column("start", Date, primary_key=True),
    reference("mechanic_id", "mechanics.id", primary_key=True),
    number("tickets"),
    Index(None, "mechanic_id"),
)
"""How many tickets each mechanic has worked on each day, in each month and year, and ever.

So the cost of the leaderboard does not grow with the number of tickets. *start* is the first day
of the period that a row covers.
"""

worked_ticket_changes = Table(
    "worked_ticket_changes",
    METADATA,
    generated_id(),
    number("mechanic_id"),
    Column("day", Date, nullable=False),
    number("tickets"),
)
"""By how much the tickets that a mechanic has worked on a day have changed, since the last fold.

Written with each change of a ticket. It has no foreign key: a check would lock the mechanic's row,
which others then write too.
"""

list_totals = record_table("list_totals", generated_id(), key("list"), number("total"))
"""The number of rows in each list: its changes, and a figure for those that were folded."""
