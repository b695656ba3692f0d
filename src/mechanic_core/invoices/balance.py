"""The balance of a ticket: what was invoiced and not credited, against what was received."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from attrs import frozen

from mechanic_core.money import Money
from mechanic_core.rules import Description


@frozen(kw_only=True)
class Balance:
    """What the customer owes for a ticket, or has paid ahead for it.

    *received* is payments less refunds. *invoice_id* is the invoice that is not fully credited; a
    ticket has at most one.
    """

    invoiced: Annotated[Money, Description("Invoices less credits.")] = Money(0)
    received: Annotated[Money, Description("Payments less refunds.")] = Money(0)
    invoice_id: int | None = None

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return Money(max(0, self.invoiced - self.received))

    @property
    def deposit(self) -> Money:
        """What was received beyond the invoices."""
        return Money(max(0, self.received - self.invoiced))

    @property
    def is_settled(self) -> bool:
        """Whether nothing is due and there is no deposit."""
        return self.invoiced == self.received


def fill(amounts: Iterable[int], received: int) -> Iterator[Money]:
    """Yield how much of each of *amounts*, oldest first, is paid by what was *received*.

    What is left of it after them is a deposit.
    """
    left = received
    for amount in amounts:
        paid = min(left, amount)
        left -= paid
        yield Money(paid)


NO_BALANCE: Final = Balance()
"""The balance of a ticket without invoices and payments."""
