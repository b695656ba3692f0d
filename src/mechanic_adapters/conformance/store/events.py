"""The contract of `Events` and `Subjects`, and of every port that changes a subject."""

from contextlib import suppress
from typing import Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.samples.events import read, types
from mechanic_adapters.conformance.samples.records import (
    AT,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
    add_vehicle,
    new_customer,
    new_entry,
)
from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_adapters.conformance.samples.seed import add_seed
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.errors import LostRace
from mechanic_core.events.event import (
    EventBy,
    EventSubject,
    EventType,
    Initiator,
    SubjectKind,
)
from mechanic_core.profile.profile import INITIAL_PROFILE
from mechanic_core.tickets.workflow import WORKFLOW, StatusChange
from mechanic_core.unit_of_work import Store

MECHANIC: Final = Actor(Role.MECHANIC, 3)


class TestEventsOfChanges:
    """Each change of a subject is an event of the same transaction."""

    @pytest.mark.parametrize("write", Write.collect("WRITES"), ids=lambda write: write.name)
    def test_writes_the_event_of_each_change(self, store: Store, write: Write) -> None:
        """A method that changes a subject writes its event; any other method writes none."""
        seed = add_seed(store)
        known = read(store).last

        with store.begin(MECHANIC) as work:
            write.act(work, seed)

        events = read(store, known).events
        assert write.events == {event.type: event.changes for event in events}
        assert all(EventBy(role=Initiator.MECHANIC, id=3) == event.by for event in events)

    @pytest.mark.parametrize("write", Write.collect("WRITES"), ids=lambda write: write.name)
    def test_writes_no_event_of_a_rollback(self, store: Store, write: Write) -> None:
        """What is rolled back has no event."""
        seed = add_seed(store)
        known = read(store)

        with rolled_back(store) as work:
            write.act(work, seed)

        assert known == read(store)

    @pytest.mark.parametrize("change", WORKFLOW, ids=lambda change: f"{change.start}-{change.to}")
    def test_names_the_change_of_status(self, store: Store, change: StatusChange) -> None:
        """Each change of a ticket's status has its type."""
        ticket = add_ticket(store, add_customer(store), status=change.start)
        known = read(store).last

        with store.begin() as work:
            after = work.tickets.save(
                evolve(ticket, status=change.to, updated_at=LATER), new_entry()
            )

        (event,) = read(store, known).events
        assert (change.event, ("status",)) == (event.type, event.changes)
        assert (f"/service_tickets/{ticket.id}", 2, LATER) == (
            event.subject,
            event.version,
            event.at,
        )
        assert event.version == after.version

    def test_names_each_kind_of_subject(self, store: Store) -> None:
        """New records have events with their path, version and time."""
        owner, mechanic, part = add_customer(store), add_mechanic(store), add_part(store)
        vehicle, ticket = add_vehicle(store, owner), add_ticket(store, owner)

        assert [
            (f"/customers/{owner.id}", 1, AT),
            (f"/mechanics/{mechanic.id}", 1, AT),
            (f"/inventory/{part.id}", 1, AT),
            (f"/vehicles/{vehicle.id}", 1, AT),
            (f"/service_tickets/{ticket.id}", 1, AT),
        ] == [(event.subject, event.version, event.at) for event in read(store).events]

    def test_has_an_event_for_each_version(self, store: Store) -> None:
        """A record that is saved twice in one transaction has two events, in order."""
        customer = add_customer(store)

        with store.begin() as work:
            once = work.customers.save(evolve(customer, name="Once"))
            work.customers.save(evolve(once, name="Twice", phone="555"))

        assert [(1, ()), (2, ("name",)), (3, ("name", "phone"))] == [
            (event.version, event.changes) for event in read(store).events
        ]

    def test_has_no_event_of_what_was_refused(self, store: Store) -> None:
        """A refused addition and a lost race write no event; the transaction goes on."""
        customer = add_customer(store, email="taken@example.com")
        with store.begin() as work:
            with suppress(EmailTaken):
                work.customers.add(new_customer(email="taken@example.com"))
            work.customers.save(evolve(customer, name="Saved"))
        with pytest.raises(LostRace), store.begin() as work:
            work.customers.save(evolve(customer, name="Lost"))

        assert [EventType.CUSTOMER_CREATED, EventType.CUSTOMER_CHANGED] == types(read(store).events)

    def test_holds_nothing_of_a_person(self, store: Store) -> None:
        """Events have names of members, never their values."""
        owner = add_customer(store, name="Zelda", email="zelda@example.com", phone="5550142")
        vehicle = add_vehicle(store, owner, plate="SECRET1")
        add_ticket(store, owner, vehicle=vehicle)
        with store.begin() as work:
            work.customers.save(owner.erase(LATER))
            work.vehicle_lists.disown(owner.id, LATER)
            work.ticket_lists.erase_plates(owner.id, LATER)

        events = read(store).events
        assert EventType.CUSTOMER_ERASED in types(events)
        assert [] == [one for one in ("Zelda", "5550142", "SECRET1") if one in repr(events)]


class TestActors:
    """An event names who made the change: the actor of the innermost block."""

    def test_takes_the_actor_of_the_block(self, store: Store) -> None:
        """A block that joins another has an actor of its own, or that of the block around it."""
        manager = Actor(Role.MANAGER, 4)
        with store.begin(manager) as work:
            work.customers.add(new_customer())
            with store.begin(MECHANIC) as inner:
                inner.customers.add(new_customer())
            with store.begin() as inner:
                inner.customers.add(new_customer())

        assert [(Initiator.MANAGER, 4), (Initiator.MECHANIC, 3), (Initiator.MANAGER, 4)] == [
            (event.by.role, event.by.id) for event in read(store).events
        ]

    def test_knows_strangers_and_the_system(self, store: Store) -> None:
        """An anonymous caller has no id, and neither has the system."""
        for actor in (ANONYMOUS, None):
            with store.begin(actor) as work:
                work.customers.add(new_customer())

        assert [(Initiator.ANONYMOUS, None), (Initiator.SYSTEM, None)] == [
            (event.by.role, event.by.id) for event in read(store).events
        ]


class TestSubjects:
    """The present records of subjects, many at a time."""

    def test_finds_what_can_be_read(self, store: Store) -> None:
        """Each kind is found by its ids; what is missing is left out."""
        seed = add_seed(store)
        wanted: dict[SubjectKind, EventSubject] = {
            SubjectKind.CUSTOMER: seed.customer,
            SubjectKind.VEHICLE: seed.vehicle,
            SubjectKind.MECHANIC: seed.mechanic,
            SubjectKind.PART: seed.part,
            SubjectKind.TICKET: seed.ticket,
            SubjectKind.ESTIMATE: seed.estimate,
            SubjectKind.RECOMMENDATION: seed.recommendation,
            SubjectKind.INVOICE: seed.invoice,
            SubjectKind.CREDIT_NOTE: seed.credit_note,
            SubjectKind.PAYMENT: seed.payment,
            SubjectKind.SHOP: INITIAL_PROFILE,
        }

        assert set(SubjectKind) == wanted.keys()
        with store.read_only() as work:
            found = {
                kind: work.subjects.find(kind, [record.id, UNKNOWN])
                for kind, record in wanted.items()
            }

        assert {kind: {record.id: record} for kind, record in wanted.items()} == found

    def test_leaves_out_what_is_gone(self, store: Store) -> None:
        """Erased customers, removed tickets and deleted vehicles are left out."""
        seed = add_seed(store)
        with store.begin() as work:
            work.tickets.save(evolve(seed.ticket, removed_at=LATER), new_entry())
            work.vehicles.remove(seed.vehicle, LATER)
            work.customers.save(seed.customer.erase(LATER))

        with store.read_only() as work:
            found = [
                work.subjects.find(SubjectKind.CUSTOMER, [seed.customer.id]),
                work.subjects.find(SubjectKind.VEHICLE, [seed.vehicle.id]),
                work.subjects.find(SubjectKind.TICKET, [seed.ticket.id]),
            ]
        assert [{}, {}, {}] == found

    def test_has_archived_parts(self, store: Store) -> None:
        """An archived part is a subject as staff read it, and can be restored."""
        part = add_part(store)
        with store.begin() as work:
            (archived,) = work.parts.save([part.archive(LATER)])

        with store.read_only() as work:
            assert {part.id: archived} == work.subjects.find(SubjectKind.PART, [part.id])
