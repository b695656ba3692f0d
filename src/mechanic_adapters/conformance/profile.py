"""The contract of `Profiles`."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, PaginatedList, Write
from mechanic_adapters.conformance.samples.records import ALL, LATER, NOBODY, UNKNOWN, add_mechanic
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Actor, By, Role
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.profile.profile import INITIAL_PROFILE, Profile, ProfileChange
from mechanic_core.unit_of_work import Store, Work


def change(work: Work, before: Profile, actor: Actor = NOBODY, **values: Any) -> Profile:
    """Save *before* with other values."""
    after = evolve(before, updated_at=LATER, **values)
    return work.profiles.save(after, ProfileChange.between(before, after, actor))


def _move(work: Work, _: Seed) -> None:
    profile = work.profiles.lock()
    change(work, profile, address=f"{profile.version} Mill Lane")


def profile_of(store: Store) -> Profile:
    """Return the profile."""
    with store.read_only() as work:
        return work.profiles.get()


def history_of(store: Store) -> tuple[ProfileChange, ...]:
    """Return the history of the profile."""
    with store.read_only() as work:
        return work.profiles.history(ALL).items


WRITES: Final = (
    Write(
        "profiles.save",
        lambda work, _: change(work, INITIAL_PROFILE, name="Changed"),
        "shop_profile",
        {EventType.SHOP_CHANGED: ("name",)},
    ),
)
LISTS: Final = (
    PaginatedList("profiles.history", lambda work, _, page: work.profiles.history(page), _move),
)
LOCKS: Final = (
    Lock(
        "profiles.lock",
        lambda work, _: work.profiles.lock(),
        _move,
        lambda work, _: work.profiles.get().version - INITIAL_PROFILE.version,
    ),
)

FULL: Final[dict[str, Any]] = {
    "name": "Größe & Söhne 🔧",
    "address": "12 Mill Lane",
    "phone": "+1-555-0100",
    "email": "desk@shop.example",
    "time_zone": "Pacific/Honolulu",
}


class TestProfiles:
    """The shop's profile."""

    def test_has_one_from_the_start(self, store: Store) -> None:
        """A new store has the profile of a new shop, and no history."""
        assert INITIAL_PROFILE == profile_of(store)
        assert () == history_of(store)

    def test_saves_a_change(self, store: Store) -> None:
        """Every value comes back, with the next version."""
        with store.begin() as work:
            saved = change(work, work.profiles.lock(), **FULL)

        assert Profile(**FULL, updated_at=LATER, version=2) == saved == profile_of(store)

    def test_locks_what_it_returns(self, store: Store) -> None:
        """`lock` returns the same record as `get`, also after a change in the same transaction."""
        with store.begin() as work:
            change(work, work.profiles.lock(), name="Changed")

            assert work.profiles.lock() == work.profiles.get()

    def test_saves_twice_in_a_transaction(self, store: Store) -> None:
        """The second save builds on the first."""
        with store.begin() as work:
            once = change(work, INITIAL_PROFILE, name="Once")
            twice = change(work, once, name="Twice")

        assert (3, twice) == (twice.version, profile_of(store))
        assert ["Once", "Twice"] == [entry.after.name for entry in history_of(store)]

    @pytest.mark.parametrize("version", [0, 2])
    def test_refuses_another_version(self, store: Store, version: int) -> None:
        """Saving another version than the stored one raises `LostRace`, and changes nothing."""
        with pytest.raises(LostRace), store.begin() as work:
            change(work, evolve(INITIAL_PROFILE, version=version), name="Lost")

        assert (INITIAL_PROFILE, ()) == (profile_of(store), history_of(store))

    def test_records_each_change(self, store: Store) -> None:
        """The history says who changed what when, oldest first, with all values."""
        bo = add_mechanic(store, name="Bo", role=Role.MANAGER)
        with store.begin() as work:
            moved = change(work, INITIAL_PROFILE, Actor(Role.MANAGER, bo.id), **FULL)
            change(work, moved, address=None, phone=None)

        first, second = history_of(store)
        by = By(role=Role.MANAGER, id=bo.id, name="Bo")
        assert evolve(
            ProfileChange.between(INITIAL_PROFILE, moved, NOBODY), id=first.id, by=by
        ) == (first)
        assert tuple(FULL) == first.changes
        assert (("address", "phone"), By(role=None, id=0)) == (second.changes, second.by)
        assert 0 < first.id < second.id

    def test_is_a_subject_of_events(self, store: Store) -> None:
        """The profile is found by its id alone."""
        with store.read_only() as work:
            assert {1: INITIAL_PROFILE} == work.subjects.find(SubjectKind.SHOP, [1, UNKNOWN])
            assert {} == work.subjects.find(SubjectKind.SHOP, [UNKNOWN])
