"""Reading service tickets: each comes with everything on it, in one statement."""

import functools
from typing import Any

from attrs import evolve
from sqlalchemy import BigInteger, Date, FromClause, Select, bindparam, or_, select

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.counters.worked_tickets import COUNTS
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.rows import columns_of, gathered_rows, maker
from mechanic_adapters.sql.engine.sql_functions import gathered
from mechanic_adapters.sql.queries.keyset_pagination import Listing
from mechanic_adapters.sql.queries.ticket_periods import PRESENT, by_stretches
from mechanic_adapters.sql.repositories.mechanics import all_shared
from mechanic_adapters.sql.repositories.record_table import THE_ID
from mechanic_adapters.sql.repositories.ticket_lines import LABOR_LINES, PART_LINES
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_adapters.sql.schema.tickets import ticket_mechanics, tickets
from mechanic_adapters.sql.schema.vehicles import vehicles
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket, TicketVehicle
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, WORKFLOW, Status

_make_ticket = maker(Ticket)
_make_vehicle = maker(TicketVehicle)
_make_mechanic = maker(AssignedMechanic)


def _dressed(header: FromClause) -> Select[Any]:
    """Return the tickets of *header* with vehicle, mechanics and lines."""
    c = header.c
    name = select(mechanics.c.name).where(mechanics.c.id == ticket_mechanics.c.mechanic_id)
    staff = select(gathered(ticket_mechanics.c.mechanic_id, name.scalar_subquery()))
    staff = staff.where(ticket_mechanics.c.ticket_id == c.id)
    vehicle = columns_of(vehicles, TicketVehicle)
    told = (c.service_date, c.description, c.status)
    lines = (PART_LINES.of(c.id), LABOR_LINES.of(c.id))
    kept = (c.created_at, c.updated_at, c.removed_at, c.version)
    found = select(c.id, c.customer_id, *vehicle, *told, staff.scalar_subquery(), *lines, *kept)
    return found.select_from(header.outerjoin(vehicles, vehicles.c.id == c.vehicle_id))


def ticket_of(row: Row) -> Ticket:
    """Return the ticket that a row of `_dressed` holds."""
    vehicle = None if row[2] is None else _make_vehicle(row[2:8])
    staff = tuple(map(_make_mechanic, gathered_rows(row[11])))
    lines = (PART_LINES.read(row[12]), LABOR_LINES.read(row[13]))
    return _make_ticket((*row[:2], vehicle, *row[8:11], staff, *lines, *row[14:]))


KEPT = _dressed(tickets).where(tickets.c.id == THE_ID)
"""One ticket, struck out or not."""

ONE = KEPT.where(PRESENT)

_locked = (
    select(tickets)
    .where(tickets.c.id == THE_ID, PRESENT)
    .with_for_update(key_share=True)
    .cte("locked")
)
_seen = select(tickets.c.version).where(tickets.c.id == _locked.c.id).scalar_subquery()

HELD = _dressed(_locked).add_columns(_seen)
"""One ticket, its row locked, and the version that the statement saw when it began.

PostgreSQL waits for the lock and then gives the row as it is by then, but everything around it
as it was before: if the two versions differ, what is on the ticket must be read again.
"""

HELD_WITH = HELD.add_columns(all_shared(_locked.c.id))
"""The same, and mechanics who may be put on it or taken off.

They are locked after the ticket, as whoever adds a line to it does: the other way round two
could wait for each other.
"""

UNFINISHED = (
    select(tickets.c.id)
    .where(
        tickets.c.customer_id == THE_ID,
        PRESENT,
        or_(*(tickets.c.status == status for status in sorted(EDITABLE_STATUSES))),
    )
    .order_by(tickets.c.id)
)

_HEADER = (
    *("id", "customer_id", "vehicle_id", "service_date", "description", "status"),
    *("created_at", "updated_at", "removed_at", "version"),
)
_COLUMNS = [tickets.c[name] for name in _HEADER]

_WANTED = {
    "status": tickets.c.status == bindparam("status", type_=tickets.c.status.type),
    "customer_id": tickets.c.customer_id == bindparam("customer_id", type_=BigInteger),
    "vehicle_id": tickets.c.vehicle_id == bindparam("vehicle_id", type_=BigInteger),
    "mechanic_id": ticket_mechanics.c.mechanic_id == bindparam("mechanic_id", type_=BigInteger),
    "since": tickets.c.service_date >= bindparam("since", type_=Date),
    "until": tickets.c.service_date <= bindparam("until", type_=Date),
}
_PERIOD = frozenset({"since", "until"})
_OWNERS = frozenset({"customer_id", "vehicle_id", "mechanic_id"})
_SETTLED = frozenset(Status) - {move.start for move in WORKFLOW}
"""Where nearly all tickets end; those on their way are few, and found by their status."""


def asked(wanted: TicketFilter) -> dict[str, Any]:
    """Return the parameters of a filter, without those that are not given."""
    given: dict[str, object | None] = {
        "status": wanted.status,
        "customer_id": wanted.customer_id,
        "vehicle_id": wanted.vehicle_id,
        "mechanic_id": wanted.mechanic_id,
        "since": wanted.period.since,
        "until": wanted.period.until,
    }
    return {name: value for name, value in given.items() if value is not None}


def best_by_stretches(wanted: TicketFilter) -> bool:
    """Return whether nothing but its period makes the list short."""
    given = asked(wanted).keys()
    busy = wanted.status is not None and wanted.status not in _SETTLED
    return not given.isdisjoint(_PERIOD) and given.isdisjoint(_OWNERS) and not busy


@functools.cache
def listing(given: frozenset[str], *, worked: bool, newest_first: bool, stretched: bool) -> Listing:
    """Return the list of the tickets that agree with what is *given*."""
    rows, key = select(*_COLUMNS), tickets.c.id
    if "mechanic_id" in given:  # by their own index, which is in the order of the tickets
        rows, key = rows.join(ticket_mechanics), ticket_mechanics.c.ticket_id
    counts = COUNTS if worked else ()
    wanted = {name: _WANTED[name] for name in sorted(given)}
    found = Listing(
        rows=rows.where(PRESENT, *wanted.values(), *counts),
        key=key,
        newest_first=newest_first,
        dressed=_dressed,
        anew=not given.isdisjoint({"status", *_PERIOD}),
        total=None if given or worked else total_of(tickets),
    )
    if not stretched:
        return found
    others = [rule for name, rule in wanted.items() if name not in _PERIOD]
    return evolve(found, cut=by_stretches(_COLUMNS, [*others, *counts]), anew=False)
