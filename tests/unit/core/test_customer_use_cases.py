"""Register, read, change and erase customers."""

import pytest
from attrs import evolve

from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import Credentials, WrongCredentials
from mechanic_core.customers.customer import (
    CustomerChanged,
    CustomerForm,
    CustomerId,
    CustomerNotFound,
    EmailTaken,
    Registration,
    TicketsUnfinished,
)
from mechanic_core.paging import PageRequest
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.vehicle import VehicleId
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON, sample
from tests.unit.core.conftest import ALL, Premises

CLEO = Actor(Role.CUSTOMER, 2)
ADA = CustomerId(1)


def renamed(form: CustomerForm) -> CustomerForm:
    """Return the form with another name."""
    return evolve(form, name="Augusta")


def test_a_new_customer_can_log_in(premises: Premises) -> None:
    """
    A new customer has an id, timestamps and an account.
    """
    registration = sample(Registration, email="New@x.example", address="12 Mill Lane")

    new = premises.shop.register_customer(ANONYMOUS, registration)

    assert (3, "New@x.example", NOON, 1) == (new.id, new.email, new.created_at, new.version)
    credentials = Credentials(email="new@X.EXAMPLE", password=registration.password)
    assert premises.shop.log_in_customer(ANONYMOUS, credentials).token


def test_an_email_address_is_unique_in_any_case(premises: Premises) -> None:
    """
    No customer registers with, or changes to, the address of another.
    """
    with pytest.raises(EmailTaken):
        premises.shop.register_customer(ANONYMOUS, sample(Registration, email="CLEO@x.example"))
    with pytest.raises(EmailTaken):
        premises.shop.change_customer(
            MECHANIC, ADA, lambda form: evolve(form, email="cleo@X.example")
        )

    assert 2 == len(premises.shop.list_customers(MECHANIC, None, ALL).items)


@pytest.mark.parametrize(("q", "names"), [(None, ["Ada", "Cleo"]), ("CLE", ["Cleo"]), ("z", [])])
def test_customers_are_searched(premises: Premises, q: str | None, names: list[str]) -> None:
    """
    Staff find customers by the start of their name.
    """
    found = premises.shop.list_customers(MECHANIC, q, PageRequest())

    assert names == [customer.name for customer in found.items]


@pytest.mark.parametrize("actor", [CUSTOMER, MECHANIC, MANAGER], ids=lambda a: a.role)
def test_the_customer_and_staff_read_and_change_the_record(
    premises: Premises, actor: Actor
) -> None:
    """
    Everybody who may read the record may change it; timestamp and version change too.
    """
    premises.clock.advance(hours=1)

    after = premises.shop.change_customer(actor, ADA, renamed, expected=1)

    assert ("Augusta", 2, premises.clock()) == (after.name, after.version, after.updated_at)
    assert after == premises.shop.read_customer(actor, ADA)


def test_another_customer_looks_missing(premises: Premises) -> None:
    """
    To a customer, others look as if they did not exist.
    """
    with pytest.raises(CustomerNotFound):
        premises.shop.read_customer(CLEO, ADA)
    with pytest.raises(CustomerNotFound):
        premises.shop.change_customer(CLEO, ADA, renamed)
    with pytest.raises(CustomerNotFound):
        premises.shop.erase_customer(CLEO, ADA)


def test_a_stale_change_is_refused(premises: Premises) -> None:
    """
    With an old version, a customer can be neither changed nor erased.
    """
    premises.shop.change_customer(CUSTOMER, ADA, renamed)

    with pytest.raises(CustomerChanged):
        premises.shop.change_customer(CUSTOMER, ADA, renamed, expected=1)
    with pytest.raises(CustomerChanged):
        premises.shop.erase_customer(CUSTOMER, ADA, expected=1)


@pytest.mark.parametrize("actor", [CUSTOMER, MANAGER], ids=lambda a: a.role)
def test_erasure_removes_personal_data_and_keeps_finished_tickets(
    premises: Premises, actor: Actor
) -> None:
    """
    Name, address, plates, account and sessions are removed; finished tickets and the id stay.
    """
    ticket = premises.shop.open_ticket(CUSTOMER, sample(TicketDraft, vehicle_id=1))
    premises.edit(ticket, add=(2,))
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED)

    premises.shop.erase_customer(actor, ADA)

    with pytest.raises(CustomerNotFound):
        premises.shop.read_customer(MANAGER, ADA)
    with pytest.raises(WrongCredentials):
        premises.shop.log_in_customer(
            ANONYMOUS, Credentials(email="ada@example.com", password="correct horse battery")
        )
    assert ["Cleo"] == [c.name for c in premises.shop.list_customers(MANAGER, None, ALL).items]
    assert None is premises.shop.read_vehicle(MANAGER, VehicleId(1)).plate
    shown = premises.read(ticket).vehicle
    assert shown
    assert ("1HGCM82633A004352", None) == (shown.vin, shown.plate)
    assert 1 == premises.read(ticket).customer_id
    opened = premises.history(ticket.id)[0]
    assert (Role.CUSTOMER, 1, None) == (opened.by.role, opened.by.id, opened.by.name)


@pytest.mark.parametrize(
    "statuses", [(), (Status.IN_PROGRESS,), (Status.IN_PROGRESS, Status.ON_HOLD)]
)
def test_a_customer_with_unfinished_tickets_is_not_erased(
    premises: Premises, statuses: tuple[Status, ...]
) -> None:
    """
    The refusal names the unfinished tickets.
    """
    ticket = premises.go(premises.open(), *statuses)

    with pytest.raises(TicketsUnfinished) as refused:
        premises.erase(1)

    assert {"tickets": [ticket.id]} == refused.value.facts


def test_the_address_of_an_erased_customer_is_free(premises: Premises) -> None:
    """
    After an erasure, the same address can register again.
    """
    premises.erase(1)

    assert 3 == premises.shop.register_customer(ANONYMOUS, sample(Registration)).id
