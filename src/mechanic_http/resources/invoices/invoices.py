"""Invoices of service tickets, on paper too."""

from datetime import date
from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.invoices.invoice import Invoice, InvoiceId, PaymentStatus
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.invoices.printout import InvoicePrintout
from mechanic_core.invoices.use_cases.invoices import (
    IssueInvoice,
    ListInvoices,
    ListMyInvoices,
    PrintInvoice,
    ReadInvoice,
)
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Description, Example, checked
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.values import IdNumber
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import ListQuery, PeriodQuery
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class InvoiceQuery(PeriodQuery, ListQuery):
    """Filters of the list of invoices; all of them must match."""

    customer_id: Annotated[IdNumber | None, Description("Id of the customer.")] = None
    ticket_id: Annotated[IdNumber | None, Description("Id of the service ticket.")] = None
    payment_status: Annotated[PaymentStatus | None, Description("How far the invoice is paid.")] = (
        None
    )
    from_: Annotated[
        date | None, Example(date(2026, 1, 1)), Description("First day of issue, inclusive.")
    ] = None
    to: Annotated[
        date | None, Example(date(2026, 12, 31)), Description("Last day of issue, inclusive.")
    ] = None

    @property
    def filter(self) -> InvoiceFilter:
        """The filter that the use case takes."""
        return InvoiceFilter(
            customer_id=self.customer_id,
            ticket_id=self.ticket_id,
            payment_status=self.payment_status,
            period=self.period,
        )


@final
@frozen
class TicketInvoice:
    """The invoice of one service ticket."""

    shop: Shop

    @endpoint(IssueInvoice, creates="/invoices/{id}")
    def on_post(self, actor: Actor, ticket_id: TicketId, expected: int | None) -> Invoice:
        """Issue the invoice of a ticket that is completed or closed."""
        return self.shop.issue_invoice(actor, ticket_id, expected)


@final
@frozen
class InvoiceCollection:
    """The list of invoices."""

    shop: Shop

    @endpoint(ListInvoices)
    def on_get(self, actor: Actor, query: InvoiceQuery, page: PageRequest) -> Page[Invoice]:
        """List invoices."""
        return self.shop.list_invoices(actor, query.filter, page)


@final
@frozen
class MyInvoices:
    """The invoices of the customer who is logged in."""

    shop: Shop

    @endpoint(ListMyInvoices)
    def on_get(self, actor: Actor, page: PageRequest) -> Page[Invoice]:
        """List your own invoices, newest first."""
        return self.shop.list_my_invoices(actor, page)


@final
@frozen
class InvoiceItem:
    """One invoice."""

    shop: Shop

    @endpoint(ReadInvoice)
    def on_get(self, actor: Actor, invoice_id: InvoiceId) -> Invoice:
        """Get an invoice."""
        return self.shop.read_invoice(actor, invoice_id)


@final
@frozen
class InvoiceHtml:
    """An invoice as a page to be printed."""

    shop: Shop

    @endpoint(PrintInvoice, operation_id="read_invoice_html", media_type=HTML)
    def on_get(self, actor: Actor, invoice_id: InvoiceId) -> InvoicePrintout:
        """Get an invoice as a page to be printed."""
        return self.shop.print_invoice(actor, invoice_id)


@final
@frozen
class InvoicePdf:
    """An invoice as PDF."""

    shop: Shop

    @endpoint(PrintInvoice, operation_id="read_invoice_pdf", media_type=PDF)
    def on_get(self, actor: Actor, invoice_id: InvoiceId) -> InvoicePrintout:
        """Get an invoice as PDF."""
        return self.shop.print_invoice(actor, invoice_id)


ROUTES: Final = (
    Route("/service_tickets/{ticket_id}/invoice", TicketInvoice),
    Route("/invoices", InvoiceCollection),
    Route("/my-invoices", MyInvoices),
    Route("/invoices/{invoice_id}", InvoiceItem),
    Route("/invoices/{invoice_id}.html", InvoiceHtml),
    Route("/invoices/{invoice_id}.pdf", InvoicePdf),
)
