"""Mechanics and the leaderboard in memory."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.tables import Tables, replace
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.mechanics.leaderboard import Period, Standing
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicNotFound
from mechanic_core.mechanics.ports import MechanicLists, Mechanics, Standings
from mechanic_core.paging import Page, PageRequest
from mechanic_core.tickets.workflow import UNWORKED_STATUSES
from mechanic_core.values import fold_case


@final
@frozen
class MemoryMechanics(Mechanics, MechanicLists):
    """The mechanics."""

    _tables: Tables

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        mechanic = self._tables.mechanics.get(mechanic_id)
        if mechanic is None:
            raise MechanicNotFound
        return mechanic

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        managers = sum(mechanic.is_active_manager for mechanic in self._tables.mechanics.all())
        return self.get(mechanic_id), managers

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        rows = ((one, self._tables.mechanics.get(one)) for one in sorted(ids))
        return {one: mechanic for one, mechanic in rows if mechanic}

    def add(self, mechanic: Mechanic) -> Mechanic:
        self._require_free_email(mechanic)
        new_id = MechanicId(self._tables.mechanics.next_id())
        return self._tables.mechanics.put(new_id, evolve(mechanic, id=new_id))

    def save(self, mechanic: Mechanic) -> Mechanic:
        self._require_free_email(mechanic)
        return replace(self._tables.mechanics, mechanic)

    def find(self, page: PageRequest, *, active_only: bool) -> Page[Mechanic]:
        mechanics = (m for m in self._tables.mechanics.all() if m.active or not active_only)
        return paginate(mechanics, page, lambda mechanic: mechanic.id)

    def _require_free_email(self, mechanic: Mechanic) -> None:
        email = fold_case(mechanic.email)
        for other in self._tables.mechanics.all():
            if other.id != mechanic.id and fold_case(other.email) == email:
                raise EmailTaken


@final
@frozen
class MemoryStandings(Standings):
    """The leaderboard, counted on each call."""

    _tables: Tables

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        worked = self._worked(period)
        order = sorted(
            self._tables.mechanics.all(), key=lambda one: (-worked[one.id], one.name, one.id)
        )
        counts = [worked[mechanic.id] for mechanic in order]
        return tuple(
            Standing(
                rank=counts.index(count) + 1,  # the first with that count
                id=mechanic.id,
                name=mechanic.name,
                tickets=count,
            )
            for mechanic, count in zip(order[:limit], counts, strict=False)
        )

    def _worked(self, period: Period) -> Counter[int]:
        return Counter(
            mechanic.id
            for ticket in self._tables.tickets.all()
            if not ticket.removed_at
            and ticket.status not in UNWORKED_STATUSES
            and period.contains(ticket.service_date)
            for mechanic in ticket.mechanics
        )
