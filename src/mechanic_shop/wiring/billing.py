"""The use cases of prices, invoices, payments and what customers owe, constructed by hand."""

from mechanic_core.invoices.use_cases import credit_notes, invoices
from mechanic_core.payments import use_cases as payments
from mechanic_core.pricing.use_cases import PriceLines
from mechanic_core.shop import BillingUseCases
from mechanic_core.statements import use_cases as statements
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly
from mechanic_core.values import Clock


def billing_use_cases(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock
) -> BillingUseCases:
    """Return the use cases of what is billed and paid."""
    return BillingUseCases(
        price_lines=PriceLines(read_only),
        issue_invoice=invoices.IssueInvoice(begin, now),
        list_invoices=invoices.ListInvoices(read_lagging),
        list_my_invoices=invoices.ListMyInvoices(read_lagging),
        read_invoice=invoices.ReadInvoice(read_only),
        print_invoice=invoices.PrintInvoice(read_only),
        credit_invoice=credit_notes.CreditInvoice(begin, now),
        list_credit_notes=credit_notes.ListCreditNotes(read_lagging),
        read_credit_note=credit_notes.ReadCreditNote(read_only),
        take_payment=payments.TakePayment(begin, now),
        refund_payment=payments.RefundPayment(begin, now),
        list_ticket_payments=payments.ListTicketPayments(read_lagging),
        list_payments=payments.ListPayments(read_lagging),
        read_payment=payments.ReadPayment(read_only),
        read_statement=statements.ReadStatement(read_lagging, now),
        read_receivables=statements.ReadReceivables(read_lagging, now),
    )
