"""The shop's profile in memory."""

from collections.abc import Callable
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.billing.payments import PAYMENTS
from mechanic_adapters.memory.repositories.inventory import PARTS
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import TableName, Tables, note_change
from mechanic_core.errors import LostRace, NotFound
from mechanic_core.events.event import SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.ports import Profiles
from mechanic_core.profile.profile import (
    INITIAL_PROFILE,
    Profile,
    ProfileChange,
    ProfileChangeId,
)

_PROFILE: Final = TableName[int, Profile]("shop_profile", "shop_profile")
_HISTORY: Final = TableName[int, ProfileChange]("profile_history", "shop_profile")


@final
@frozen
class MemoryProfiles(Profiles):
    """The one profile, and all changes of it."""

    _tables: Tables

    def get(self) -> Profile:
        return self._tables[_PROFILE].get(INITIAL_PROFILE.id) or INITIAL_PROFILE

    def lock(self) -> Profile:
        return self.get()

    def save(self, profile: Profile, change: ProfileChange) -> Profile:
        before, history = self.get(), self._tables[_HISTORY]
        if before.version != profile.version:
            raise LostRace
        after = evolve(profile, version=profile.version + 1)
        note_change(self._tables, before, after)
        entry = evolve(change, id=ProfileChangeId(history.next_id()))
        history.put(entry.id, entry)
        return self._tables[_PROFILE].put(after.id, after)

    def history(self, page: PageRequest) -> Page[ProfileChange]:
        found = paginate(self._tables[_HISTORY].all(), page, lambda entry: entry.id)
        return found.map(lambda entry: evolve(entry, by=with_name(self._tables, entry.by)))

    def has_prices(self) -> bool:
        work = any(ticket.labor or ticket.charges for ticket in self._tables[TICKETS].all())
        return work or bool(self._tables[PARTS].all() or self._tables[PAYMENTS].all())


def _reader(tables: Tables) -> Callable[[int], Profile]:
    """Return what returns the profile by its id, or raises `NotFound`."""

    def read(profile_id: int) -> Profile:
        profile = MemoryProfiles(tables).get()
        if profile.id != profile_id:
            raise NotFound
        return profile

    return read


SUBJECTS: Final = {SubjectKind.SHOP: _reader}
