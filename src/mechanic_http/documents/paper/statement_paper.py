"""Statements of customers' accounts on paper."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from mechanic_core.money import Money
from mechanic_core.statements.statement import EntryKind, Statement, StatementEntry
from mechanic_http.documents.paper import figures
from mechanic_http.documents.paper.paper import Entry, Fact, Paper, Sum
from mechanic_http.documents.rendering import shown_money

_KINDS: Final = MappingProxyType(
    {
        EntryKind.INVOICE: "Invoice",
        EntryKind.CREDIT_NOTE: "Credit note",
        EntryKind.PAYMENT: "Payment",
        EntryKind.REFUND: "Refund of payment",
    }
)


def statement_paper(statement: Statement) -> Paper:
    """Return the paper of a statement: without a last day, up to the day on which it was read."""
    seller = statement.seller
    last = statement.until or statement.today
    return Paper(
        title="Statement",
        number="",
        day=str(last),
        currency=seller.currency,
        facts=tuple(_facts(statement, str(last))),
        seller=figures.seller_of(seller),
        buyer=figures.buyer_of(statement.customer),
        entries=(
            Entry(
                on=str(statement.since or ""),
                what="Opening balance",
                amount="",
                balance=shown_money(statement.opening),
            ),
            *map(_entry, statement.entries),
        ),
        sums=(_closing(statement.closing),),
    )


def _facts(statement: Statement, last: str) -> Iterator[Fact]:
    if statement.since:
        yield Fact("From", str(statement.since))
    yield Fact("To", last)
    yield Fact("Customer", str(statement.customer_id))


def _entry(entry: StatementEntry) -> Entry:
    number = entry.number or entry.subject.rpartition("/")[2]
    return Entry(
        on=str(entry.on),
        what=f"{_KINDS[entry.kind]} {number}",
        amount=shown_money(entry.amount),
        balance=shown_money(entry.balance),
    )


def _closing(balance: Money) -> Sum:
    how = "in your favor" if balance < 0 else ""
    return Sum(label="Closing balance", amount=shown_money(balance), how=how, is_total=True)
