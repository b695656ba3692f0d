"""Statements and open tickets in memory."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final, TypeAlias, final

from attrs import frozen

from mechanic_adapters.memory.repositories.billing.invoices import CREDIT_NOTES, INVOICES
from mechanic_adapters.memory.repositories.billing.payments import PAYMENTS
from mechanic_adapters.memory.repositories.customers import CUSTOMERS
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import Tables
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import SubjectKind, subject_path
from mechanic_core.money import Money
from mechanic_core.profile.calendar import Period
from mechanic_core.statements.ports import Statements
from mechanic_core.statements.receivables import OpenInvoice, OpenTicket
from mechanic_core.statements.statement import EntryKind, StatementEntry
from mechanic_core.tickets.ticket import TicketId

_Dated: TypeAlias = tuple[datetime, int, StatementEntry]
"""The moment at which an entry was entered, the id of what it is, and the entry."""

_ORDER: Final = tuple(EntryKind)


@final
@frozen
class MemoryStatements(Statements):
    """The entries of customers' accounts."""

    _tables: Tables

    def of(self, customer_id: CustomerId, period: Period) -> tuple[Money, Sequence[StatementEntry]]:
        dated = [*self._documents(customer_id), *self._money(customer_id)]
        dated.sort(key=lambda one: (one[2].on, one[0], _ORDER.index(one[2].kind), one[1]))
        entries, since = [entry for *_, entry in dated], period.since
        before = [one.amount for one in entries if since is not None and one.on < since]
        return Money(sum(before)), [one for one in entries if period.contains(one.on)]

    def _documents(self, customer_id: CustomerId) -> Iterator[_Dated]:
        theirs = set()
        for one in self._tables[INVOICES].all():
            if one.customer_id == customer_id:
                theirs.add(one.id)
                path, total = subject_path(SubjectKind.INVOICE, one.id), one.totals.total
                entry = _entry(one.issued_on, EntryKind.INVOICE, path, one.number, total)
                yield one.issued_at, one.id, entry
        for note in self._tables[CREDIT_NOTES].all():
            if note.invoice_id in theirs:
                path, amount = subject_path(SubjectKind.CREDIT_NOTE, note.id), -note.totals.total
                entry = _entry(note.issued_on, EntryKind.CREDIT_NOTE, path, note.number, amount)
                yield note.issued_at, note.id, entry

    def _money(self, customer_id: CustomerId) -> Iterator[_Dated]:
        theirs = {one.id for one in self._tables[TICKETS].all() if one.customer_id == customer_id}
        for one in self._tables[PAYMENTS].all():
            if one.ticket_id not in theirs:
                continue
            path = subject_path(SubjectKind.PAYMENT, one.id)
            entry = _entry(one.received_on, EntryKind.PAYMENT, path, None, -one.amount)
            yield one.at, one.id, entry
            for refund in one.refunds:
                entry = _entry(refund.received_on, EntryKind.REFUND, path, None, refund.amount)
                yield refund.at, refund.id, entry

    def open_tickets(self, as_of: date) -> Sequence[OpenTicket]:
        found = []
        for ticket in self._tables[TICKETS].all():
            customer = self._tables[CUSTOMERS].get(ticket.customer_id)
            invoices = tuple(self._invoices(ticket.id, as_of))
            received = self._received(ticket.id, as_of)
            if customer and (invoices or received):
                found.append(
                    OpenTicket(
                        customer_id=customer.id,
                        name=customer.name,
                        invoices=invoices,
                        received=received,
                    )
                )
        return found

    def _invoices(self, ticket_id: TicketId, as_of: date) -> Iterator[OpenInvoice]:
        notes = [one for one in self._tables[CREDIT_NOTES].all() if one.issued_on <= as_of]
        for one in self._tables[INVOICES].all():
            if one.ticket_id == ticket_id and one.issued_on <= as_of:
                credited = sum(note.totals.total for note in notes if note.invoice_id == one.id)
                yield OpenInvoice(due_date=one.due_date, outstanding=one.totals.total - credited)

    def _received(self, ticket_id: TicketId, as_of: date) -> int:
        received = 0
        for one in self._tables[PAYMENTS].all():
            if one.ticket_id == ticket_id:
                received += one.amount if one.received_on <= as_of else 0
                received -= sum(r.amount for r in one.refunds if r.received_on <= as_of)
        return received


def _entry(
    on: date, kind: EntryKind, subject: str, number: str | None, amount: int
) -> StatementEntry:
    return StatementEntry(on=on, kind=kind, subject=subject, number=number, amount=Money(amount))
