"""Merge two records of one customer."""

from typing import Any

import pytest
from attrs import evolve

from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import Credentials, TokenPair, WrongCredentials
from mechanic_core.accounts.password_resets import NewPassword, ResetExpired
from mechanic_core.customers.customer import (
    Customer,
    CustomerChanged,
    CustomerForm,
    CustomerId,
    CustomerMerge,
    CustomerNotFound,
    EmailTaken,
    NewCustomer,
    Registration,
)
from mechanic_core.errors import RuleBroken, Unknown
from mechanic_core.events.event import Event, EventType
from mechanic_core.tickets.bounds import MAX_UNFINISHED, TooMany
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

ADA, CLEO = CustomerId(1), CustomerId(2)
PASSWORD = sample(Registration).password


def walk_in(premises: Premises, **given: Any) -> CustomerId:
    """Return a customer without a login, of whom only what is *given* is known."""
    return premises.shop.add_customer(MECHANIC, NewCustomer(name="Walk-in", **given)).id


def merge(
    premises: Premises, customer: CustomerId, other: CustomerId, expected: int | None = None
) -> Customer:
    """Merge *other* into *customer*."""
    form = CustomerMerge(from_id=other)
    return premises.shop.merge_customers(MANAGER, customer, form, expected)


def log_in(premises: Premises, email: str) -> TokenPair:
    """Return the tokens of a customer."""
    return premises.shop.log_in_customer(ANONYMOUS, Credentials(email=email, password=PASSWORD))


def is_active(premises: Premises, tokens: TokenPair) -> bool:
    """Return whether the session of *tokens* still is."""
    role, holder, session, *_ = tokens.token.split(":")
    with premises.store.read_only() as work:
        return work.revocations.is_active(Actor(Role(role), int(holder), SessionId(session)))


def test_everything_of_the_other_becomes_this_customers(premises: Premises) -> None:
    """
    Vehicles and tickets, finished ones too, change hands as they are; the other is gone.
    """
    car = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=CLEO, plate="8B"))
    tickets = [premises.open(customer_id=CLEO, vehicle_id=car.id) for _ in range(2)]
    premises.go(tickets[0], Status.IN_PROGRESS, Status.COMPLETED)
    mine = premises.open()
    premises.clock.advance(hours=1)

    after = merge(premises, ADA, CLEO)

    assert after == premises.shop.read_customer(MANAGER, ADA)
    assert (2, premises.clock()) == (after.version, after.updated_at)
    with pytest.raises(CustomerNotFound):
        premises.shop.read_customer(MANAGER, CLEO)
    cars = premises.shop.list_vehicles(MANAGER, VehicleFilter(customer_id=ADA), ALL).items
    assert ["7A", "8B"] == [one.plate for one in cars]
    found = premises.shop.list_tickets(MANAGER, TicketFilter(customer_id=ADA), ALL).items
    assert [*(one.id for one in tickets), mine.id] == [one.id for one in found]
    assert [Status.COMPLETED, Status.OPEN] == [one.status for one in found[:2]]
    assert mine == found[2]
    with pytest.raises(Unknown):
        premises.open(customer_id=CLEO)


def test_each_ticket_has_a_line_in_its_history(premises: Premises) -> None:
    """
    The line says whose the ticket was and is, who merged and when; other tickets have none.
    """
    moved, mine = premises.open(customer_id=CLEO), premises.open()
    premises.clock.advance(hours=1)

    merge(premises, ADA, CLEO)

    *_, line = premises.history(moved.id)
    assert ("customer 2", "customer 1") == (line.from_, line.to)
    assert (Role.MANAGER, 1, premises.clock()) == (line.by.role, line.by.id, line.at)
    assert (2, 1) == (len(premises.history(moved.id)), len(premises.history(mine.id)))
    assert premises.read(moved).version == moved.version + 1


def test_what_is_null_is_filled(premises: Premises) -> None:
    """
    E-mail, phone and address come from the other where there is none; what is there stays.
    """
    one = walk_in(premises, phone="555-0100")
    other = walk_in(premises, email="w@x.example", phone="555-0199", address="12 Mill Lane")

    after = merge(premises, one, other)

    form = CustomerForm(
        name="Walk-in", email="w@x.example", phone="555-0100", address="12 Mill Lane"
    )
    assert (form, False) == (after.form, after.has_login)
    with pytest.raises(EmailTaken):
        walk_in(premises, email="W@x.example")


def test_the_other_login_moves_with_its_email(premises: Premises) -> None:
    """
    If only the other has a login, its e-mail replaces another one; its sessions and links end.
    """
    one = walk_in(premises, email="w@x.example")
    invitation = premises.shop.issue_customer_reset(MECHANIC, one)
    tokens = log_in(premises, "cleo@x.example")

    after = merge(premises, one, CLEO)

    assert ("cleo@x.example", True) == (after.email, after.has_login)
    assert not is_active(premises, tokens)
    assert f"customer:{one}:" in log_in(premises, "cleo@x.example").token
    with pytest.raises(ResetExpired):
        premises.shop.reset_password(
            ANONYMOUS, invitation.token, NewPassword(new_password=PASSWORD)
        )
    assert walk_in(premises, email="w@x.example")


def test_this_login_stays(premises: Premises) -> None:
    """
    If both have a login, this one's and its sessions stay; the other's, its links too, ends.
    """
    mine, theirs = log_in(premises, "ada@example.com"), log_in(premises, "cleo@x.example")
    link = premises.shop.issue_customer_reset(MECHANIC, CLEO)

    after = merge(premises, ADA, CLEO)

    assert ("ada@example.com", True) == (after.email, after.has_login)
    assert (True, False) == (is_active(premises, mine), is_active(premises, theirs))
    with pytest.raises(WrongCredentials):
        log_in(premises, "cleo@x.example")
    with pytest.raises(ResetExpired):
        premises.shop.reset_password(ANONYMOUS, link.token, NewPassword(new_password=PASSWORD))
    assert walk_in(premises, email="cleo@x.example")


def test_a_link_of_this_customer_stays_with_the_address(premises: Premises) -> None:
    """
    A password reset that was sent to an address which stays is still good.
    """
    link = premises.shop.issue_customer_reset(MECHANIC, ADA)

    merge(premises, ADA, CLEO)

    premises.shop.reset_password(ANONYMOUS, link.token, NewPassword(new_password=PASSWORD))


def test_everything_that_changes_has_its_event(premises: Premises) -> None:
    """
    One transaction has an event for each vehicle, each ticket and both customers.
    """
    car = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=CLEO))
    ticket = premises.open(customer_id=CLEO)
    premises.shop.change_customer(MECHANIC, CLEO, lambda form: evolve(form, phone="555-0100"))
    commits: list[tuple[Event, ...]] = []
    premises.shop.on_commit(commits.append)

    merge(premises, ADA, CLEO)

    (events,) = commits
    owner = ("customer_id",)
    assert [
        (EventType.VEHICLE_CHANGED, car.id, owner, 2),
        (EventType.TICKET_CHANGED, ticket.id, owner, 2),
        (EventType.CUSTOMER_CHANGED, ADA, ("phone",), 2),
    ] == [
        (one.type, one.subject_id, one.changes, one.version)
        for one in events
        if one.type is not EventType.CUSTOMER_ERASED
    ]
    (erased,) = [one for one in events if one.type is EventType.CUSTOMER_ERASED]
    assert (CLEO, 3) == (erased.subject_id, erased.version)


def test_a_merge_needs_two_customers(premises: Premises) -> None:
    """
    Itself and an unknown other are refused by pointer, an unknown customer is not found.
    """
    gone = walk_in(premises, phone="555-0100")
    premises.erase(gone)

    with pytest.raises(RuleBroken) as itself:
        merge(premises, ADA, ADA)
    with pytest.raises(Unknown) as unknown:
        merge(premises, ADA, gone)
    with pytest.raises(CustomerNotFound):
        merge(premises, gone, ADA)

    pointers = [problem.pointer for one in (itself, unknown) for problem in one.value.problems]
    assert ["#/from_id", "#/from_id"] == pointers


def test_a_stale_merge_is_refused(premises: Premises) -> None:
    """
    With an old version of this customer, nothing is merged.
    """
    premises.shop.change_customer(MANAGER, ADA, lambda form: evolve(form, phone="555-0100"))

    with pytest.raises(CustomerChanged):
        merge(premises, ADA, CLEO, expected=1)

    assert CLEO == premises.shop.read_customer(MANAGER, CLEO).id


def test_both_together_have_at_most_500_unfinished_tickets(premises: Premises) -> None:
    """
    A merge that leaves more is `too-many`, until one of the tickets is finished.
    """
    tickets = [premises.open() for _ in range(MAX_UNFINISHED - 1)]
    premises.open(customer_id=CLEO)
    one_more = premises.open(customer_id=CLEO)

    with pytest.raises(TooMany) as refused:
        merge(premises, ADA, CLEO)
    premises.go(tickets[0], Status.CANCELLED)
    merge(premises, ADA, CLEO)

    assert {"limit": MAX_UNFINISHED} == refused.value.facts
    assert ADA == premises.read(one_more).customer_id


def test_an_erasure_reaches_what_was_merged(premises: Premises) -> None:
    """
    When the customer is erased, so are the plates that came with the other record.
    """
    car = premises.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=CLEO, plate="8B"))
    ticket = premises.open(customer_id=CLEO, vehicle_id=car.id)
    premises.go(ticket, Status.CANCELLED)
    merge(premises, ADA, CLEO)

    premises.erase(ADA)

    shown = premises.read(ticket).vehicle
    assert (None, None) == (
        shown and shown.plate,
        premises.shop.read_vehicle(MANAGER, car.id).plate,
    )
