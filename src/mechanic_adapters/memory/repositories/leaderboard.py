"""The leaderboard in memory."""

from collections import Counter
from typing import final

from attrs import frozen

from mechanic_adapters.memory.repositories.mechanics import MECHANICS
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import Tables
from mechanic_core.mechanics.leaderboard import Standing
from mechanic_core.mechanics.ports import Standings
from mechanic_core.profile.calendar import Period
from mechanic_core.tickets.workflow import UNWORKED_STATUSES


@final
@frozen
class MemoryStandings(Standings):
    """The leaderboard, counted on each call."""

    _tables: Tables

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        worked = self._worked(period)
        order = sorted(
            self._tables[MECHANICS].all(), key=lambda one: (-worked[one.id], one.name, one.id)
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
            for ticket in self._tables[TICKETS].all()
            if not ticket.removed_at
            and ticket.status not in UNWORKED_STATUSES
            and period.contains(ticket.service_date)
            for mechanic in ticket.mechanics
        )
