"""Invoices in SQL: the documents, and what becomes of each, in a table of its own."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import BigInteger, Date, Select, Subquery, bindparam, insert, select, update

from mechanic_adapters.sql.counters.calendar import month_parameters
from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_values,
    with_values,
)
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery, without_none
from mechanic_adapters.sql.queries.pages_by_month import DatedRows
from mechanic_adapters.sql.queries.person_names import columns_with_name, reader_with_name
from mechanic_adapters.sql.repositories.events import note_changes
from mechanic_adapters.sql.schema.invoices.invoices import invoice_states, invoices
from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.invoices.invoice import Invoice, InvoiceId, InvoiceNotFound, PaymentStatus
from mechanic_core.invoices.ports import InvoiceFilter, InvoiceLists, Invoices
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.ticket import TicketId

_NOUN: Final = "invoices"
_CHANGING: Final = ("customer_id", "credited", "paid", "fully_credited", "updated_at", "version")
_SAVED: Final = ("credited", "paid", "fully_credited", "payment_status", "updated_at", "version")
_state = invoice_states.c
_HEADER: Final = (_state.invoice_id.label("id"), *(_state[name] for name in _CHANGING))
_read = reader_with_name(Invoice)

_STATES = select(*_HEADER)
_OF_TICKET = _STATES.where(_state.ticket_id == RECORD_ID)

_ADD = insert(invoices).values(column_parameters(invoices)).returning(invoices.c.id)
_ADD_STATE = insert(invoice_states).values(column_parameters(invoice_states))
_parameters = column_parameters(invoice_states)
_SAVE = (
    update(invoice_states)
    .values({name: _parameters[name] for name in _SAVED})
    .where(
        _state.invoice_id == RECORD_ID,
        _state.version == bindparam("expected_version", type_=BigInteger),
    )
)
_REASSIGN = (
    update(invoice_states)
    .values(
        customer_id=bindparam("new_owner_id", type_=BigInteger),
        updated_at=bindparam("at", type_=MOMENT),
        version=_state.version + 1,
    )
    .where(_state.customer_id == bindparam("owner_id", type_=BigInteger))
    .returning(_state.invoice_id, _state.version)
)


def _join(page: Subquery) -> Select[Any]:
    """Return the invoices of a page of states, with the names of who issued them."""
    changing = {name: page.c[name] for name in _CHANGING}
    columns = columns_with_name(Invoice, {**invoices.c, **changing})
    return select(*columns).join_from(page, invoices, invoices.c.id == page.c.id)


def _all(states: Select[Any]) -> Select[Any]:
    found = states.subquery("found")
    return _join(found).order_by(found.c.id)


_GET_ALL = _all(_STATES.where(id_in(_state.invoice_id, "ids")))
_GET = _all(_STATES.where(_state.invoice_id == RECORD_ID))
_ALL_OF_TICKET = _all(_OF_TICKET)

_FILTERS: Final = {
    "customer_id": _state.customer_id == bindparam("customer_id", type_=BigInteger),
    "ticket_id": _state.ticket_id == bindparam("ticket_id", type_=BigInteger),
    "payment_status": _state.payment_status
    == bindparam("payment_status", type_=_state.payment_status.type),
    "since": _state.issued_on >= bindparam("since", type_=Date),
    "until": _state.issued_on <= bindparam("until", type_=Date),
}
_PERIOD: Final = frozenset({"since", "until"})
_SELECTIVE: Final = frozenset({"customer_id", "ticket_id"})
_DATED: Final = DatedRows(_state.invoice_id, _state.issued_on, _state.issued_month)


def _filter_parameters(wanted: InvoiceFilter) -> dict[str, Any]:
    """Return the parameters of a filter, without those that are None."""
    values: dict[str, object | None] = {
        "customer_id": wanted.customer_id,
        "ticket_id": wanted.ticket_id,
        "payment_status": wanted.payment_status,
        "since": wanted.period.since,
        "until": wanted.period.until,
    }
    return without_none(values)


def _is_long(wanted: InvoiceFilter, names: Collection[str]) -> bool:
    """Return whether the period alone makes the list short: nearly all invoices are paid."""
    is_most = wanted.payment_status in (None, PaymentStatus.PAID)
    return is_most and not _PERIOD.isdisjoint(names) and _SELECTIVE.isdisjoint(names)


@functools.cache
def _list(names: frozenset[str], *, newest_first: bool, by_month: bool) -> PageQuery:
    """Return the list of the invoices that match the filters *names*."""
    filters = {name: _FILTERS[name] for name in sorted(names)}
    query = PageQuery(
        rows=_STATES.where(*filters.values()),
        key=_state.invoice_id,
        newest_first=newest_first,
        join=_join,
        no_prepare=not names.isdisjoint({"payment_status", *_PERIOD}),
        total=None if names else total_of(invoices),
    )
    if not by_month:
        return query
    others = [condition for name, condition in filters.items() if name not in _PERIOD]
    return evolve(query, select_page=_DATED.page_by_month(_HEADER, others), no_prepare=False)


@final
@frozen
class SqlInvoices(Invoices, InvoiceLists):
    """The append-only table of invoices, and that of their states."""

    _executor: Executor

    def get(self, invoice_id: InvoiceId) -> Invoice:
        found = self._stored(invoice_id)
        if found is None:
            raise InvoiceNotFound
        return found

    def of_ticket(self, ticket_id: TicketId) -> Sequence[Invoice]:
        return list(_read(self._executor.all(_ALL_OF_TICKET, {"record_id": ticket_id})))

    def add(self, invoice: Invoice) -> Invoice:
        values = _values(invoice)
        rows = self._executor.write_returning(_NOUN, _ADD, values)
        new = with_values(invoice, id=InvoiceId(rows[0][0]))
        self._executor.write(_NOUN, _ADD_STATE, state_values(new))
        self._executor.note_event(Event.between(None, new, self._executor.actor))
        return self.get(new.id)

    def save(self, invoice: Invoice) -> Invoice:
        before = self._stored(invoice.id)
        if before is None or before.version != invoice.version:
            raise LostRace
        after = with_values(
            before,
            credited=invoice.credited,
            paid=invoice.paid,
            fully_credited=invoice.fully_credited,
            updated_at=invoice.updated_at,
            version=invoice.version + 1,
        )
        params = {
            **_values(after),
            "record_id": after.id,
            "expected_version": before.version,
        }
        if self._executor.write(_NOUN, _SAVE, params) != 1:
            raise LostRace
        self._executor.note_event(Event.between(before, after, self._executor.actor))
        return after

    def find(self, wanted: InvoiceFilter, page: PageRequest) -> Page[Invoice]:
        params = _filter_parameters(wanted)
        names = frozenset(params)
        by_month = self._executor.database.is_postgres and _is_long(wanted, names)
        if by_month:
            params |= month_parameters(wanted.period)
        query = _list(names, newest_first=wanted.newest_first, by_month=by_month)
        return query.fetch(self._executor, page, _read, params)

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        params = {"owner_id": former, "new_owner_id": owner, "at": at}
        rows = self._executor.write_returning(_NOUN, _REASSIGN, params)
        type_, kind = EventType.INVOICE_CHANGED, SubjectKind.INVOICE
        note_changes(self._executor, type_, kind, rows, at, ("customer_id",))

    def _stored(self, invoice_id: InvoiceId) -> Invoice | None:
        rows = self._executor.all(_GET, {"record_id": invoice_id})
        return next(_read(rows), None)


def _values(invoice: Invoice) -> Mapping[str, Any]:
    """Return the values of the columns of both tables but the ids."""
    return {
        **field_values(invoice, by=By),
        "total": invoice.totals.total,
        "payment_status": invoice.payment_status,
        "issued_month": invoice.issued_on.replace(day=1),
    }


def state_values(invoice: Invoice) -> Mapping[str, Any]:
    """Return what the state of *invoice* must be, by the names of the columns."""
    return {**_values(invoice), "invoice_id": invoice.id}


def read_invoices(executor: Executor, ids: Collection[int]) -> Iterable[Invoice]:
    """Return those of *ids* that exist."""
    return _read(executor.all(_GET_ALL, {"ids": sorted(ids)}))


SUBJECTS: Final = {SubjectKind.INVOICE: read_invoices}
