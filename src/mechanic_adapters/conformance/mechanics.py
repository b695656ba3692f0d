"""The contract of `Mechanics`."""

from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import (
    Lock,
    PaginatedList,
    UniqueValue,
    Write,
)
from mechanic_adapters.conformance.samples.records import ALL, UNKNOWN, add_mechanic, new_mechanic
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.access import Role
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.events.event import EventType
from mechanic_core.mechanics.mechanic import MechanicId, MechanicNotFound
from mechanic_core.money import MAX_MONEY
from mechanic_core.unit_of_work import Store, Work


def _rename(work: Work, seed: Seed) -> None:
    mechanic, _ = work.mechanics.lock(seed.mechanic.id)
    work.mechanics.save(evolve(mechanic, name=mechanic.name + "!"))


def _renames(work: Work, seed: Seed) -> int:
    return work.mechanics.get(seed.mechanic.id).name.count("!")


WRITES: Final = (
    Write(
        "mechanics.add",
        lambda work, _: work.mechanics.add(new_mechanic()),
        "mechanics",
        {EventType.MECHANIC_CREATED: ()},
    ),
    Write(
        "mechanics.save",
        lambda work, seed: work.mechanics.save(evolve(seed.mechanic, name="Changed")),
        "mechanics",
        {EventType.MECHANIC_CHANGED: ("name",)},
    ),
)
UNIQUE_VALUES: Final = (
    UniqueValue(
        "staff e-mail",
        lambda work, _: work.mechanics.add(new_mechanic(email="a@b.c")),
        EmailTaken,
    ),
)
LISTS: Final = (
    PaginatedList(
        "mechanics",
        lambda work, _, page: work.mechanic_lists.find(page, active_only=True),
        lambda work, _: work.mechanics.add(new_mechanic()),
    ),
)
LOCKS: Final = (
    Lock(
        "mechanics.lock",
        lambda work, seed: work.mechanics.lock(seed.mechanic.id),
        _rename,
        _renames,
    ),
    Lock(
        "mechanics.lock_shared",
        lambda work, seed: work.mechanics.lock_shared([seed.mechanic.id]),
        _rename,
        _renames,
    ),
    Lock(
        "tickets.lock_with_mechanics, mechanics",
        lambda work, seed: work.tickets.lock_with_mechanics(seed.ticket.id, [seed.mechanic.id]),
        _rename,
        _renames,
    ),
)


class TestMechanics:
    """Mechanics, current and former."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A mechanic comes back as added, with an id."""
        new = new_mechanic(
            name="Zoë Ürk",
            phone="555 x12",
            salary=MAX_MONEY,
            specialty="brakes & clutch",
            role=Role.MANAGER,
            active=False,
        )

        with store.begin() as work:
            added = work.mechanics.add(new)

        assert evolve(new, id=added.id) == added
        assert added.id > 0
        with store.read_only() as work:
            assert added == work.mechanics.get(added.id)

    def test_accepts_the_required_fields_only(self, store: Store) -> None:
        """Name and e-mail are enough; a salary of 0 differs from none."""
        unknown, unpaid = add_mechanic(store), add_mechanic(store, salary=0)

        with store.read_only() as work:
            assert unknown == work.mechanics.get(unknown.id)
            assert unpaid == work.mechanics.get(unpaid.id)

    def test_saves_a_change(self, store: Store) -> None:
        """A change comes back with the next version."""
        added = add_mechanic(store, salary=5, specialty="clutches", phone="555")
        changed = evolve(
            added,
            name="Cy",
            email="cy@example.com",
            phone=None,
            salary=None,
            specialty=None,
            role=Role.MANAGER,
            active=False,
        )

        with store.begin() as work:
            saved = work.mechanics.save(changed)

        assert evolve(changed, version=added.version + 1) == saved
        with store.read_only() as work:
            assert saved == work.mechanics.get(added.id)

    def test_refuses_an_unknown_id(self, store: Store) -> None:
        """An unknown id is not found."""
        with pytest.raises(MechanicNotFound), store.read_only() as work:
            work.mechanics.get(MechanicId(UNKNOWN))
        with pytest.raises(MechanicNotFound), store.begin() as work:
            work.mechanics.lock(MechanicId(UNKNOWN))

    def test_refuses_a_taken_email(self, store: Store) -> None:
        """Another mechanic's e-mail is refused, in any case, even after that mechanic has left."""
        add_mechanic(store, email="bo@example.com", active=False)
        cy = add_mechanic(store, email="cy@example.com")

        with pytest.raises(EmailTaken), store.begin() as work:
            work.mechanics.add(new_mechanic(email="BO@example.com"))
        with pytest.raises(EmailTaken), store.begin() as work:
            work.mechanics.save(evolve(cy, email="Bo@example.com"))
        with store.begin() as work:
            assert "CY@example.com" == work.mechanics.save(evolve(cy, email="CY@example.com")).email

    def test_counts_active_managers(self, store: Store) -> None:
        """Locking a mechanic returns the number of active managers, that one included."""
        bo = add_mechanic(store)
        boss = add_mechanic(store, role=Role.MANAGER)
        add_mechanic(store, role=Role.MANAGER, active=False)

        with store.begin() as work:
            assert (bo, 1) == work.mechanics.lock(bo.id)
            assert (boss, 1) == work.mechanics.lock(boss.id)
            left = work.mechanics.save(evolve(boss, active=False))
            assert (left, 0) == work.mechanics.lock(boss.id)

    def test_locks_those_who_exist(self, store: Store) -> None:
        """Unknown ids are left out; former mechanics are included."""
        bo, cy = add_mechanic(store), add_mechanic(store, active=False)

        with store.begin() as work:
            assert {bo.id: bo, cy.id: cy} == dict(
                work.mechanics.lock_shared([cy.id, UNKNOWN, bo.id])
            )
            assert {} == dict(work.mechanics.lock_shared([]))

    def test_lists_by_id(self, store: Store) -> None:
        """The list has all mechanics, or the active ones, by id."""
        zed = add_mechanic(store, name="Zed")
        ada = add_mechanic(store, name="Ada", active=False)
        bo = add_mechanic(store, name="Bo")

        with store.read_only() as work:
            assert (zed, ada, bo) == work.mechanic_lists.find(ALL, active_only=False).items
            assert (zed, bo) == work.mechanic_lists.find(ALL, active_only=True).items

    @pytest.mark.parametrize("q", ["moore ad", "MOO ádá", "ada-m"])
    def test_finds_the_beginnings_of_words(self, store: Store, q: str) -> None:
        """Each word of a search begins a word of the name; inactive mechanics are found too."""
        ada = add_mechanic(store, name="Ada Moore")
        gone = add_mechanic(store, name="Mooréa Adams-Ada", active=False)
        add_mechanic(store, name="Moore", email="ada@example.com")
        add_mechanic(store, name="Ada Lamoore")

        with store.read_only() as work:
            assert (ada,) == work.mechanic_lists.find(ALL, active_only=True, q=q).items
            assert (ada, gone) == work.mechanic_lists.find(ALL, active_only=False, q=q).items

    def test_finds_what_was_changed(self, store: Store) -> None:
        """A search finds the present words only."""
        ada = add_mechanic(store, name="Ada Moore")

        with store.begin() as work:
            saved = work.mechanics.save(evolve(ada, name="Ada Byron"))

        with store.read_only() as work:
            for q, expected in {"moore": (), "byron": (saved,), "%": ()}.items():
                assert expected == work.mechanic_lists.find(ALL, active_only=True, q=q).items
