"""Ports of statements and receivables."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from mechanic_core.customers.customer import CustomerId
from mechanic_core.money import Money
from mechanic_core.profile.calendar import Period
from mechanic_core.statements.receivables import OpenTicket
from mechanic_core.statements.statement import StatementEntry


class Statements(Protocol):
    """The entries of customers' accounts.

    Invoices and credit notes count on the day of issue, payments and refunds on the day on which
    the money was received or given back.
    """

    def of(self, customer_id: CustomerId, period: Period) -> tuple[Money, Sequence[StatementEntry]]:
        """Return the sum of a customer's entries before a period, and those in it.

        The entries have no balances. They are ordered by day, then by the moment at which they
        were entered, then by kind.
        """
        ...

    def open_tickets(self, as_of: date) -> Sequence[OpenTicket]:
        """Return every ticket on which, at the end of a day, something was due or a deposit.

        Others may be among them. The cost grows with those, and with what was entered since that
        day, not with the years before it.
        """
        ...
