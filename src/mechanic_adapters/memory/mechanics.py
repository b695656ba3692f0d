"""Mechanics and their leaderboard in memory."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import cut
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
    """Everybody who works here, or did."""

    _tables: Tables

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        """Return the mechanic, or raise `MechanicNotFound`."""
        mechanic = self._tables.mechanics.get(mechanic_id)
        if mechanic is None:
            raise MechanicNotFound
        return mechanic

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        """Return the mechanic and the number of managers; nobody else writes meanwhile."""
        managers = sum(mechanic.is_active_manager for mechanic in self._tables.mechanics.all())
        return self.get(mechanic_id), managers

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        """Return those of *ids* that exist; nobody else writes meanwhile."""
        found = ((one, self._tables.mechanics.get(one)) for one in sorted(ids))
        return {one: mechanic for one, mechanic in found if mechanic}

    def add(self, mechanic: Mechanic) -> Mechanic:
        """Keep a new mechanic."""
        self._email_must_be_free(mechanic)
        new_id = MechanicId(self._tables.mechanics.next_id())
        return self._tables.mechanics.put(new_id, evolve(mechanic, id=new_id))

    def save(self, mechanic: Mechanic) -> Mechanic:
        """Keep the change."""
        self._email_must_be_free(mechanic)
        return replace(self._tables.mechanics, mechanic)

    def find(self, page: PageRequest, *, active_only: bool) -> Page[Mechanic]:
        """Return mechanics by id."""
        found = (m for m in self._tables.mechanics.all() if m.active or not active_only)
        return cut(found, page, lambda mechanic: mechanic.id)

    def _email_must_be_free(self, mechanic: Mechanic) -> None:
        email = fold_case(mechanic.email)
        for other in self._tables.mechanics.all():
            if other.id != mechanic.id and fold_case(other.email) == email:
                raise EmailTaken


@final
@frozen
class MemoryStandings(Standings):
    """How many tickets each mechanic has worked, counted when asked."""

    _tables: Tables

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*."""
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
