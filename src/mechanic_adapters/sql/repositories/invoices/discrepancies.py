"""Balances of tickets and states of invoices that differ from documents and payments."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from attrs import evolve
from sqlalchemy import BigInteger, cast, func, select, union

from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.record_text import UNREADABLE
from mechanic_adapters.sql.engine.row_mapping import RECORD_ID, field_columns, record_maker
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.unchanged_records import LIMIT
from mechanic_adapters.sql.repositories.invoices.alterations import (
    WrongDocument,
    altered_documents,
)
from mechanic_adapters.sql.repositories.invoices.credit_notes import SqlCreditNotes
from mechanic_adapters.sql.repositories.invoices.invoices import read_invoices, state_values
from mechanic_adapters.sql.schema.invoices.invoices import (
    credit_notes,
    invoice_states,
    invoices,
    ticket_balances,
)
from mechanic_adapters.sql.schema.invoices.payments import payments, refunds
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.invoices.allocation import as_documented, balance_of
from mechanic_core.invoices.balance import NO_BALANCE, Balance
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.money import Money, money_to_decimal
from mechanic_core.tickets.ticket import TicketId

_IDS: Final = "ids"
_with_money = union(
    *(select(t.c.ticket_id.label("id")) for t in (ticket_balances, invoices, payments))
).subquery()
_NEXT = (
    select(tickets.c.id, tickets.c.customer_id)
    .where(tickets.c.id > RECORD_ID, tickets.c.id.in_(select(_with_money.c.id)))
    .order_by(tickets.c.id)
    .limit(LIMIT)
)
_INVOICES = (
    select(invoices.c.ticket_id, invoices.c.id, invoices.c.number)
    .where(id_in(invoices.c.ticket_id, _IDS))
    .order_by(invoices.c.ticket_id, invoices.c.id)
)
_STATES = select(invoice_states).where(id_in(invoice_states.c.invoice_id, _IDS))
_NOTE_TOTALS = select(credit_notes.c.id, credit_notes.c.total).where(
    id_in(credit_notes.c.invoice_id, _IDS)
)
_BALANCES = select(ticket_balances.c.ticket_id, *field_columns(ticket_balances, Balance)).where(
    id_in(ticket_balances.c.ticket_id, _IDS)
)
_make_balance = record_maker(Balance)
_PAID = (
    select(payments.c.ticket_id, cast(func.sum(payments.c.amount), BigInteger))
    .where(id_in(payments.c.ticket_id, _IDS))
    .group_by(payments.c.ticket_id)
)
_REFUNDED = (
    select(payments.c.ticket_id, cast(func.sum(refunds.c.amount), BigInteger))
    .join_from(payments, refunds, refunds.c.payment_id == payments.c.id)
    .where(id_in(payments.c.ticket_id, _IDS))
    .group_by(payments.c.ticket_id)
)


def wrong_documents(executor: Executor) -> Iterator[WrongDocument]:
    """Yield what is wrong with documents and their series, then with states and balances."""
    yield from altered_documents(executor)
    yield from _wrong_balances(executor)


def _wrong_balances(executor: Executor) -> Iterator[WrongDocument]:
    """Yield what differs from documents and payments, reading a batch of tickets at a time."""
    after = 0
    while rows := executor.all(_NEXT, {"record_id": after}):
        yield from _wrong_in(executor, rows)
        after = rows[-1][0]


def _wrong_in(executor: Executor, rows: Sequence[Row]) -> Iterator[WrongDocument]:
    owners = {TicketId(row[0]): CustomerId(row[1]) for row in rows}
    of_tickets = {_IDS: sorted(owners)}
    numbers = executor.all(_INVOICES, of_tickets)
    of_invoices = {_IDS: sorted(row[1] for row in numbers)}
    try:
        found = {one.id: one for one in read_invoices(executor, of_invoices[_IDS])}
        notes = SqlCreditNotes(executor).of_all(of_invoices[_IDS])
        states = {row[0]: row for row in executor.all(_STATES, of_invoices)}
    except UNREADABLE:
        if len(rows) > 1:
            for row in rows:
                yield from _wrong_in(executor, [row])
        else:
            yield WrongDocument(
                f"ticket {rows[0][0]}", "its invoices or their states cannot be read"
            )
        return
    totals = {row[0]: row[1] for row in executor.all(_NOTE_TOTALS, of_invoices)}
    paid, refunded = (dict(map(tuple, executor.all(one, of_tickets))) for one in (_PAID, _REFUNDED))
    balances = {row[0]: _make_balance(row[1:]) for row in executor.all(_BALANCES, of_tickets)}
    issued = {one: list(group) for one, group in groupby(numbers, key=lambda row: row[0])}
    for ticket_id, customer_id in owners.items():
        received = Money(paid.get(ticket_id, 0) - refunded.get(ticket_id, 0))
        theirs = [found[row[1]] for row in issued.get(ticket_id, ()) if row[1] in found]
        expected = as_documented(theirs, notes, received)
        for _, invoice_id, number in issued.get(ticket_id, ()):
            one = next((one for one in expected if one.id == invoice_id), None)
            yield from _wrong_state(number, one, customer_id, states.get(invoice_id))
            yield from _wrong_totals(notes.get(invoice_id, ()), totals)
        yield from _wrong_balance(
            ticket_id, balances.get(ticket_id, NO_BALANCE), balance_of(expected, received)
        )


def _wrong_state(
    number: str, expected: Invoice | None, customer_id: CustomerId, row: Row | None
) -> Iterator[WrongDocument]:
    """Yield the columns of the state of an invoice that are not what they must be."""
    if expected is None or row is None:
        yield WrongDocument(number, "has no state")
        return
    values = state_values(evolve(expected, customer_id=customer_id))
    names = [column.name for column in invoice_states.c]
    wrong = [name for name, one in zip(names, row, strict=True) if values[name] != one]
    if wrong:
        fault = f"its state is not what documents and payments say: {', '.join(wrong)}"
        yield WrongDocument(number, fault)


def _wrong_totals(
    notes: Sequence[CreditNote], totals: Mapping[int, int]
) -> Iterator[WrongDocument]:
    for note in notes:
        if totals.get(note.id) != note.totals.total:
            yield WrongDocument(note.number, "its total is not that of its lines")


def _wrong_balance(ticket_id: int, stored: Balance, expected: Balance) -> Iterator[WrongDocument]:
    if stored == expected:
        return
    kept, found = (
        f"{money_to_decimal(one.invoiced)} invoiced, {money_to_decimal(one.received)} received"
        for one in (stored, expected)
    )
    fault = f"{kept} stored; documents and payments: {found}"
    if kept == found:
        fault = f"invoice {stored.invoice_id} stored as open; it is {expected.invoice_id}"
    yield WrongDocument(f"ticket {ticket_id}", fault)
