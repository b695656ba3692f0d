"""The ports whose answers are kept: mechanics, their standings, and parts."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Final, Protocol, TypeVar, final

from attrs import frozen

from mechanic_adapters.caching.ports import Kind
from mechanic_adapters.caching.records import recorded
from mechanic_core.inventory.movement import Movement
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.ports import PartFilter, Parts
from mechanic_core.mechanics.leaderboard import Period, Standing
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId
from mechanic_core.mechanics.ports import Mechanics, Standings
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Work

T = TypeVar("T")

MECHANIC: Final = recorded("mechanic", Mechanic, "mechanics")
MECHANIC_PAGE: Final = recorded("mechanics", Page[Mechanic], "mechanics")
PART: Final = recorded("part", Part, "parts")
PART_PAGE: Final = recorded("parts", Page[Part], "parts")
LEADERBOARD: Final = recorded("leaderboard", tuple[Standing, ...], "mechanics", "tickets")

REMEMBERED: Final = frozenset({"mechanics", "parts", "tickets"})
"""Every noun that an answer is made of."""


class Recall(Protocol):
    """Gives an answer that is kept, or reads it from the store."""

    def __call__(self, kind: Kind[T], key: Hashable, read: Callable[[Work], T]) -> T:
        """Return the answer."""
        ...


@final
@frozen
class CachedMechanics(Mechanics):
    """Everybody who works here, or did."""

    _recall: Recall
    _kept: Callable[[], Work]

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        """Return the mechanic, or raise `MechanicNotFound`."""
        return self._recall(MECHANIC, mechanic_id, lambda work: work.mechanics.get(mechanic_id))

    def find(self, page: PageRequest, *, active_only: bool) -> Page[Mechanic]:
        """Return mechanics by id."""
        return self._recall(
            MECHANIC_PAGE,
            (page, active_only),
            lambda work: work.mechanics.find(page, active_only=active_only),
        )

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        """Return the mechanic and how many active managers there are."""
        return self._kept().mechanics.lock(mechanic_id)

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        """Return those of *ids* that exist."""
        return self._kept().mechanics.lock_shared(ids)

    def add(self, mechanic: Mechanic) -> Mechanic:
        """Refuse, as any view does."""
        return self._kept().mechanics.add(mechanic)

    def save(self, mechanic: Mechanic) -> Mechanic:
        """Refuse, as any view does."""
        return self._kept().mechanics.save(mechanic)


@final
@frozen
class CachedStandings(Standings):
    """How many tickets each mechanic has worked."""

    _recall: Recall

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*."""
        return self._recall(
            LEADERBOARD, (limit, period), lambda work: work.standings.top(limit, period)
        )


@final
@frozen
class CachedParts(Parts):
    """Every part that the shop sells."""

    _recall: Recall
    _kept: Callable[[], Work]

    def get(self, part_id: PartId) -> Part:
        """Return the part, or raise `PartNotFound`."""
        return self._recall(PART, part_id, lambda work: work.parts.get(part_id))

    def find(self, wanted: PartFilter, page: PageRequest) -> Page[Part]:
        """Return parts by id."""
        return self._recall(PART_PAGE, (wanted, page), lambda work: work.parts.find(wanted, page))

    def lock(self, ids: Collection[int]) -> Mapping[int, Part]:
        """Return those of *ids* that are there."""
        return self._kept().parts.lock(ids)

    def add(self, part: Part, received: Movement | None = None) -> Part:
        """Refuse, as any view does."""
        return self._kept().parts.add(part, received)

    def save(self, parts: Sequence[Part], movements: Sequence[Movement] = ()) -> tuple[Part, ...]:
        """Refuse, as any view does."""
        return self._kept().parts.save(parts, movements)
