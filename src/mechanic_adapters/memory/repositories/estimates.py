"""Estimates, decisions and approval links in memory."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import (
    TableName,
    Tables,
    note_change,
    require_current,
    save_record,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.estimates.decision import Decision, DecisionId, DecisionKind
from mechanic_core.estimates.estimate import Estimate, EstimateNotFound, EstimateNumber
from mechanic_core.estimates.ports import ApprovalLinks, Decisions, EstimateLists, Estimates
from mechanic_core.events.event import ESTIMATES_OF_A_TICKET, SubjectKind
from mechanic_core.money import Money
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.tickets.ticket import TicketId

_ESTIMATES: Final = TableName[int, Estimate]("estimates", "estimates")
_DECISIONS: Final = TableName[int, Decision]("decisions", "decisions")
_LINKS: Final = TableName[int, ApprovalLink]("approval_links", "approval_links")


@final
@frozen
class MemoryEstimates(Estimates, EstimateLists):
    """The estimates of all tickets, by their ids."""

    _tables: Tables

    def next_number(self, ticket_id: TicketId) -> EstimateNumber:
        return EstimateNumber(max((one.number for one in self._of(ticket_id)), default=0) + 1)

    def add(self, estimate: Estimate) -> Estimate:
        note_change(self._tables, None, estimate)
        return self._read(self._tables[_ESTIMATES].put(estimate.id, estimate))

    def get(self, ticket_id: TicketId, number: EstimateNumber) -> Estimate:
        found = self.numbered(ticket_id, [number])
        if number not in found:
            raise EstimateNotFound
        return found[number]

    def save(self, estimate: Estimate) -> Estimate:
        before = require_current(self._tables[_ESTIMATES], estimate)
        after = evolve(
            before,
            answered=estimate.answered,
            superseded_at=estimate.superseded_at,
            updated_at=estimate.updated_at,
        )
        return self._read(save_record(self._tables, _ESTIMATES, after))

    def standing(self, ticket_id: TicketId) -> Sequence[Estimate]:
        return [self._read(one) for one in self._of(ticket_id) if one.superseded_at is None]

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Estimate]:
        return paginate(self._of(ticket_id), page, lambda one: one.id).map(self._read)

    def numbered(
        self, ticket_id: TicketId, numbers: Collection[EstimateNumber]
    ) -> Mapping[EstimateNumber, Estimate]:
        return {one.number: self._read(one) for one in self._of(ticket_id) if one.number in numbers}

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Estimate]]:
        found = {one: self.of(one, WHOLE_LIST).items for one in ticket_ids}
        return {one: estimates for one, estimates in found.items() if estimates}

    def made_for(self, customer_id: CustomerId) -> Sequence[Estimate]:
        found = [one for one in self._tables[_ESTIMATES].all() if one.customer_id == customer_id]
        return [self._read(one) for one in sorted(found, key=lambda one: one.id)]

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        table = self._tables[_ESTIMATES]
        for one in [one for one in table.all() if one.customer_id == former]:
            table.put(one.id, evolve(one, customer_id=owner))

    def _of(self, ticket_id: TicketId) -> Iterator[Estimate]:
        return (one for one in self._tables[_ESTIMATES].all() if one.ticket_id == ticket_id)

    def _read(self, estimate: Estimate) -> Estimate:
        return evolve(estimate, by=with_name(self._tables, estimate.by))


@final
@frozen
class MemoryDecisions(Decisions):
    """The decisions on all tickets."""

    _tables: Tables

    def add(self, decision: Decision) -> Decision:
        new = evolve(decision, id=DecisionId(self._tables[_DECISIONS].next_id()))
        return self._read(self._tables[_DECISIONS].put(new.id, new))

    def last(self, ticket_id: TicketId) -> Decision | None:
        found = list(self._of(ticket_id))
        return self._read(found[-1]) if found else None

    def limit(self, ticket_id: TicketId) -> Money | None:
        limits = [one.amount for one in self._of(ticket_id) if one.kind is DecisionKind.LIMIT]
        return limits[-1] if limits else None

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Decision]:
        return paginate(self._of(ticket_id), page, lambda one: one.id).map(self._read)

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Decision]]:
        found = {one: self.of(one, WHOLE_LIST).items for one in ticket_ids}
        return {one: decisions for one, decisions in found.items() if decisions}

    def _of(self, ticket_id: TicketId) -> Iterator[Decision]:
        return (one for one in self._tables[_DECISIONS].all() if one.ticket_id == ticket_id)

    def _read(self, decision: Decision) -> Decision:
        if decision.by is None:
            return decision
        return evolve(decision, by=with_name(self._tables, decision.by))


@final
@frozen
class MemoryApprovalLinks(ApprovalLinks):
    """The links to estimates."""

    _tables: Tables

    def start(self, link: ApprovalLink) -> ApprovalLink:
        table, address = self._tables[_LINKS], (link.ticket_id, link.number)
        former = [one.id for one in table.all() if (one.ticket_id, one.number) == address]
        new = evolve(link, id=former[0] if former else table.next_id())
        return table.put(new.id, new)

    def get(self, link_id: int) -> ApprovalLink | None:
        return self._tables[_LINKS].get(link_id)

    def use(self, link: ApprovalLink, at: datetime) -> bool:
        present = self.get(link.id)
        if present is None or present.nonce != link.nonce or present.used_at is not None:
            return False
        self._tables[_LINKS].put(link.id, evolve(present, used_at=at))
        return True

    def forget(self, customer_id: CustomerId, ticket_id: TicketId | None = None) -> None:
        for link in list(self._tables[_LINKS].all()):
            ticket = self._tables[TICKETS].get(link.ticket_id)
            is_theirs = ticket is None or ticket.customer_id == customer_id
            if is_theirs and ticket_id in (None, link.ticket_id):
                self._tables[_LINKS].delete(link.id)

    def sweep(self, before: datetime, limit: int) -> int:
        expired = [one for one in self._tables[_LINKS].all() if one.expires_at < before]
        oldest = sorted(expired, key=lambda one: one.expires_at)
        count = 0
        for link in islice(oldest, limit):
            self._tables[_LINKS].delete(link.id)
            count += 1
        return count


def _reader(tables: Tables) -> Callable[[int], Estimate]:
    """Return what returns an estimate by its id, or raises `EstimateNotFound`."""

    def read(estimate_id: int) -> Estimate:
        ticket_id, number = divmod(estimate_id, ESTIMATES_OF_A_TICKET)
        return MemoryEstimates(tables).get(TicketId(ticket_id), EstimateNumber(number))

    return read


SUBJECTS: Final = {SubjectKind.ESTIMATE: _reader}
