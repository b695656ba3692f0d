"""Ports of the unit of work that belong together, as every store builds them."""

from typing import TypedDict

from mechanic_core.estimates.ports import ApprovalLinks, Decisions, EstimateLists, Estimates
from mechanic_core.invoices.ports import (
    Balances,
    CreditNotes,
    InvoiceLists,
    Invoices,
    NumberSeries,
)
from mechanic_core.payments.ports import PaymentLists, Payments
from mechanic_core.recommendations.ports import Recommendations
from mechanic_core.statements.ports import Statements


class ConsentPorts(TypedDict):
    """The ports of what customers are asked, and of their answers."""

    estimates: Estimates
    estimate_lists: EstimateLists
    decisions: Decisions
    approval_links: ApprovalLinks
    recommendations: Recommendations


class MoneyPorts(TypedDict):
    """The ports of what customers owe and pay."""

    invoices: Invoices
    invoice_lists: InvoiceLists
    credit_notes: CreditNotes
    number_series: NumberSeries
    balances: Balances
    payments: Payments
    payment_lists: PaymentLists
    statements: Statements
