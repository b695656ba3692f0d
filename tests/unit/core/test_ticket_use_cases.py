"""Open, read, change and remove tickets."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from mechanic_core.access import Actor, Role, RoleForbids
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Refused, RuleBroken, Unknown
from mechanic_core.events.event import EventType
from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.bounds import MAX_UNFINISHED, TooMany
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TicketForm
from mechanic_core.tickets.history import Entry, HistoryEvent
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import (
    Ticket,
    TicketChanged,
    TicketFrozen,
    TicketId,
    TicketNotFound,
    TicketStarted,
)
from mechanic_core.tickets.ticket_vehicle import TicketVehicle
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId, VinTaken
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON, sample
from tests.unit.core.conftest import ALL, Premises

CLEO = Actor(Role.CUSTOMER, 2)
VIN, NEW_VIN = "1HGCM82633A004352", "5YJSA1DG9DFP14705"


def names(ticket: Ticket) -> list[str]:
    """Return the names of the assigned mechanics."""
    return [mechanic.name for mechanic in ticket.mechanics]


def correct(premises: Premises, ticket: Ticket, **values: Any) -> Ticket:
    """Change some details of a ticket as PATCH does."""
    return premises.shop.change_ticket(MECHANIC, ticket.id, lambda form: evolve(form, **values))


def test_a_ticket_is_opened(premises: Premises) -> None:
    """
    A new ticket is open, for today, with its vehicle, mechanics and first history entry.
    """
    draft = sample(TicketDraft, customer_id=1, vin=VIN.lower(), mechanic_ids=(2, 1, 2))

    ticket = premises.shop.open_ticket(MECHANIC, draft)

    assert (1, VIN, Status.OPEN, NOON.date()) == (
        ticket.customer_id,
        ticket.vin,
        ticket.status,
        ticket.service_date,
    )
    assert ["Eve", "Bob"] == names(ticket)
    assert ticket == premises.read(ticket)
    (entry,) = premises.history(ticket.id)
    assert (HistoryEvent.OPENED, None, "open", "Bob") == (
        entry.event,
        entry.from_,
        entry.to,
        entry.by.name,
    )


def test_a_new_vin_adds_a_vehicle(premises: Premises) -> None:
    """
    A new VIN adds the vehicle once.
    """
    first = premises.open(vin=NEW_VIN)
    second = premises.open(vin=NEW_VIN)

    assert first.vehicle
    assert first.vehicle == second.vehicle
    assert 1 == premises.shop.read_vehicle(CUSTOMER, first.vehicle.id).customer_id


def test_customers_open_for_themselves(premises: Premises) -> None:
    """
    Customers can neither open a ticket for another customer nor assign mechanics.
    """
    ticket = premises.shop.open_ticket(CUSTOMER, sample(TicketDraft, vehicle_id=1))
    assert 1 == ticket.customer_id

    for draft, refusal in (
        (sample(TicketDraft, customer_id=2), Unknown),
        (sample(TicketDraft, mechanic_ids=()), RoleForbids),
    ):
        with pytest.raises(refusal):
            premises.shop.open_ticket(CUSTOMER, draft)


@pytest.mark.parametrize(
    ("given", "refusal", "pointers"),
    [
        ({"customer_id": None}, RuleBroken, ["#/customer_id"]),
        ({"customer_id": 99}, Unknown, ["#/customer_id"]),
        ({"vehicle_id": 99}, Unknown, ["#/vehicle_id"]),
        ({"customer_id": 2, "vehicle_id": 1}, Unknown, ["#/vehicle_id"]),
        ({"mechanic_ids": (99, 2, 98)}, Unknown, ["#/mechanic_ids/0", "#/mechanic_ids/2"]),
        (
            {"customer_id": 99, "mechanic_ids": (98,)},
            Unknown,
            ["#/customer_id", "#/mechanic_ids/0"],
        ),
        (
            {"vehicle_id": 99, "mechanic_ids": (2, 98)},
            Unknown,
            ["#/vehicle_id", "#/mechanic_ids/1"],
        ),
        (
            {"customer_id": None, "mechanic_ids": (98,)},
            RuleBroken,
            ["#/customer_id", "#/mechanic_ids/0"],
        ),
    ],
)
def test_unknown_ids_are_reported_at_once(
    premises: Premises,
    given: dict[str, object],
    refusal: type[RuleBroken] | type[Unknown],
    pointers: list[str],
) -> None:
    """
    With unknown ids nothing is stored, and all of them are reported.
    """
    with pytest.raises(refusal) as refused:
        premises.open(**given)

    assert pointers == [problem.pointer for problem in refused.value.problems]
    assert () == premises.shop.list_tickets(MANAGER, TicketFilter(), ALL).items


def test_the_vin_of_another_customer_is_taken(premises: Premises) -> None:
    """
    The VIN of another customer's vehicle adds no second vehicle.
    """
    with pytest.raises(VinTaken):
        premises.open(customer_id=2, vin=VIN)


def test_a_ticket_is_read_by_its_customer_and_staff(premises: Premises) -> None:
    """
    To another customer the ticket does not exist.
    """
    ticket = premises.open()

    for actor in (CUSTOMER, MECHANIC, MANAGER):
        assert ticket == premises.shop.read_ticket(actor, ticket.id)
    for read in (premises.shop.read_ticket, premises.shop.read_transitions):
        with pytest.raises(TicketNotFound):
            read(CLEO, ticket.id)
    with pytest.raises(TicketNotFound):
        premises.shop.list_history(CLEO, ticket.id, ALL)
    with pytest.raises(TicketNotFound):
        premises.shop.read_ticket(MANAGER, TicketId(99))


def test_my_tickets_are_newest_first(premises: Premises) -> None:
    """
    Customers list their own tickets, staff those that they are assigned to.
    """
    for owner, staff in ((1, (2,)), (2, ()), (1, (1, 2))):
        premises.open(customer_id=owner, mechanic_ids=staff)
    mine = premises.shop.list_my_tickets

    assert [3, 1] == [ticket.id for ticket in mine(CUSTOMER, ALL).items]
    assert [3, 1] == [ticket.id for ticket in mine(MECHANIC, ALL).items]
    assert [3] == [ticket.id for ticket in mine(MANAGER, ALL).items]
    assert (2, None) == (mine(CLEO, ALL).items[0].id, mine(CLEO, ALL).last)
    assert [1] == [ticket.id for ticket in mine(CUSTOMER, PageRequest(size=1, after=3)).items]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (TicketFilter(), [1, 2]),
        (TicketFilter(status=Status.IN_PROGRESS), [1]),
        (TicketFilter(customer_id=2), [2]),
        (TicketFilter(mechanic_id=2), [1]),
        (TicketFilter(vehicle_id=1), [1]),
        (TicketFilter(customer_id=2, mechanic_id=2), []),
    ],
)
def test_tickets_are_filtered(premises: Premises, wanted: TicketFilter, ids: list[int]) -> None:
    """
    All conditions of a filter must hold.
    """
    premises.go(premises.open(vehicle_id=1), Status.IN_PROGRESS)
    premises.open(customer_id=2, mechanic_ids=())

    found = premises.shop.list_tickets(MECHANIC, wanted, ALL).items

    assert ids == [ticket.id for ticket in found]


def test_a_ticket_is_changed(premises: Premises) -> None:
    """
    Description, date and vehicle change, and the history has the old values.
    """
    ticket = premises.open()
    form = TicketForm(description="Squeals", service_date=date(2026, 4, 1), vin=NEW_VIN)

    after = premises.shop.change_ticket(MECHANIC, ticket.id, lambda _: form, expected=1)

    assert ("Squeals", date(2026, 4, 1), NEW_VIN, 2) == (
        after.description,
        after.service_date,
        after.vin,
        after.version,
    )
    entry = premises.history(ticket.id)[-1]
    assert (HistoryEvent.CHANGED, "customer 1, 2026-04-01, vehicle 2: Squeals") == (
        entry.event,
        entry.to,
    )
    assert "customer 1, 2026-03-02, no vehicle: Grinding noise when braking" == entry.from_


def test_the_wrong_customer_is_corrected(premises: Premises) -> None:
    """
    M4: the ticket becomes the other customer's; the vehicle on it stays as it was.
    """
    ticket = premises.open(vehicle_id=1)

    after = correct(premises, ticket, customer_id=2)

    assert (
        evolve(ticket, customer_id=CustomerId(2), version=2, updated_at=after.updated_at) == after
    )
    assert after == premises.shop.read_ticket(CLEO, ticket.id)
    with pytest.raises(TicketNotFound):
        premises.shop.read_ticket(CUSTOMER, ticket.id)
    entry = premises.history(ticket.id)[-1]
    assert ["customer 1, ", "customer 2, "] == [
        text[:12] for text in (entry.from_, entry.to) if text
    ]
    feed = premises.shop.read_events(MANAGER, type_=EventType.TICKET_CHANGED)
    assert [("customer_id",)] == [event.changes for event in feed.items]
    assert after == correct(premises, after, customer_id=None)


def test_a_corrected_ticket_takes_the_vehicles_of_its_customer(premises: Premises) -> None:
    """
    M4: with the customer a vehicle of theirs is set; naming the present one leaves its copy.
    """
    ticket = premises.open(vehicle_id=1)
    own = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=2, plate="CLEO 1"))

    kept = [
        correct(premises, premises.open(vehicle_id=1), customer_id=2, **naming).vehicle
        for naming in ({"vehicle_id": 1}, {"vehicle_id": None, "vin": VIN})
    ]
    with pytest.raises(Unknown, match="#/vehicle_id"):
        correct(premises, ticket, vehicle_id=own.id)
    set_anew = correct(premises, ticket, customer_id=2, vehicle_id=own.id)

    assert [ticket.vehicle, ticket.vehicle] == kept
    assert TicketVehicle.of(own) == set_anew.vehicle


def test_a_ticket_is_given_to_nobody_else(premises: Premises) -> None:
    """
    M4: an unknown or erased customer, one with too many tickets, and a finished ticket are refused.
    """
    ticket = premises.open()
    finished = premises.go(premises.open(), Status.CANCELLED)
    with pytest.raises(Unknown, match="#/customer_id"):
        correct(premises, ticket, customer_id=99)
    with pytest.raises(TicketFrozen):
        correct(premises, finished, customer_id=2)
    with premises.store.begin() as work:
        opened = Entry.of(MECHANIC, NOON, HistoryEvent.OPENED)
        for _ in range(MAX_UNFINISHED):
            work.tickets.add(sample(Ticket, customer_id=2), opened)
    with pytest.raises(TooMany):
        correct(premises, ticket, customer_id=2)

    assert ticket == premises.read(ticket)


def test_a_ticket_of_an_erased_customer_can_be_corrected(premises: Premises) -> None:
    """
    M4: that the wrong customer is gone does not stop the correction.
    """
    ticket = premises.open()
    with premises.store.begin() as work:
        work.customers.save(work.customers.get(CustomerId(1)).erase(NOON))

    assert 2 == correct(premises, ticket, customer_id=2).customer_id


def test_a_ticket_that_only_waited_can_be_removed(premises: Premises) -> None:
    """
    M10: who waits for parts before anybody is assigned has not been worked for.
    """
    waiting = premises.go(premises.open(mechanic_ids=()), Status.ON_HOLD)
    started = premises.go(premises.open(), Status.ON_HOLD, Status.IN_PROGRESS, Status.ON_HOLD)

    premises.shop.remove_ticket(MANAGER, waiting.id)
    with pytest.raises(TicketStarted):
        premises.shop.remove_ticket(MANAGER, started.id)

    with pytest.raises(TicketNotFound):
        premises.read(waiting)


def test_missing_details_of_a_change(premises: Premises) -> None:
    """
    A missing date keeps the present one; a missing vehicle removes it.
    """
    ticket = premises.open(vehicle_id=1, service_date=date(2026, 4, 1))

    after = premises.shop.change_ticket(
        MECHANIC, ticket.id, lambda _: TicketForm(description="Squeals")
    )

    assert (date(2026, 4, 1), None) == (after.service_date, after.vehicle)


def test_a_sold_vehicle_stays_on_its_ticket(premises: Premises) -> None:
    """
    Changing a description does not fail because the vehicle has another owner now.
    """
    ticket = premises.open(vehicle_id=1)
    premises.shop.change_vehicle(MECHANIC, VehicleId(1), lambda form: evolve(form, customer_id=2))

    after = premises.shop.change_ticket(
        MECHANIC, ticket.id, lambda form: evolve(form, description="Squeals")
    )

    assert ("Squeals", VIN) == (after.description, after.vin)
    with pytest.raises(Unknown, match="#/vehicle_id"):
        premises.open(vehicle_id=1)


def test_only_an_unstarted_ticket_is_removed(premises: Premises) -> None:
    """
    A removed ticket is not listed; its history stays.
    """
    ticket = premises.open(vehicle_id=1)
    started = premises.go(premises.open(), Status.IN_PROGRESS)
    lined, called_off = premises.open(), premises.go(premises.open(), Status.CANCELLED)
    premises.shop.add_labor_line(MECHANIC, lined.id, sample(LaborLineForm))
    given_up = premises.go(premises.open(), Status.IN_PROGRESS, Status.CANCELLED)

    premises.shop.remove_ticket(MANAGER, ticket.id)
    premises.shop.remove_ticket(MANAGER, called_off.id)

    for kept in (started, lined, given_up):
        with pytest.raises(TicketStarted):
            premises.shop.remove_ticket(MANAGER, kept.id)
    with pytest.raises(TicketNotFound):
        premises.read(ticket)
    found = premises.shop.list_tickets(MANAGER, TicketFilter(), ALL).items
    assert [started.id, lined.id, given_up.id] == [one.id for one in found]
    assert [HistoryEvent.OPENED, HistoryEvent.REMOVED] == [
        e.event for e in premises.history(ticket.id)
    ]


def test_a_stale_or_late_change_is_refused(premises: Premises) -> None:
    """
    Every change of a ticket checks its version and status.
    """
    ticket = premises.open()
    shop, one = premises.shop, ticket.id
    edit = MechanicEdit(add_ids=(1,))

    def refused(refusal: type[Refused], version: int | None) -> None:
        with pytest.raises(refusal):
            shop.change_ticket(MECHANIC, one, lambda form: form, version)
        with pytest.raises(refusal):
            shop.assign_mechanics(MECHANIC, one, edit, version)
        with pytest.raises(refusal):
            shop.assign_mechanic(MECHANIC, one, MechanicId(1), assigned=True, expected=version)

    refused(TicketChanged, 9)
    with pytest.raises(TicketChanged):
        shop.remove_ticket(MANAGER, one, 9)
    premises.go(ticket, Status.CANCELLED)
    refused(TicketFrozen, None)
