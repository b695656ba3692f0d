"""The contract of `Tickets`: one ticket at a time."""

from typing import Any, Final

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.declarations import Lock, Write
from mechanic_adapters.conformance.samples.records import (
    ALL,
    AT,
    DAY,
    LATER,
    UNKNOWN,
    add_customer,
    add_mechanic,
    add_part,
    add_ticket,
    add_vehicle,
    new_charge,
    new_entry,
    new_job,
    new_labor_line,
    new_part_line,
    new_ticket,
    new_vin,
    with_ids,
)
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.errors import LostRace
from mechanic_core.events.event import EventType
from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, Money
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.pricing.line import LineKind
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket, TicketId, TicketNotFound
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store, Work


def _work_on(work: Work, seed: Seed) -> None:
    ticket = work.tickets.lock(seed.ticket.id)
    work.tickets.save(ticket.with_line(new_labor_line(), AT), new_entry())


def _labor_lines(work: Work, seed: Seed) -> int:
    return len(work.tickets.get(seed.ticket.id).labor)


WRITES: Final = (
    Write(
        "tickets.add",
        lambda work, seed: work.tickets.add(new_ticket(seed.customer), new_entry()),
        "tickets",
        {EventType.TICKET_CREATED: ()},
    ),
    Write(
        "tickets.save",
        lambda work, seed: work.tickets.save(evolve(seed.ticket, mechanics=()), new_entry()),
        "tickets",
        {EventType.TICKET_CHANGED: ("mechanics",)},
    ),
)
LOCKS: Final = (
    Lock(
        "tickets.lock",
        lambda work, seed: work.tickets.lock(seed.ticket.id),
        _work_on,
        _labor_lines,
    ),
    Lock(
        "tickets.lock_with_mechanics",
        lambda work, seed: work.tickets.lock_with_mechanics(seed.ticket.id, [seed.mechanic.id]),
        _work_on,
        _labor_lines,
    ),
)


def save(store: Store, ticket: Ticket) -> Ticket:
    """Save *ticket* in a transaction of its own."""
    with store.begin() as work:
        return work.tickets.save(ticket, new_entry())


def read(store: Store, ticket: Ticket) -> Ticket:
    """Return the stored ticket."""
    with store.read_only() as work:
        return work.tickets.get(ticket.id)


class TestTickets:
    """Tickets; removed ones are not found."""

    def test_returns_what_was_added(self, store: Store) -> None:
        """A ticket comes back as added, with vehicle, mechanics and lines in order."""
        ada, bo, cy = add_customer(store), add_mechanic(store), add_mechanic(store)
        vehicle = add_vehicle(store, ada, vin=new_vin(), plate="A 1", make="VW", year=2003)
        part = add_part(store, name="Pâd", price=MAX_MONEY)
        new = new_ticket(
            ada,
            *(bo, cy),
            vehicle=vehicle,
            status=Status.ON_HOLD,
            description="Grinds.\n\tAlways.",
            parts=(
                new_part_line(part, MAX_QUANTITY),
                new_part_line(add_part(store), 1),
                new_part_line(part),
            ),
            labor=(new_labor_line(mechanic_id=bo.id), new_labor_line("Clean up")),
            charges=(new_charge(), new_charge(LineKind.FEE)),
            updated_at=LATER,
        )

        with store.begin() as work:
            added = work.tickets.add(new, new_entry())

        assert with_ids(new, added) == added == read(store, added)

    def test_accepts_the_required_fields_only(self, store: Store) -> None:
        """Customer, service date and description are enough."""
        added = add_ticket(store, add_customer(store), jobs=())

        with store.begin() as work:
            assert added == work.tickets.get(added.id) == work.tickets.lock(added.id)

    def test_saves_a_change(self, store: Store) -> None:
        """A change of everything comes back with the next version."""
        ada, bo, cy = add_customer(store), add_mechanic(store), add_mechanic(store)
        part = add_part(store)
        added = add_ticket(store, ada, bo, vehicle=add_vehicle(store, ada))
        other = add_vehicle(store, ada, plate="B 2")
        changed = evolve(
            added,
            customer_id=add_customer(store).id,
            vehicle=TicketVehicle.of(other),
            service_date=DAY.replace(year=2027),
            description="Squeals",
            status=Status.IN_PROGRESS,
            mechanics=new_ticket(ada, cy).mechanics,
            jobs=(*added.jobs, new_job()),
            parts=(new_part_line(part),),
            labor=(new_labor_line(),),
            charges=(new_charge(job_id=added.jobs[0].id),),
            updated_at=LATER,
        )

        after = save(store, changed)

        expected = evolve(with_ids(changed, after), version=added.version + 1)
        assert expected == after == read(store, added)

    def test_saves_empty_fields(self, store: Store) -> None:
        """Vehicle, mechanics, jobs, lines and discounts can be removed."""
        ada, part = add_customer(store), add_part(store)
        added = add_ticket(
            store,
            ada,
            add_mechanic(store),
            vehicle=add_vehicle(store, ada),
            parts=(new_part_line(part),),
            labor=(new_labor_line(),),
            charges=(new_charge(),),
            discounts=(TicketDiscount(scope=Scope.ALL, amount=Money(5), reason="Regular"),),
        )
        none: dict[str, Any] = dict.fromkeys(
            ("mechanics", "jobs", "parts", "labor", "charges", "discounts"), ()
        )
        changed = evolve(added, vehicle=None, **none)

        after = save(store, changed)

        assert evolve(changed, version=added.version + 1) == after == read(store, added)

    def test_changes_no_other_ticket(self, store: Store) -> None:
        """A change of one ticket does not affect lines and mechanics of another."""
        ada, bo, part = add_customer(store), add_mechanic(store), add_part(store)
        lines: dict[str, Any] = {"parts": (new_part_line(part),), "labor": (new_labor_line(),)}
        one, other = add_ticket(store, ada, bo, **lines), add_ticket(store, ada, bo, **lines)

        save(store, evolve(one, mechanics=(), parts=(), labor=()))

        assert other == read(store, other)

    def test_refuses_an_old_version(self, store: Store) -> None:
        """Of two changes of the same version, the second is refused and changes nothing."""
        added = add_ticket(store, add_customer(store))
        after = save(store, evolve(added, description="First"))

        with pytest.raises(LostRace):
            save(store, evolve(added, description="Second", jobs=()))

        assert after == read(store, added)
        with store.read_only() as work:
            events = [entry.id for entry in work.histories.of(added.id, ALL).items]
        assert sorted(set(events))[:2] == events

    def test_refuses_an_unknown_id(self, store: Store) -> None:
        """An unknown id is not found."""
        with pytest.raises(TicketNotFound), store.read_only() as work:
            work.tickets.get(TicketId(UNKNOWN))
        with pytest.raises(TicketNotFound), store.begin() as work:
            work.tickets.lock(TicketId(UNKNOWN))

    def test_locks_a_ticket_with_mechanics(self, store: Store) -> None:
        """The ticket comes with those of the mechanics who exist."""
        bo, left = add_mechanic(store), add_mechanic(store, active=False)
        ticket = add_ticket(store, add_customer(store), bo)

        with store.begin() as work:
            locked, known = work.tickets.lock_with_mechanics(ticket.id, [left.id, UNKNOWN, bo.id])

            assert (ticket, {bo.id: bo, left.id: left}) == (locked, dict(known))
            assert (ticket, {}) == work.tickets.lock_with_mechanics(ticket.id, [])

    def test_hides_the_removed(self, store: Store) -> None:
        """A removed ticket is not found."""
        ada = add_customer(store)
        added = add_ticket(store, ada)

        save(store, added.mark_removed(LATER, started=False))

        with pytest.raises(TicketNotFound):
            read(store, added)
        with pytest.raises(TicketNotFound), store.begin() as work:
            work.tickets.lock(added.id)
        with store.read_only() as work:
            assert () == work.ticket_lists.find(TicketFilter(), ALL).items
            assert () == work.ticket_lists.unfinished_of(ada.id)

    def test_returns_current_mechanics(self, store: Store) -> None:
        """Each mechanic of a ticket has the current name, and is active or has left."""
        ada, bo = add_customer(store), add_mechanic(store, name="Bo")
        added = add_ticket(store, ada, bo, add_mechanic(store, name="Cy"))

        with store.begin() as work:
            work.mechanics.save(evolve(bo, name="Bob", active=False))

        with store.begin() as work:
            tickets = [work.tickets.get(added.id), work.tickets.lock(added.id)]
            tickets += work.ticket_lists.find(TicketFilter(), ALL).items
        for ticket in tickets:
            mechanics = [(mechanic.name, mechanic.active) for mechanic in ticket.mechanics]
            assert [("Bob", False), ("Cy", True)] == mechanics

    def test_has_a_copy_of_its_vehicle(self, store: Store) -> None:
        """A ticket shows its vehicle as it was copied, also after a change of its data or owner."""
        ada, ben = add_customer(store), add_customer(store)
        vehicle = add_vehicle(
            store, ada, vin=new_vin(), plate="A 1", make="VW", model="Golf", year=1999, odometer=7
        )
        added = add_ticket(store, ada, vehicle=vehicle)

        with store.begin() as work:
            changed = evolve(vehicle, customer_id=ben.id, vin=new_vin(), plate="B 2", make="Seat")
            work.vehicles.save(evolve(changed, model="Leon", year=2005, odometer=8))

        assert TicketVehicle.of(vehicle) == added.vehicle
        assert added == read(store, added)
        with store.begin() as work:
            assert added == work.tickets.lock(added.id)
            assert (added,) == work.ticket_lists.find(TicketFilter(), ALL).items

    def test_erases_the_plates_of_a_customer(self, store: Store) -> None:
        """The plates on all tickets of one customer are removed, as a change; the rest stays."""
        ada, ben = add_customer(store), add_customer(store)
        vehicle = add_vehicle(store, ada, plate="A 1", make="VW")
        plated, removed = (
            add_ticket(store, ada, vehicle=vehicle, removed_at=at) for at in (None, LATER)
        )
        others = add_ticket(store, ben, vehicle=vehicle)
        without = add_ticket(store, ada)

        with store.begin() as work:
            work.ticket_lists.erase_plates(ada.id, LATER)

        copy = evolve(TicketVehicle.of(vehicle), plate=None)
        erased = evolve(plated, vehicle=copy, updated_at=LATER, version=plated.version + 1)
        assert (erased, others, without) == tuple(
            read(store, ticket) for ticket in (plated, others, without)
        )
        with pytest.raises(LostRace):
            save(store, evolve(removed, description="with its plate"))

    def test_outlives_the_customer(self, store: Store) -> None:
        """Tickets of an erased customer stay."""
        ada = add_customer(store)
        added = add_ticket(store, ada, status=Status.CLOSED)

        with store.begin() as work:
            work.customers.save(ada.erase(LATER))

        assert added == read(store, added)
