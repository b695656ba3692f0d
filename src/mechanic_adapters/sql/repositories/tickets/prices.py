"""The prices of all unfinished tickets, written anew when the shop's profile changes."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from sqlalchemy import text, update

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import json_text, values_text
from mechanic_adapters.sql.engine.sql_functions import rows_from_json
from mechanic_adapters.sql.queries.tickets import ALL_UNFINISHED, GET_ALL, read_ticket
from mechanic_adapters.sql.repositories.profile import SqlProfiles
from mechanic_adapters.sql.repositories.tickets.lines import rewrite_items
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.ticket import Ticket

_NOUN: Final = "tickets"

_BATCH: Final = 200

_EXCLUDE_WRITERS: Final = text("LOCK TABLE tickets IN EXCLUSIVE MODE")
"""Who has locked a ticket is waited for, and nobody locks one until the end: see `restamp`."""

_STAMPED: Final = (tickets.c.id, tickets.c.totals, tickets.c.priced_version)
_rows = rows_from_json(_STAMPED).subquery("stamped")
_STAMP: Final = (
    update(tickets)
    .values(totals=_rows.c.totals, priced_version=_rows.c.priced_version)
    .where(tickets.c.id == _rows.c.id)
)


def present_rules(executor: Executor) -> PricingRules:
    """Return the rules of the shop's profile."""
    return SqlProfiles(executor).get().pricing_rules


def restamp(executor: Executor, price: Callable[[Ticket], Ticket]) -> None:
    """Price every unfinished ticket anew with *price*, and store what differs.

    A ticket is priced under the rules that are read after it was locked. So no transaction may
    hold a ticket with the former rules while they change.
    """
    if executor.database.is_postgres:  # SQLite has one writer at a time
        executor.write(_NOUN, _EXCLUDE_WRITERS)
    ids = [row[0] for row in executor.all(ALL_UNFINISHED)]
    for start in range(0, len(ids), _BATCH):
        batch = {"ids": ids[start : start + _BATCH]}
        rules = partial(present_rules, executor)
        read = [read_ticket(row, rules) for row in executor.all(GET_ALL, batch)]
        _store(executor, [(stored, price(ticket)) for stored, ticket in read])


def _store(executor: Executor, priced: Iterable[tuple[Ticket, Ticket]]) -> None:
    changed = [(old, new) for old, new in priced if old != new]
    if not changed:
        return
    rewrite_items(executor, changed)
    rows = json_text((new.id, values_text(new.totals), new.version) for _, new in changed)
    executor.write(_NOUN, _STAMP, {"rows": rows})
    for _, new in changed:
        executor.locked.pop((_NOUN, new.id), None)
