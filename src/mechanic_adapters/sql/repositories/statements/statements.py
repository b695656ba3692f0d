"""Statements in SQL."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import final

from attrs import frozen

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.repositories.statements.entries import ENTRIES, read_entries
from mechanic_adapters.sql.repositories.statements.open_tickets import (
    OPEN_TICKETS,
    read_open_ticket,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.money import Money
from mechanic_core.profile.calendar import Period
from mechanic_core.statements.ports import Statements
from mechanic_core.statements.receivables import OpenTicket
from mechanic_core.statements.statement import StatementEntry


@final
@frozen
class SqlStatements(Statements):
    """The entries of customers' accounts."""

    _executor: Executor

    def of(self, customer_id: CustomerId, period: Period) -> tuple[Money, Sequence[StatementEntry]]:
        params = {
            "record_id": customer_id,
            "since": period.since or date.min,
            "until": period.until or date.max,
        }
        return read_entries(self._executor.all(ENTRIES, params))

    def open_tickets(self, as_of: date) -> Sequence[OpenTicket]:
        rows = self._executor.all(OPEN_TICKETS, {"as_of": as_of})
        return [read_open_ticket(list(found)) for _, found in groupby(rows, key=lambda row: row[0])]
