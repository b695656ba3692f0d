"""The entries of one customer's account in SQL."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID
from mechanic_adapters.sql.schema.invoices.invoices import credit_notes, invoice_states, invoices
from mechanic_adapters.sql.schema.invoices.payments import payments, refunds
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.events.event import SubjectKind, subject_path
from mechanic_core.money import Money
from mechanic_core.statements.statement import EntryKind, StatementEntry

_KINDS: Final = (
    (EntryKind.INVOICE, SubjectKind.INVOICE),
    (EntryKind.CREDIT_NOTE, SubjectKind.CREDIT_NOTE),
    (EntryKind.PAYMENT, SubjectKind.PAYMENT),
    (EntryKind.REFUND, SubjectKind.PAYMENT),
)
"""The kind of an entry and that of its subject, by the number of the kind in a statement."""

_OPENING: Final = -1
"""The number in place of a kind for the sum of what was before the period."""

_SINCE, _UNTIL = bindparam("since", type_=Date), bindparam("until", type_=Date)
_state, _note = invoice_states.c, credit_notes.c
_payment, _refund = payments.c, refunds.c


def _entries(  # noqa: PLR0913 - the columns of an entry
    kind: int,
    on: ColumnElement[date],
    at: ColumnElement[Any],
    ids: tuple[ColumnElement[int], ColumnElement[int]],
    number: ColumnElement[Any],
    amount: ColumnElement[int],
) -> Select[Any]:
    """Return the entries of a kind; *ids* are those of its subject and of what it is."""
    subject_id, own_id = ids
    return select(
        on.label("on"),
        at.label("at"),
        literal_column(str(kind), Integer).label("kind"),
        own_id.label("id"),
        subject_id.label("subject_id"),
        number.label("number"),
        amount.label("amount"),
    )


_NO_NUMBER: Final = cast(null(), Text)
_theirs = _state.customer_id == RECORD_ID
_theirs_to_pay = tickets.c.customer_id == RECORD_ID
_every = union_all(
    _entries(
        *(0, invoices.c.issued_on, invoices.c.issued_at, (invoices.c.id, invoices.c.id)),
        *(invoices.c.number, _state.total),
    )
    .join_from(invoice_states, invoices, invoices.c.id == _state.invoice_id)
    .where(_theirs),
    _entries(
        *(1, _note.issued_on, _note.issued_at, (_note.id, _note.id)), *(_note.number, -_note.total)
    )
    .join_from(invoice_states, credit_notes, _note.invoice_id == _state.invoice_id)
    .where(_theirs),
    _entries(
        *(2, _payment.received_on, _payment.at, (_payment.id, _payment.id)),
        *(_NO_NUMBER, -_payment.amount),
    )
    .join_from(tickets, payments, _payment.ticket_id == tickets.c.id)
    .where(_theirs_to_pay),
    _entries(
        *(3, _refund.received_on, _refund.at, (_payment.id, _refund.id)),
        *(_NO_NUMBER, _refund.amount),
    )
    .join_from(tickets, payments, _payment.ticket_id == tickets.c.id)
    .join(refunds, _refund.payment_id == _payment.id)
    .where(_theirs_to_pay),
).cte("entries")
_found = union_all(
    select(_every).where(_every.c.on >= _SINCE, _every.c.on <= _UNTIL),
    select(
        *(cast(null(), Date), cast(null(), MOMENT), literal_column(str(_OPENING), Integer)),
        *(null(), null(), _NO_NUMBER, cast(func.sum(_every.c.amount), BigInteger)),
    ).where(_every.c.on < _SINCE),
).subquery("found")
ENTRIES = select(_found).order_by(_found.c.on, _found.c.at, _found.c.kind, _found.c.id)
"""The entries of a customer in a period, and a row with the sum of those before it."""


def read_entries(rows: Iterable[Row]) -> tuple[Money, list[StatementEntry]]:
    """Return the sum of what was before the period, and the entries in *rows* of `ENTRIES`."""
    opening, entries = Money(0), []
    for row in rows:
        if row[2] == _OPENING:
            opening = Money(row[-1] or 0)
        else:
            entries.append(_entry(row))
    return opening, entries


def _entry(row: Row) -> StatementEntry:
    on, _, kind, _, subject_id, number, amount = row
    entry_kind, subject_kind = _KINDS[kind]
    return StatementEntry(
        on=on,
        kind=entry_kind,
        subject=subject_path(subject_kind, subject_id),
        number=number,
        amount=Money(amount),
    )
