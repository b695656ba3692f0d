"""What the core asks of whoever keeps the mechanics."""

from collections.abc import Collection, Mapping
from typing import Protocol

from mechanic_core.mechanics.leaderboard import Period, Standing
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId
from mechanic_core.paging import Page, PageRequest


class Mechanics(Protocol):
    """Everybody who works here, or did."""

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        """Return the mechanic, or raise `MechanicNotFound`."""
        ...

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        """Return the mechanic and how many active managers there are.

        The mechanic and all active managers are kept from others' changes until the
        transaction ends. Raises `MechanicNotFound`.
        """
        ...

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        """Return those of *ids* that exist; none of them changes until the transaction ends."""
        ...

    def add(self, mechanic: Mechanic) -> Mechanic:
        """Keep a new mechanic and return them with their id. Raises `EmailTaken`."""
        ...

    def save(self, mechanic: Mechanic) -> Mechanic:
        """Keep the change and return it with its new version.

        Raises `LostRace` when the kept version is not the mechanic's, and `EmailTaken`.
        """
        ...


class MechanicLists(Protocol):
    """Pages of mechanics."""

    def find(self, page: PageRequest, *, active_only: bool) -> Page[Mechanic]:
        """Return mechanics by id."""
        ...


class Standings(Protocol):
    """How many tickets each mechanic has worked."""

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*.

        Most tickets first, ties by name, then id; whoever has none is there with zero.
        """
        ...
