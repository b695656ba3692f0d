"""Payments and refunds in SQL."""

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import (
    BigInteger,
    Date,
    Select,
    Subquery,
    Table,
    bindparam,
    cast,
    func,
    insert,
    select,
    union_all,
)

from mechanic_adapters.sql.counters.calendar import month_parameters
from mechanic_adapters.sql.counters.list_totals import total_of
from mechanic_adapters.sql.engine.compiled_statements import NO_PREPARE, Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_names,
    field_values,
    group_by,
    json_rows,
    moment_from_text,
    record_maker,
)
from mechanic_adapters.sql.engine.sql_functions import id_in, json_group
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery, without_none
from mechanic_adapters.sql.queries.pages_by_month import DatedRows
from mechanic_adapters.sql.queries.person_names import (
    columns_with_name,
    make_by,
    name_of,
    reader_with_name,
)
from mechanic_adapters.sql.schema.invoices.payments import payments, refunds
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.access import By, Role
from mechanic_core.events.event import Event, SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.payments.payment import (
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    Refund,
    RefundId,
    Takings,
)
from mechanic_core.payments.ports import PaymentFilter, PaymentLists, Payments
from mechanic_core.tickets.ticket import TicketId

_NOUN: Final = "payments"
_read_rows = reader_with_name(Payment)
_make_refund = record_maker(Refund)
_PAYMENTS = select(payments)
_OF_TICKET = _PAYMENTS.where(payments.c.ticket_id == RECORD_ID)
_ADD = insert(payments).values(column_parameters(payments)).returning(payments.c.id)
_ADD_REFUND = insert(refunds).values(column_parameters(refunds)).returning(refunds.c.id)
_COUNT = select(func.count()).select_from(payments).where(payments.c.ticket_id == RECORD_ID)
_REFUNDS_AT: Final = field_names(Payment).index("refunds") + 2  # *by* is three columns


def _join(page: Subquery) -> Select[Any]:
    """Return payments with their refunds, the customers of their tickets, and names."""
    c = refunds.c
    details = (c.id, c.amount, c.method, c.reason, c.received_on, c.at)
    by = (c.by_role, c.by_id, name_of(c.by_role, c.by_id))
    of_payment = select(json_group(*details, *by)).where(c.payment_id == page.c.id)
    others = {"customer_id": tickets.c.customer_id, "refunds": of_payment.scalar_subquery()}
    columns = columns_with_name(Payment, {**page.c, **others})
    return select(*columns).join_from(page, tickets, tickets.c.id == page.c.ticket_id)


def _read(rows: Iterable[Row]) -> Iterator[Payment]:
    """Return the payments in *rows* of `_join`."""
    return _read_rows(
        [
            (*row[:_REFUNDS_AT], _read_refunds(row[_REFUNDS_AT]), *row[_REFUNDS_AT + 1 :])
            for row in rows
        ]
    )


def _read_refunds(text: str | None) -> tuple[Refund, ...]:
    return tuple(
        _make_refund(
            (
                *(id_, amount, PaymentMethod(method), reason),
                *(date.fromisoformat(day), moment_from_text(at)),
                make_by((role and Role(role), by_id, name)),
            )
        )
        for id_, amount, method, reason, day, at, role, by_id, name in json_rows(text)
    )


def _all(rows: Select[Any]) -> Select[Any]:
    found = rows.subquery("found")
    return _join(found).order_by(found.c.ticket_id, found.c.id)


_GET = _all(_PAYMENTS.where(payments.c.id == RECORD_ID))
_GET_ALL = _all(_PAYMENTS.where(id_in(payments.c.id, "ids")))
_OF_ALL = _all(_PAYMENTS.where(id_in(payments.c.ticket_id, "ids")))
_OF = PageQuery(rows=_OF_TICKET, key=payments.c.id, join=_join)

_PERIOD: Final = frozenset({"since", "until"})
_DATED: Final = DatedRows(payments.c.id, payments.c.received_on, payments.c.received_month)


_METHOD: Final = bindparam("method", type_=payments.c.method.type)
_SINCE, _UNTIL = bindparam("since", type_=Date), bindparam("until", type_=Date)


def _filters(table: Table, names: Collection[str]) -> dict[str, Any]:
    """Return the conditions on payments or refunds, by their names."""
    every = {
        "method": table.c.method == _METHOD,
        "since": table.c.received_on >= _SINCE,
        "until": table.c.received_on <= _UNTIL,
    }
    return {name: every[name] for name in sorted(names)}


def _filter_parameters(wanted: PaymentFilter) -> dict[str, Any]:
    """Return the parameters of a filter, without those that are None."""
    values: dict[str, object | None] = {
        "method": wanted.method,
        "since": wanted.period.since,
        "until": wanted.period.until,
    }
    return without_none(values)


@functools.cache
def _list(names: frozenset[str], *, by_month: bool) -> PageQuery:
    """Return the list of the payments that match the filters *names*."""
    filters = _filters(payments, names)
    query = PageQuery(
        rows=_PAYMENTS.where(*filters.values()),
        key=payments.c.id,
        join=_join,
        no_prepare=bool(names),
        total=None if names else total_of(payments),
    )
    if not by_month:
        return query
    others = [condition for name, condition in filters.items() if name not in _PERIOD]
    select_page = _DATED.page_by_month([*payments.c], others)
    return evolve(query, select_page=select_page, no_prepare=False)


@functools.cache
def _takings(names: frozenset[str]) -> Select[Any]:
    moved = [
        select(table.c.method, (sign * table.c.amount).label("amount")).where(
            *_filters(table, names).values()
        )
        for table, sign in ((payments, 1), (refunds, -1))
    ]
    both = union_all(*moved).subquery("moved").c
    total = cast(func.sum(both.amount), BigInteger)
    statement = select(both.method, total).group_by(both.method)
    return statement.execution_options(**{NO_PREPARE: True})


@final
@frozen
class SqlPayments(Payments, PaymentLists):
    """The append-only tables of payments and refunds."""

    _executor: Executor

    def get(self, payment_id: PaymentId) -> Payment:
        for payment in _read(self._executor.all(_GET, {"record_id": payment_id})):
            return payment
        raise PaymentNotFound

    def add(self, payment: Payment) -> Payment:
        values = {
            **field_values(payment, by=By),
            "received_month": payment.received_on.replace(day=1),
        }
        rows = self._executor.write_returning(_NOUN, _ADD, values)
        new = evolve(payment, id=PaymentId(rows[0][0]))
        self._executor.note_event(Event.between(None, new, self._executor.actor))
        return self.get(new.id)

    def add_refund(self, payment: Payment) -> Payment:
        *former, last = payment.refunds
        values = {**field_values(last, by=By), "payment_id": payment.id}
        rows = self._executor.write_returning(_NOUN, _ADD_REFUND, values)
        before = evolve(payment, refunds=tuple(former))
        after = evolve(payment, refunds=(*former, evolve(last, id=RefundId(rows[0][0]))))
        self._executor.note_event(Event.between(before, after, self._executor.actor))
        return self.get(payment.id)

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Payment]:
        return _OF.fetch(self._executor, page, _read, {"record_id": ticket_id})

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Payment]]:
        rows = self._executor.all(_OF_ALL, {"ids": sorted(ticket_ids)})
        return group_by("ticket_id", _read(rows))

    def count(self, ticket_id: TicketId) -> int:
        row = self._executor.first(_COUNT, {"record_id": ticket_id})
        return row[0] if row else 0

    def find(self, wanted: PaymentFilter, page: PageRequest) -> Page[Payment]:
        params = _filter_parameters(wanted)
        names = frozenset(params)
        by_month = self._executor.database.is_postgres and not names.isdisjoint(_PERIOD)
        if by_month:
            params |= month_parameters(wanted.period)
        return _list(names, by_month=by_month).fetch(self._executor, page, _read, params)

    def takings(self, wanted: PaymentFilter) -> Takings:
        params = _filter_parameters(wanted)
        rows = self._executor.all(_takings(frozenset(params)), params)
        return {row[0]: row[1] for row in rows}


def read_payments(executor: Executor, ids: Collection[int]) -> Iterable[Payment]:
    """Return those of *ids* that exist."""
    return _read(executor.all(_GET_ALL, {"ids": sorted(ids)}))


SUBJECTS: Final = {SubjectKind.PAYMENT: read_payments}
