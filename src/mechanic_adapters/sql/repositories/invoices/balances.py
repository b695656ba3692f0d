"""Balances of tickets in SQL."""

from typing import Final, final

from attrs import frozen
from sqlalchemy import literal_column, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_columns,
    field_values,
    record_maker,
)
from mechanic_adapters.sql.schema.invoices.invoices import ticket_balances
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.invoices.balance import NO_BALANCE, Balance
from mechanic_core.invoices.ports import Balances
from mechanic_core.tickets.ticket import TicketId

_NOUN: Final = "invoices"
_MAX_UNSETTLED: Final = "100"
_balance = ticket_balances.c
_columns = column_parameters(ticket_balances)
_make = record_maker(Balance)
_OF = select(*field_columns(ticket_balances, Balance)).where(_balance.ticket_id == RECORD_ID)
_SAVE = (
    insert(ticket_balances)
    .values(_columns)
    .on_conflict_do_update(
        index_elements=[_balance.ticket_id],
        set_={name: _columns[name] for name in ("invoiced", "received", "invoice_id")},
    )
)
_UNSETTLED = (
    select(tickets.c.id)
    .join_from(tickets, ticket_balances, _balance.ticket_id == tickets.c.id)
    .where(tickets.c.customer_id == RECORD_ID, _balance.invoiced != _balance.received)
    .order_by(tickets.c.id)
    .limit(literal_column(_MAX_UNSETTLED))
)


@final
@frozen
class SqlBalances(Balances):
    """The table of balances."""

    _executor: Executor

    def of(self, ticket_id: TicketId) -> Balance:
        row = self._executor.first(_OF, {"record_id": ticket_id})
        return _make(row) if row else NO_BALANCE

    def save(self, ticket_id: TicketId, balance: Balance) -> None:
        self._executor.write(_NOUN, _SAVE, {**field_values(balance), "ticket_id": ticket_id})

    def unsettled(self, customer_id: CustomerId) -> tuple[TicketId, ...]:
        rows = self._executor.all(_UNSETTLED, {"record_id": customer_id})
        return tuple(TicketId(row[0]) for row in rows)
