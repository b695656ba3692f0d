"""The statement of a customer's account: what they owe, and how it came to that."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerDetails, CustomerId
from mechanic_core.money import Money
from mechanic_core.profile.profile import ProfileValues
from mechanic_core.rules import Description, Example, Unpublished


class EntryKind(StrEnum):
    """What an entry is; those of one moment are in this order."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"


@frozen(kw_only=True)
class StatementEntry:
    """An invoice, credit note, payment or refund.

    *amount* is what the customer owes more by it: less, below 0. *balance* is what they owe after it.
    """

    on: Annotated[
        date,
        Description("The day of issue, or that on which the money was received or given back."),
        Example(date(2026, 3, 2)),
    ]
    kind: Annotated[EntryKind, Example(EntryKind.INVOICE)]
    subject: Annotated[
        str,
        Description("The path of the thing; of a refund, that of its payment."),
        Example("/invoices/21"),
    ]
    number: Annotated[
        str | None, Description("The number of an invoice or credit note."), Example("INV-1")
    ]
    amount: Annotated[Money, Example(189.32)]
    balance: Annotated[Money, Example(189.32)] = Money(0)


@frozen(kw_only=True)
class Statement:
    """What a customer owed at first, what was added, and what they owe at last."""

    customer_id: CustomerId
    customer: CustomerDetails
    seller: Annotated[ProfileValues, Unpublished()]
    since: Annotated[date | None, Unpublished()]
    until: Annotated[date | None, Unpublished()]
    today: Annotated[date, Unpublished()]
    opening: Annotated[Money, Description("What was owed before the first entry."), Example(0)]
    entries: tuple[StatementEntry, ...]
    closing: Annotated[Money, Description("What is owed after the last entry."), Example(189.32)]


def with_balances(opening: int, entries: Iterable[StatementEntry]) -> tuple[StatementEntry, ...]:
    """Return *entries*, each with the balance after it; before the first it is *opening*."""
    balance, found = opening, []
    for entry in entries:
        balance += entry.amount
        found.append(evolve(entry, balance=Money(balance)))
    return tuple(found)
