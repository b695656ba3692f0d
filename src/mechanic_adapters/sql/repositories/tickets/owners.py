"""The owners of tickets in SQL, and other changes of many tickets at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, final

from attrs import frozen
from sqlalchemy import BigInteger, bindparam, insert, select, update

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import column_parameters, field_values
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.tickets import LOCK_ALL
from mechanic_adapters.sql.repositories.events import note_changes
from mechanic_adapters.sql.repositories.recommendations import reassign_declined
from mechanic_adapters.sql.schema.tickets import ticket_history, tickets
from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.tickets.history import Entry
from mechanic_core.tickets.ports import TicketOwners

_NOUN: Final = "tickets"

_CHANGE_ALL = (
    update(tickets)
    .values(
        updated_at=bindparam("at", type_=MOMENT),
        version=tickets.c.version + 1,
        priced_version=tickets.c.priced_version + 1,
    )
    .where(tickets.c.customer_id == bindparam("owner_id", type_=BigInteger))
    .returning(tickets.c.id, tickets.c.version)
)
_ERASE_PLATES = _CHANGE_ALL.values(vehicle_plate=None).where(tickets.c.vehicle_plate.is_not(None))
_REASSIGN = _CHANGE_ALL.values(customer_id=bindparam("new_owner_id", type_=BigInteger)).returning(
    tickets.c.removed_at
)
_entry_of_each = {**column_parameters(ticket_history), "ticket_id": tickets.c.id}
_ADD_ENTRIES = insert(ticket_history).from_select(
    list(_entry_of_each),
    select(*_entry_of_each.values()).where(id_in(tickets.c.id, "ids")).order_by(tickets.c.id),
)


@final
@frozen
class SqlTicketOwners(TicketOwners):
    """The owners in the table of tickets."""

    _executor: Executor

    def lock(self, customer_id: CustomerId) -> None:
        if self._executor.database.is_postgres:  # SQLite has one writer at a time
            self._executor.all(LOCK_ALL, {"record_id": customer_id})

    def reassign(self, former: CustomerId, owner: CustomerId, entry: Entry) -> None:
        params = {"owner_id": former, "new_owner_id": owner, "at": entry.at}
        rows = self._executor.write_returning(_NOUN, _REASSIGN, params)
        params = {**field_values(entry, by=By), "ids": sorted(row[0] for row in rows)}
        self._executor.write(_NOUN, _ADD_ENTRIES, params)
        present = [row[:2] for row in rows if row[2] is None]
        _note_changes(self._executor, present, entry.at, "customer_id")
        reassign_declined(self._executor, former, owner, entry.at)


def erase_plates(executor: Executor, customer_id: CustomerId, at: datetime) -> None:
    """Erase the plates on all tickets of a customer."""
    params = {"owner_id": customer_id, "at": at}
    rows = executor.write_returning(_NOUN, _ERASE_PLATES, params)
    _note_changes(executor, rows, at, "vehicle")


def _note_changes(executor: Executor, rows: Iterable[Row], at: datetime, change: str) -> None:
    note_changes(executor, EventType.TICKET_CHANGED, SubjectKind.TICKET, rows, at, (change,))
