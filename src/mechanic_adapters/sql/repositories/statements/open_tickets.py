"""The tickets on which something was due or a deposit, in SQL."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Date, bindparam, cast, func, select, union

from mechanic_adapters.sql.engine.compiled_statements import NO_PREPARE, Row
from mechanic_adapters.sql.engine.sql_functions import selected_id
from mechanic_adapters.sql.schema.customers import customers
from mechanic_adapters.sql.schema.invoices.invoices import (
    credit_notes,
    invoice_states,
    ticket_balances,
)
from mechanic_adapters.sql.schema.invoices.payments import payments, refunds
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.statements.receivables import OpenInvoice, OpenTicket

_state, _note = invoice_states.c, credit_notes.c
_payment, _refund = payments.c, refunds.c
_AS_OF: Final = bindparam("as_of", type_=Date)
_balance = ticket_balances.c
_candidates = union(
    select(_balance.ticket_id).where(_balance.invoiced != _balance.received),
    select(_state.ticket_id).where(_state.issued_on > _AS_OF),
    select(_note.ticket_id).where(_note.issued_on > _AS_OF),
    select(_payment.ticket_id).where(_payment.received_on > _AS_OF),
    select(_payment.ticket_id)
    .join_from(refunds, payments, _payment.id == _refund.payment_id)
    .where(_refund.received_on > _AS_OF),
)
"""The tickets that are not settled now, or were changed since: all others were settled that day."""


def _sum_of(amount: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(amount), 0), BigInteger)


_credited = select(_sum_of(_note.total)).where(
    _note.invoice_id == _state.invoice_id, _note.issued_on <= _AS_OF
)
_paid = select(_sum_of(_payment.amount)).where(
    _payment.ticket_id == tickets.c.id, _payment.received_on <= _AS_OF
)
_refunded = (
    select(_sum_of(_refund.amount))
    .join_from(payments, refunds, _refund.payment_id == _payment.id)
    .where(_payment.ticket_id == tickets.c.id, _refund.received_on <= _AS_OF)
)
_is_issued = (_state.ticket_id == tickets.c.id) & (_state.issued_on <= _AS_OF)
OPEN_TICKETS = (
    select(
        tickets.c.id,
        tickets.c.customer_id,
        customers.c.name,
        _paid.scalar_subquery() - _refunded.scalar_subquery(),
        _state.due_date,
        _state.total - _credited.scalar_subquery(),
    )
    .join_from(tickets, customers, customers.c.id == tickets.c.customer_id)
    .outerjoin(invoice_states, _is_issued)
    .where(selected_id(tickets.c.id, _candidates))
    .order_by(tickets.c.id, _state.invoice_id)
    .execution_options(**{NO_PREPARE: True})
)
"""A row for each invoice of each ticket, by ticket; one row of a ticket without invoices."""


def read_open_ticket(rows: Sequence[Row]) -> OpenTicket:
    """Return the ticket in *rows*, one for each of its invoices, or one for none."""
    _, customer_id, name, received, *_ = rows[0]
    return OpenTicket(
        customer_id=customer_id,
        name=name,
        invoices=tuple(
            OpenInvoice(due_date=due_date, outstanding=outstanding)
            for *_, due_date, outstanding in rows
            if due_date is not None
        ),
        received=received,
    )
