"""Receivables by age: what each customer owes on a day, by how long it is overdue."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, Self

from attrs import evolve, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.invoices.balance import fill
from mechanic_core.money import Money
from mechanic_core.rules import Description, Example, computed

_BUCKETS: Final = ((0, "current"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"))
_OLDEST: Final = "over_90"


@frozen(kw_only=True)
class OpenInvoice:
    """What an invoice came to on a day, less credits, and when it is due."""

    due_date: date
    outstanding: int


@frozen(kw_only=True)
class OpenTicket:
    """The invoices of a ticket on a day, oldest first, and what was *received* less refunds."""

    customer_id: CustomerId
    name: str
    invoices: tuple[OpenInvoice, ...] = ()
    received: int = 0


@frozen(kw_only=True)
class AgedAmounts:
    """Amounts that are due, by the days since they were, and deposits; they add up to a balance."""

    current: Annotated[Money, Description("Not overdue."), Example(189.32)] = Money(0)
    days_1_30: Annotated[Money, Description("Overdue for 1 to 30 days."), Example(0)] = Money(0)
    days_31_60: Annotated[Money, Example(0)] = Money(0)
    days_61_90: Annotated[Money, Example(0)] = Money(0)
    over_90: Annotated[Money, Example(0)] = Money(0)
    deposits: Annotated[Money, Description("What was paid ahead."), Example(50)] = Money(0)

    @computed
    def balance(self) -> Annotated[Money, Example(139.32)]:
        """All that is due, less the deposits."""
        return Money(sum(self._due) - self.deposits)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is due and nothing was paid ahead."""
        return not any((*self._due, self.deposits))

    @property
    def _due(self) -> tuple[Money, ...]:
        return (self.current, self.days_1_30, self.days_31_60, self.days_61_90, self.over_90)

    def plus(self, ticket: OpenTicket, as_of: date) -> Self:
        """Return the amounts with those of *ticket*, whose payments fill its invoices in order."""
        paid = tuple(fill((one.outstanding for one in ticket.invoices), ticket.received))
        amounts = {"deposits": ticket.received - sum(paid)}
        for invoice, part in zip(ticket.invoices, paid, strict=True):
            name = _bucket((as_of - invoice.due_date).days)
            amounts[name] = amounts.get(name, 0) + invoice.outstanding - part
        return evolve(
            self, **{name: Money(getattr(self, name) + more) for name, more in amounts.items()}
        )


@frozen(kw_only=True)
class Receivable(AgedAmounts):
    """What one customer owes, by age."""

    customer_id: CustomerId
    name: Annotated[str, Example("Ada Moore")]


@frozen(kw_only=True)
class Receivables:
    """What every customer owes on a day, by age; those who owe nothing are left out."""

    as_of: Annotated[date, Example(date(2026, 3, 31))]
    items: Annotated[tuple[Receivable, ...], Description("By the ids of the customers.")]
    totals: Annotated[AgedAmounts, Description("The sums of the items.")]


def aged(tickets: Iterable[OpenTicket], as_of: date) -> Receivables:
    """Return what the customers of *tickets* owe, by age on a day."""
    totals = AgedAmounts()
    items: dict[CustomerId, Receivable] = {}
    for ticket in tickets:
        empty = Receivable(customer_id=ticket.customer_id, name=ticket.name)
        items[empty.customer_id] = items.get(empty.customer_id, empty).plus(ticket, as_of)
        totals = totals.plus(ticket, as_of)
    return Receivables(
        as_of=as_of,
        items=tuple(items[one] for one in sorted(items) if not items[one].is_empty),
        totals=totals,
    )


def _bucket(days: int) -> str:
    """Return the member that holds what has been overdue for so many days."""
    return next((name for most, name in _BUCKETS if days <= most), _OLDEST)
