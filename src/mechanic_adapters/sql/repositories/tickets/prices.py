"""The stored prices of all tickets: written anew when the profile changes, and checked."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import index
from typing import Final, final

from attrs import frozen
from sqlalchemy import text, update

from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.record_text import UNREADABLE
from mechanic_adapters.sql.engine.row_mapping import json_text, values_text
from mechanic_adapters.sql.engine.sql_functions import rows_from_json
from mechanic_adapters.sql.queries.tickets import (
    ALL_UNFINISHED,
    BATCH,
    GET_ALL,
    NEXT_PRICED,
    read_stored,
    read_ticket,
)
from mechanic_adapters.sql.repositories.profile import SqlProfiles
from mechanic_adapters.sql.repositories.tickets.lines import rewrite_items
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.errors import RuleBroken
from mechanic_core.events.event import changed_members
from mechanic_core.money import Money
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket

_NOUN: Final = "tickets"

_EXCLUDE_WRITERS: Final = text("LOCK TABLE tickets IN EXCLUSIVE MODE")
"""Who has locked a ticket is waited for, and nobody locks one until the end: see `restamp`."""

_STAMPED: Final = (tickets.c.id, tickets.c.totals, tickets.c.priced_version)
_rows = rows_from_json(_STAMPED).subquery("stamped")
_STAMP: Final = (
    update(tickets)
    .values(totals=_rows.c.totals, priced_version=_rows.c.priced_version)
    .where(tickets.c.id == _rows.c.id)
)


@final
@frozen
class WrongPrice:
    """A ticket whose stored price is not what the function returns for its lines and rules."""

    ticket_id: int
    members: tuple[str, ...]
    """The members that differ; none if the stored price cannot be read."""

    stored: Money | None = None
    computed: Money | None = None
    """Its totals."""


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
    for start in range(0, len(ids), BATCH):
        batch = {"ids": ids[start : start + BATCH]}
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


def wrong_prices(executor: Executor) -> Iterator[WrongPrice]:
    """Yield every ticket whose stored price is wrong, reading a batch at a time.

    Those that the former release has changed since are priced when they are read: they are left
    out.
    """
    after, profile = 0, SqlProfiles(executor).get()
    while rows := executor.all(NEXT_PRICED, {"record_id": after}):
        former, profile = profile, SqlProfiles(executor).get()
        if profile.version != former.version:
            continue  # some may be priced under the former rules, and some under these
        rules = profile.pricing_rules
        yield from filter(None, (_wrong_price(row, rules) for row in rows))
        after = rows[-1][0]


def _wrong_price(row: Row, rules: PricingRules) -> WrongPrice | None:
    try:
        stored = read_stored(row)
        computed = priced(stored, rules)
        members = changed_members(stored, computed)
        total = Money(index(stored.totals.total))
    except (*UNREADABLE, RuleBroken):
        return WrongPrice(row[0], ())
    if stored.rules != computed.rules:
        members = (*members, "rules")
    return WrongPrice(stored.id, members, total, computed.totals.total) if members else None
