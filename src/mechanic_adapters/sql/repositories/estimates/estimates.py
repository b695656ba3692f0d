"""Estimates in SQL: what never changes of each, and what becomes of it, in a table of its own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import BigInteger, Select, Subquery, bindparam, func, insert, null, select, update

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_values,
    group_by,
    with_values,
)
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, reader_with_name
from mechanic_adapters.sql.schema.estimates import estimate_states, estimates
from mechanic_core.access import By
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace
from mechanic_core.estimates.estimate import Estimate, EstimateNotFound, EstimateNumber
from mechanic_core.estimates.ports import EstimateLists, Estimates
from mechanic_core.events.event import ESTIMATES_OF_A_TICKET, Event, SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.ticket import TicketId

_NOUN: Final = "estimates"
_read = reader_with_name(Estimate)
_state = estimate_states.c

_STORED = select(
    *estimates.c, *(column for column in _state if column is not _state.estimate_id)
).join_from(estimates, estimate_states)
_OF_TICKET = _STORED.where(estimates.c.ticket_id == RECORD_ID)

_ADD = insert(estimates).values(column_parameters(estimates))
_ADD_STATE = insert(estimate_states).values(column_parameters(estimate_states))
_changing = column_parameters(estimate_states)
del _changing["customer_id"]  # which `reassign` may be about to change
_SAVE = (
    update(estimate_states)
    .values(_changing)
    .where(
        _state.estimate_id == RECORD_ID,
        _state.version == bindparam("expected_version", type_=BigInteger),
    )
)
_REASSIGN = (
    update(estimate_states)
    .values(customer_id=bindparam("new_owner_id", type_=BigInteger))
    .where(_state.customer_id == bindparam("owner_id", type_=BigInteger))
)
_LAST = select(func.max(estimates.c.number)).where(estimates.c.ticket_id == RECORD_ID)


def _join(rows: Subquery) -> Select[Any]:
    """Return estimates with the names of who made them; what day it is, no row knows."""
    return select(*columns_with_name(Estimate, {**rows.c, "today": null()}))


def _all(rows: Select[Any]) -> Select[Any]:
    found = rows.subquery("found")
    return _join(found).order_by(found.c.id)


_GET_ALL = _all(_STORED.where(id_in(estimates.c.id, "ids")))
_STANDING = _all(_OF_TICKET.where(_state.superseded_at.is_(None)))
_OF_ALL = _all(_STORED.where(id_in(estimates.c.ticket_id, "ids")))
_MADE_FOR = _all(_STORED.where(_state.customer_id == RECORD_ID))
_LIST = PageQuery(rows=_OF_TICKET, key=estimates.c.id, join=_join)


@final
@frozen
class SqlEstimates(Estimates, EstimateLists):
    """The append-only table of estimates, and that of their states."""

    _executor: Executor

    def next_number(self, ticket_id: TicketId) -> EstimateNumber:
        row = self._executor.first(_LAST, {"record_id": ticket_id})
        return EstimateNumber((row[0] or 0) + 1 if row else 1)

    def add(self, estimate: Estimate) -> Estimate:
        values = {**field_values(estimate, by=By), "id": estimate.id, "estimate_id": estimate.id}
        self._executor.write(_NOUN, _ADD, values)
        self._executor.write(_NOUN, _ADD_STATE, values)
        self._executor.note_event(Event.between(None, estimate, self._executor.actor))
        return self.get(estimate.ticket_id, estimate.number)

    def get(self, ticket_id: TicketId, number: EstimateNumber) -> Estimate:
        found = self.numbered(ticket_id, [number])
        if number not in found:
            raise EstimateNotFound
        return found[number]

    def save(self, estimate: Estimate) -> Estimate:
        before = self.get(estimate.ticket_id, estimate.number)
        after = with_values(
            before,
            answered=estimate.answered,
            superseded_at=estimate.superseded_at,
            updated_at=estimate.updated_at,
            version=estimate.version + 1,
        )
        params = {
            **field_values(after, by=By),
            "estimate_id": after.id,
            "record_id": after.id,
            "expected_version": estimate.version,
        }
        if self._executor.write(_NOUN, _SAVE, params) != 1:
            raise LostRace
        self._executor.note_event(Event.between(before, after, self._executor.actor))
        return after

    def standing(self, ticket_id: TicketId) -> Sequence[Estimate]:
        return list(_read(self._executor.all(_STANDING, {"record_id": ticket_id})))

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Estimate]:
        return _LIST.fetch(self._executor, page, _read, {"record_id": ticket_id})

    def numbered(
        self, ticket_id: TicketId, numbers: Collection[EstimateNumber]
    ) -> Mapping[EstimateNumber, Estimate]:
        possible = sorted(number for number in numbers if number < ESTIMATES_OF_A_TICKET)
        if not possible:
            return {}
        ids = [ticket_id * ESTIMATES_OF_A_TICKET + number for number in possible]
        found = read_estimates(self._executor, ids)
        return {estimate.number: estimate for estimate in found}

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Estimate]]:
        rows = self._executor.all(_OF_ALL, {"ids": sorted(ticket_ids)})
        return group_by("ticket_id", _read(rows))

    def made_for(self, customer_id: CustomerId) -> Sequence[Estimate]:
        return list(_read(self._executor.all(_MADE_FOR, {"record_id": customer_id})))

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        params = {"owner_id": former, "new_owner_id": owner}
        self._executor.write(_NOUN, _REASSIGN, params)


def read_estimates(executor: Executor, ids: Collection[int]) -> Iterable[Estimate]:
    """Return those of *ids* that exist."""
    return _read(executor.all(_GET_ALL, {"ids": sorted(ids)}))


SUBJECTS: Final = {SubjectKind.ESTIMATE: read_estimates}
