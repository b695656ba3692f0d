"""Ports of mechanics and the leaderboard."""

from collections.abc import Collection, Mapping
from typing import Protocol

from mechanic_core.mechanics.leaderboard import Standing
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.calendar import Period


class Mechanics(Protocol):
    """The mechanics, active or not, one at a time."""

    def get(self, mechanic_id: MechanicId) -> Mechanic:
        """Return the mechanic, or raise `MechanicNotFound`."""
        ...

    def lock(self, mechanic_id: MechanicId) -> tuple[Mechanic, int]:
        """Return the mechanic and the number of active managers.

        Locks the mechanic and all active managers until the transaction ends. Raises
        `MechanicNotFound`.
        """
        ...

    def lock_shared(self, ids: Collection[int]) -> Mapping[int, Mechanic]:
        """Return those of *ids* that exist after locking them against changes, but not reads."""
        ...

    def add(self, mechanic: Mechanic) -> Mechanic:
        """Store a new mechanic and return it with its id. Raises `EmailTaken`."""
        ...

    def save(self, mechanic: Mechanic) -> Mechanic:
        """Store the changed mechanic and return it with its new version.

        Raises `LostRace` when the stored version is another one, and `EmailTaken`.
        """
        ...


class MechanicLists(Protocol):
    """Lists of mechanics."""

    def find(self, page: PageRequest, *, active_only: bool, q: str | None = None) -> Page[Mechanic]:
        """Return mechanics by id; *q* is a query for words of the name."""
        ...


class Standings(Protocol):
    """The leaderboard."""

    def top(self, limit: int, period: Period) -> tuple[Standing, ...]:
        """Return the first *limit* of all mechanics by tickets worked in *period*.

        Most tickets first, ties by name, then id; mechanics without tickets have zero.
        """
        ...
