"""SELECTs of service tickets, each with everything on it in one statement."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from attrs import evolve
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    TextClause,
    bindparam,
    literal_column,
    select,
)

from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.counters.worked_tickets import IS_WORKED
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.record_text import text_reader
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    field_columns,
    field_names,
    json_reader,
    record_maker,
)
from mechanic_adapters.sql.engine.sql_functions import id_in, json_group
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery, without_none
from mechanic_adapters.sql.queries.mechanics import lock_shared_after
from mechanic_adapters.sql.queries.pages_by_month import DatedRows
from mechanic_adapters.sql.queries.ticket_lines import (
    read_charges,
    read_jobs,
    read_labor,
    read_parts,
    read_totals,
    select_items,
)
from mechanic_adapters.sql.schema.mechanics import mechanics
from mechanic_adapters.sql.schema.tickets import (
    IS_NOT_FINAL,
    IS_UNFINISHED,
    ticket_jobs,
    ticket_mechanics,
    ticket_parts,
    tickets,
)
from mechanic_core.inventory.part import MAX_NAMED_TICKETS
from mechanic_core.pricing.discounts import TicketDiscount
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.assigned_mechanic import AssignedMechanic
from mechanic_core.tickets.bounds import MAX_UNFINISHED
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.work import jobs_of_former_release
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, FINAL_STATUSES

PresentRules: TypeAlias = Callable[[], PricingRules]

NOT_REMOVED = tickets.c.removed_at.is_(None)
_DATED: Final = DatedRows(
    tickets.c.id,
    tickets.c.service_date,
    tickets.c.service_month,
    lambda table: (table.c.removed_at.is_(None),),
)

_make_ticket, _make_vehicle = record_maker(Ticket), record_maker(TicketVehicle)
_read_staff = json_reader(AssignedMechanic, {"active": bool})
_read_discounts = text_reader(tuple[TicketDiscount, ...])
_read_rules = text_reader(PricingRules)


def _join(header: FromClause) -> Select[Any]:
    """Return the tickets of *header* with mechanics and lines."""
    c = header.c
    staff = select(json_group(*field_columns(mechanics, AssignedMechanic))).join_from(
        ticket_mechanics, mechanics
    )
    return select(
        *(c.id, c.customer_id),
        *(c[f"vehicle_{name}"] for name in field_names(TicketVehicle)),
        *(c.service_date, c.description, c.status),
        staff.where(ticket_mechanics.c.ticket_id == c.id).scalar_subquery(),
        *select_items(c.id),
        *(c.discounts, c.totals, c.rules),
        *(c.created_at, c.updated_at, c.removed_at, c.version, c.priced_version),
    ).select_from(header)


def version_of(row: Row) -> int:
    """Return the version of the ticket in a row of `_join`."""
    version: int = row[23]
    return version


def read_stored(row: Row) -> Ticket:
    """Return the ticket in a row of `_join` as it is stored."""
    vehicle = None if row[2] is None else _make_vehicle(row[2:9])
    staff, jobs = _read_staff(row[12]), read_jobs(row[13])
    lines = read_parts(row[14]), read_labor(row[15]), read_charges(row[16])
    discounts, totals = _read_discounts(row[17]), read_totals(row[18])
    rules = None if row[19] is None else _read_rules(row[19])
    return _make_ticket(
        (*row[:2], vehicle, *row[9:12], staff, jobs, *lines, discounts, totals, rules, *row[20:24])
    )


def read_ticket(row: Row, present_rules: PresentRules) -> tuple[Ticket, Ticket]:
    """Return the ticket in a row of `_join` as it is stored, and as it is.

    They differ where the previous release has changed it since it was priced: it is priced anew,
    and what is authorized counts as changed since.
    *present_rules* is called for that, unless it is finished: that release knows no rules.
    """
    stored = read_stored(row)
    return stored, stored if row[24] == stored.version else _priced_anew(stored, present_rules)


def read_tickets(rows: Iterable[Row], present_rules: PresentRules) -> list[Ticket]:
    """Return the tickets in *rows* of `_join`; see `read_ticket`."""
    return [read_ticket(row, present_rules)[1] for row in rows]


def _priced_anew(ticket: Ticket, present_rules: PresentRules) -> Ticket:
    if ticket.status in EDITABLE_STATUSES:
        return priced(evolve(ticket, jobs=jobs_of_former_release(ticket.jobs)), present_rules())
    return priced(ticket, PricingRules())


STORED = _join(tickets).where(tickets.c.id == RECORD_ID)
"""One ticket, removed or not."""

GET = STORED.where(NOT_REMOVED)

GET_ALL = _join(tickets).where(id_in(tickets.c.id, "ids"), NOT_REMOVED)

_locked = (
    select(tickets)
    .where(tickets.c.id == RECORD_ID, NOT_REMOVED)
    .with_for_update(key_share=True)
    .cte("locked")
)
_snapshot_version = select(tickets.c.version).where(tickets.c.id == _locked.c.id).scalar_subquery()

LOCK = _join(_locked).add_columns(_snapshot_version)
"""One ticket with its row locked, and the version in the statement's snapshot.

PostgreSQL waits for the lock and then returns the row as it is by then, but everything joined to
it as of the snapshot: if the two versions differ, the ticket must be read again.
"""

LOCK_WITH_MECHANICS = LOCK.add_columns(lock_shared_after(_locked.c.id))
"""The same, and mechanics to assign or remove.

They are locked after the ticket, like in a transaction that adds a line: the other order could
deadlock with it.
"""

LOCK_ALL = (
    select(tickets.c.id)
    .where(tickets.c.customer_id == RECORD_ID)
    .order_by(tickets.c.id)
    .with_for_update(key_share=True)
)
"""All tickets of a customer locked by id, removed ones too."""

ALL_UNFINISHED = select(tickets.c.id).where(NOT_REMOVED, IS_UNFINISHED).order_by(tickets.c.id)

BATCH: Final = 200
"""How many tickets are read at a time by what goes through all."""

_next = select(tickets).where(
    tickets.c.id > RECORD_ID, NOT_REMOVED, tickets.c.priced_version == tickets.c.version
)
_next_batch = _next.order_by(tickets.c.id).limit(literal_column(str(BATCH))).subquery("batch")
NEXT_PRICED = _join(_next_batch).order_by(_next_batch.c.id)
"""The first tickets with a greater id whose price is stored for their present version."""

VEHICLE_OF_JOB = (
    select(tickets.c.vehicle_id)
    .join_from(tickets, ticket_jobs, ticket_jobs.c.ticket_id == tickets.c.id)
    .where(ticket_jobs.c.id == RECORD_ID, NOT_REMOVED)
)

UNFINISHED = (
    select(tickets.c.id)
    .where(
        tickets.c.customer_id == RECORD_ID,
        NOT_REMOVED,
        IS_UNFINISHED,
    )
    .order_by(tickets.c.id)
    .limit(literal_column(str(MAX_UNFINISHED)))
)
"""An index of the unfinished tickets alone serves it: few, however many a customer ever had."""


def _with_part(status: TextClause) -> Select[Any]:
    """Return the oldest tickets with a line of the part in `RECORD_ID`."""
    of_part = select(ticket_parts.c.ticket_id).where(ticket_parts.c.part_id == RECORD_ID)
    found = select(tickets.c.id).where(tickets.c.id.in_(of_part), NOT_REMOVED, status)
    return found.order_by(tickets.c.id).limit(literal_column(str(MAX_NAMED_TICKETS)))


RESERVING = _with_part(IS_UNFINISHED)
USING = _with_part(IS_NOT_FINAL)

_HEADER = [column for column in tickets.c if column.name != "service_month"]
_FILTERS = {
    "status": tickets.c.status == bindparam("status", type_=tickets.c.status.type),
    "customer_id": tickets.c.customer_id == bindparam("customer_id", type_=BigInteger),
    "vehicle_id": tickets.c.vehicle_id == bindparam("vehicle_id", type_=BigInteger),
    "mechanic_id": ticket_mechanics.c.mechanic_id == bindparam("mechanic_id", type_=BigInteger),
    "since": tickets.c.service_date >= bindparam("since", type_=Date),
    "until": tickets.c.service_date <= bindparam("until", type_=Date),
}
_PERIOD = frozenset({"since", "until"})
_OWNERS = frozenset({"customer_id", "vehicle_id", "mechanic_id"})


def filter_parameters(wanted: TicketFilter) -> dict[str, Any]:
    """Return the parameters of a filter, without those that are None."""
    period = wanted.period
    values: dict[str, object | None] = {
        "status": wanted.status,
        "customer_id": wanted.customer_id,
        "vehicle_id": wanted.vehicle_id,
        "mechanic_id": wanted.mechanic_id,
        "since": period.since,
        "until": period.until,
    }
    return without_none(values)


def is_selective_by_period(wanted: TicketFilter, parameters: dict[str, Any]) -> bool:
    """Return whether the period alone makes the list short, so that `page_by_month` is faster."""
    names = parameters.keys()
    is_active = wanted.status is not None and wanted.status not in FINAL_STATUSES
    return not names.isdisjoint(_PERIOD) and names.isdisjoint(_OWNERS) and not is_active


@functools.cache
def ticket_list(
    names: frozenset[str], *, worked: bool, newest_first: bool, by_month: bool
) -> PageQuery:
    """Return the list of the tickets that match the filters *names*."""
    rows, key = select(*_HEADER), tickets.c.id
    if "mechanic_id" in names:  # whose own index has the tickets in order
        rows, key = rows.join(ticket_mechanics), ticket_mechanics.c.ticket_id
    conditions: Sequence[ColumnElement[bool]] = IS_WORKED if worked else ()
    filters = {name: _FILTERS[name] for name in sorted(names)}
    query = PageQuery(
        rows=rows.where(NOT_REMOVED, *filters.values(), *conditions),
        key=key,
        newest_first=newest_first,
        join=_join,
        no_prepare=not names.isdisjoint({"status", *_PERIOD}),
        total=None if names or worked else total_of(tickets),
    )
    if not by_month:
        return query
    others = [condition for name, condition in filters.items() if name not in _PERIOD]
    by_months = _DATED.page_by_month(_HEADER, [*others, *conditions])
    return evolve(query, select_page=by_months, no_prepare=False)
