"""The contract of the methods that change everything that one customer has."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.busy_shop import busy_shop
from mechanic_adapters.conformance.samples.estimates import (
    add_recommendation,
    new_recommendation,
)
from mechanic_adapters.conformance.samples.events import read
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    LATER,
    add_customer,
    add_ticket,
    add_vehicle,
    new_entry,
)
from mechanic_adapters.conformance.vehicles import OTHER_VIN, VIN, plates
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType
from mechanic_core.idempotency import ERASED, StoredAnswer
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.unit_of_work import Store


def changes(store: Store, type_: EventType) -> list[tuple[int, tuple[str, ...]]]:
    """Return the subject and the changed members of each event of a type, by subject."""
    events = (event for event in read(store).events if event.type is type_)
    return sorted((event.subject_id, event.changes) for event in events)


class TestVehicleOwners:
    """Changes of the owner of all vehicles of a customer."""

    def test_takes_the_vehicles_of_a_customer_away(self, store: Store) -> None:
        """The vehicles of one customer lose owner and plate, with an event; others' do not."""
        ada, bo = add_customer(store), add_customer(store)
        mine = add_vehicle(store, ada, vin=VIN, plate="A 1")
        bare = add_vehicle(store, ada, vin=OTHER_VIN)
        others = add_vehicle(store, bo, plate="B 2")
        gone: dict[str, Any] = {"customer_id": None, "plate": None, "updated_at": LATER}

        with store.begin() as work:
            work.vehicle_lists.disown(ada.id, LATER)

        with store.read_only() as work:
            assert others == work.vehicles.get(others.id)
            assert evolve(mine, **gone, version=mine.version + 1) == work.vehicles.get(mine.id)
            assert evolve(bare, **gone, version=bare.version + 1) == work.vehicles.get(bare.id)
        expected = [(mine.id, ("customer_id", "plate")), (bare.id, ("customer_id",))]
        assert expected == changes(store, EventType.VEHICLE_CHANGED)

    def test_gives_the_vehicles_of_a_customer_to_another(self, store: Store) -> None:
        """All vehicles of one customer become another's as they are; a search finds them there."""
        ada, bo, cy = (add_customer(store, name=name) for name in ("Ada", "Bo", "Cy"))
        mine = [add_vehicle(store, ada, vin=VIN, plate="A 1"), add_vehicle(store, ada, plate="A 2")]
        others = add_vehicle(store, cy, plate="C 3")

        with store.begin() as work:
            work.vehicle_lists.reassign(ada.id, bo.id, LATER)

        with store.read_only() as work:
            assert others == work.vehicles.get(others.id)
            for one in mine:
                moved = evolve(one, customer_id=bo.id, updated_at=LATER, version=one.version + 1)
                assert moved == work.vehicles.get(one.id)
        assert ([], ["A 1", "A 2"]) == (plates(store, q="ada"), plates(store, q="bo"))
        moves = [(one.id, ("customer_id",)) for one in mine]
        assert moves == changes(store, EventType.VEHICLE_CHANGED)
        with pytest.raises(LostRace), store.begin() as work:
            work.vehicles.save(evolve(mine[0], make="Ford"))


class TestTicketOwners:
    """Changes of the customer of all tickets of one customer."""

    def test_gives_the_tickets_of_a_customer_to_another(self, store: Store) -> None:
        """Each ticket becomes the other's as it is, in any status, with a line in its history."""
        shop = busy_shop(store)
        former, owner = shop.customers
        entry = evolve(new_entry(from_="customer 1", to="customer 2", note="merged"), at=LATER)

        with store.begin() as work:
            work.ticket_owners.lock(former.id)
            work.ticket_owners.reassign(former.id, owner.id, entry)

        moved = [one for one in shop.tickets if one.customer_id == former.id]
        expected = {one.id: one for one in shop.tickets} | {
            one.id: evolve(one, customer_id=owner.id, updated_at=LATER, version=one.version + 1)
            for one in moved
        }
        with store.read_only() as work:
            assert () == work.ticket_lists.find(TicketFilter(customer_id=former.id), ALL).items
            assert tuple(expected.values()) == work.ticket_lists.find(TicketFilter(), ALL).items
            for ticket in shop.tickets[:4]:
                _, *lines = work.histories.of(ticket.id, ALL).items
                assert [entry] * (ticket in moved) == [evolve(one, id=entry.id) for one in lines]
        moves = [(one.id, ("customer_id",)) for one in moved]
        assert moves == changes(store, EventType.TICKET_CHANGED)
        with pytest.raises(LostRace), store.begin() as work:
            work.tickets.save(evolve(moved[0], description="Squeals"), new_entry())

    def test_gives_what_was_declined_too(self, store: Store) -> None:
        """Recommendations of the customer's tickets become the other's; nobody else's do."""
        ada, bo, cy = (add_customer(store) for _ in "abc")
        mine = [add_recommendation(store, new_recommendation(add_ticket(store, ada))) for _ in "ab"]
        other = add_recommendation(store, new_recommendation(add_ticket(store, cy)))

        with store.begin() as work:
            work.ticket_owners.reassign(ada.id, bo.id, evolve(new_entry(), at=LATER))

        with store.read_only() as work:
            for one in mine:
                moved = evolve(one, customer_id=bo.id, updated_at=LATER, version=2)
                assert moved == work.recommendations.get(one.id)
            assert other == work.recommendations.get(other.id)
        moves = [(one.id, ("customer_id",)) for one in mine]
        assert moves == changes(store, EventType.RECOMMENDATION_CHANGED)

    def test_moves_removed_tickets_without_an_event(self, store: Store) -> None:
        """A removed ticket changes hands too; what cannot be read has no event."""
        ada, bo = add_customer(store), add_customer(store)
        removed = add_ticket(store, ada).mark_removed(LATER, started=False)
        with store.begin() as work:
            work.tickets.save(removed, new_entry())
        present = add_ticket(store, ada)

        with store.begin() as work:
            work.ticket_owners.reassign(ada.id, bo.id, new_entry())

        assert [(present.id, ("customer_id",))] == changes(store, EventType.TICKET_CHANGED)
        with store.read_only() as work:
            logs = [work.histories.of(one.id, ALL).items for one in (removed, present)]
        assert [2 + 1, 1 + 1] == [len(log) for log in logs]


class TestAnswersOfOwners:
    """Stored answers about a customer who becomes another."""

    def test_makes_answers_about_one_customer_about_another_too(self, store: Store) -> None:
        """The answers are found as before, and forgotten with the other customer."""
        ada, bo, cy = (add_customer(store).id for _ in "abc")
        about = {"one": {ada}, "both": {ada, bo}, "another": {cy}}

        def contents() -> list[bytes | None]:
            with store.begin() as work:
                answers = [work.stored_answers.claim(key, AT) for key in about]
            return [answer.content if answer else None for answer in answers]

        with store.begin() as work:
            for key, ids in about.items():
                answer = StoredAnswer(
                    key=key, fingerprint="f", content=b"{}", about=frozenset(ids), at=AT
                )
                work.stored_answers.add(answer)
            work.stored_answers.reassign(ada, bo)
        replayed = contents()
        with store.begin() as work:
            work.stored_answers.forget(bo)

        assert ([b"{}"] * 3, [ERASED, ERASED, b"{}"]) == (replayed, contents())
