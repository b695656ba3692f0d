"""The tables of counters: tickets worked by each mechanic, and rows of each list."""

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

Written with each change of a ticket, so that the cost of the leaderboard does not grow with the
number of tickets. *start* is the first day of the period that a row covers.
"""

list_totals = record_table("list_totals", generated_id(), key("list"), number("total"))
"""The number of rows in each list, as the sum of several figures per list."""
