"""Ports of invoices, credit notes, their series, and balances."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.invoices.balance import Balance
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteId
from mechanic_core.invoices.invoice import Invoice, InvoiceId, PaymentStatus
from mechanic_core.invoices.number_series import Series
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.rules import checked
from mechanic_core.tickets.ticket import TicketId


@frozen(kw_only=True, field_transformer=checked)
class InvoiceFilter:
    """Conditions on invoices, all of which must hold; None is no condition.

    The *period* is one of days of issue. *newest_first* reverses the order by id.
    """

    customer_id: int | None = None
    ticket_id: int | None = None
    payment_status: PaymentStatus | None = None
    period: Period = ALL_TIME
    newest_first: bool = False


class Invoices(Protocol):
    """The invoices. Who writes one has locked its ticket."""

    def get(self, invoice_id: InvoiceId) -> Invoice:
        """Return the invoice, or raise `InvoiceNotFound`."""
        ...

    def of_ticket(self, ticket_id: TicketId) -> Sequence[Invoice]:
        """Return the invoices of a ticket, oldest first."""
        ...

    def add(self, invoice: Invoice) -> Invoice:
        """Store a new invoice and return it with its id."""
        ...

    def save(self, invoice: Invoice) -> Invoice:
        """Store what is credited and paid of an invoice, and return it with its new version.

        All else stays, whatever *invoice* says. Raises `LostRace` when the stored version is
        another one.
        """
        ...


class InvoiceLists(Protocol):
    """Several invoices."""

    def find(self, wanted: InvoiceFilter, page: PageRequest) -> Page[Invoice]:
        """Return invoices by id."""
        ...

    def reassign(self, former: CustomerId, owner: CustomerId, at: datetime) -> None:
        """Make the invoices of *former* those of *owner*. The version of each rises."""
        ...


class CreditNotes(Protocol):
    """The credit notes, which are append-only. Who adds one has locked the ticket."""

    def get(self, credit_note_id: CreditNoteId) -> CreditNote:
        """Return the credit note, or raise `CreditNoteNotFound`."""
        ...

    def add(self, credit_note: CreditNote) -> CreditNote:
        """Store a new credit note and return it with its id."""
        ...

    def of(self, invoice_id: InvoiceId, page: PageRequest) -> Page[CreditNote]:
        """Return the credit notes of an invoice, oldest first."""
        ...

    def of_all(
        self, invoice_ids: Collection[InvoiceId]
    ) -> Mapping[InvoiceId, Sequence[CreditNote]]:
        """Return the credit notes of each invoice that has one, as `of` returns them."""
        ...


class NumberSeries(Protocol):
    """The last number of each series."""

    def lock(self, prefix: str) -> Series:
        """Return the series after locking it until the transaction ends; a new one is at 0.

        All documents of the series wait for the lock, so it is taken as late as can be.
        """
        ...

    def save(self, series: Series) -> None:
        """Store the last number of a series that is locked."""
        ...


class Balances(Protocol):
    """What is owed for each ticket. Who writes one has locked the ticket."""

    def of(self, ticket_id: TicketId) -> Balance:
        """Return the balance of a ticket: `NO_BALANCE` where there never was any money."""
        ...

    def save(self, ticket_id: TicketId, balance: Balance) -> None:
        """Store the balance of a ticket."""
        ...

    def unsettled(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        """Return the customer's tickets with something due or a deposit, the oldest 100."""
        ...
