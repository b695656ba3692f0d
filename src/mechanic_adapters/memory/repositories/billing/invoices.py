"""Invoices, credit notes, their series and balances in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import (
    TableName,
    Tables,
    add_record,
    require_current,
    save_record,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import SubjectKind
from mechanic_core.invoices.balance import NO_BALANCE, Balance
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteId, CreditNoteNotFound
from mechanic_core.invoices.invoice import Invoice, InvoiceId, InvoiceNotFound
from mechanic_core.invoices.number_series import Series
from mechanic_core.invoices.ports import (
    Balances,
    CreditNotes,
    InvoiceFilter,
    InvoiceLists,
    Invoices,
    NumberSeries,
)
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.tickets.ticket import TicketId

INVOICES: Final = TableName[int, Invoice]("invoices", "invoices")
CREDIT_NOTES: Final = TableName[int, CreditNote]("credit_notes", "credit_notes")
_SERIES: Final = TableName[str, Series]("number_series", "invoices")
_BALANCES: Final = TableName[int, Balance]("ticket_balances", "invoices")
_MAX_UNSETTLED: Final = 100


@final
@frozen
class MemoryInvoices(Invoices, InvoiceLists):
    """The invoices."""

    _tables: Tables

    def get(self, invoice_id: InvoiceId) -> Invoice:
        found = self._tables[INVOICES].get(invoice_id)
        if found is None:
            raise InvoiceNotFound
        return self._read(found)

    def of_ticket(self, ticket_id: TicketId) -> Sequence[Invoice]:
        return [self._read(one) for one in self._all() if one.ticket_id == ticket_id]

    def add(self, invoice: Invoice) -> Invoice:
        return self._read(add_record(self._tables, INVOICES, invoice))

    def save(self, invoice: Invoice) -> Invoice:
        before = require_current(self._tables[INVOICES], invoice)
        after = evolve(
            before,
            credited=invoice.credited,
            paid=invoice.paid,
            fully_credited=invoice.fully_credited,
            updated_at=invoice.updated_at,
        )
        return self._read(save_record(self._tables, INVOICES, after))

    def find(self, wanted: InvoiceFilter, page: PageRequest) -> Page[Invoice]:
        found = (one for one in self._all() if _matches(one, wanted))
        newest_first = wanted.newest_first
        return paginate(found, page, lambda one: one.id, newest_first=newest_first).map(self._read)

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        for one in list(self._all()):
            if one.customer_id == former:
                save_record(self._tables, INVOICES, evolve(one, customer_id=owner, updated_at=at))

    def _all(self) -> Collection[Invoice]:
        return self._tables[INVOICES].all()

    def _read(self, invoice: Invoice) -> Invoice:
        return evolve(invoice, by=with_name(self._tables, invoice.by))


def _matches(invoice: Invoice, wanted: InvoiceFilter) -> bool:
    return (
        wanted.customer_id in (None, invoice.customer_id)
        and wanted.ticket_id in (None, invoice.ticket_id)
        and wanted.payment_status in (None, invoice.payment_status)
        and wanted.period.contains(invoice.issued_on)
    )


@final
@frozen
class MemoryCreditNotes(CreditNotes):
    """The credit notes."""

    _tables: Tables

    def get(self, credit_note_id: CreditNoteId) -> CreditNote:
        found = self._tables[CREDIT_NOTES].get(credit_note_id)
        if found is None:
            raise CreditNoteNotFound
        return self._read(found)

    def add(self, credit_note: CreditNote) -> CreditNote:
        return self._read(add_record(self._tables, CREDIT_NOTES, credit_note))

    def of(self, invoice_id: InvoiceId, page: PageRequest) -> Page[CreditNote]:
        return paginate(self._of(invoice_id), page, lambda one: one.id).map(self._read)

    def of_all(
        self, invoice_ids: Collection[InvoiceId]
    ) -> Mapping[InvoiceId, Sequence[CreditNote]]:
        found = {one: self.of(one, WHOLE_LIST).items for one in invoice_ids}
        return {one: notes for one, notes in found.items() if notes}

    def _of(self, invoice_id: InvoiceId) -> Iterator[CreditNote]:
        return (one for one in self._tables[CREDIT_NOTES].all() if one.invoice_id == invoice_id)

    def _read(self, note: CreditNote) -> CreditNote:
        """Return *note* as one of the customer who has the invoice now."""
        invoice = MemoryInvoices(self._tables).get(note.invoice_id)
        by = with_name(self._tables, note.by)
        return evolve(note, by=by, customer_id=invoice.customer_id)


@final
@frozen
class MemoryNumberSeries(NumberSeries):
    """The last numbers of series."""

    _tables: Tables

    def lock(self, prefix: str) -> Series:
        return self._tables[_SERIES].get(prefix) or Series(prefix=prefix)

    def save(self, series: Series) -> None:
        self._tables[_SERIES].put(series.prefix, series)


@final
@frozen
class MemoryBalances(Balances):
    """The balances of tickets."""

    _tables: Tables

    def of(self, ticket_id: TicketId) -> Balance:
        return self._tables[_BALANCES].get(ticket_id) or NO_BALANCE

    def save(self, ticket_id: TicketId, balance: Balance) -> None:
        self._tables[_BALANCES].put(ticket_id, balance)

    def unsettled(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        tickets = (one for one in self._tables[TICKETS].all() if one.customer_id == customer_id)
        found = [ticket.id for ticket in tickets if not self.of(ticket.id).is_settled]
        return tuple(found[:_MAX_UNSETTLED])


SUBJECTS: Final = {
    SubjectKind.INVOICE: lambda tables: MemoryInvoices(tables).get,
    SubjectKind.CREDIT_NOTE: lambda tables: MemoryCreditNotes(tables).get,
}
