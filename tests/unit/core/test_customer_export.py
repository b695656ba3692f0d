"""Export what the shop has stored about a customer."""

import pytest
from attrs import evolve

from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.account import Credentials
from mechanic_core.customers.customer import (
    CustomerDetails,
    CustomerId,
    CustomerMerge,
    CustomerNotFound,
    NewCustomer,
    Registration,
)
from mechanic_core.customers.export import (
    CustomerExport,
    ExportedEstimatePaper,
    ExportedMail,
    ExportedSession,
)
from mechanic_core.estimates.estimate import EstimateForm
from mechanic_core.mail.outgoing_mail import MailKind, OutgoingMail
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.tickets.job import JobDraft
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm, VehicleId
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON, sample
from tests.unit.core.conftest import ALL, Premises

ADA = CustomerId(1)
CLEO = Actor(Role.CUSTOMER, 2)


def export(premises: Premises, customer_id: int = ADA) -> CustomerExport:
    """Return the export of a customer for the shop."""
    return premises.shop.export_customer(MANAGER, CustomerId(customer_id))


def test_it_has_what_the_customer_can_read(premises: Premises) -> None:
    """
    Customer, vehicles with their odometers, and tickets with histories are as in their own reads.
    """
    shop = premises.shop
    shop.change_vehicle(CUSTOMER, VehicleId(1), lambda form: evolve(form, odometer=148_200))
    shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, plate="8B"))
    premises.go(premises.open(), Status.IN_PROGRESS)
    premises.open(vehicle_id=1, odometer=148_300)

    found = export(premises)

    assert NOON == found.exported_at
    assert shop.read_customer(CUSTOMER, ADA) == found.customer
    assert [
        (one, shop.list_odometer(CUSTOMER, one.id, ALL).items)
        for one in shop.list_vehicles(CUSTOMER, VehicleFilter(), ALL).items
    ] == [(one.vehicle, one.odometer) for one in found.vehicles]
    assert [2, 0] == [len(one.odometer) for one in found.vehicles]
    assert [
        (one, shop.list_history(CUSTOMER, one.id, ALL).items)
        for one in reversed(shop.list_my_tickets(CUSTOMER, ALL).items)
    ] == [(one.ticket, one.history) for one in found.service_tickets]
    assert [2, 1] == [len(one.history) for one in found.service_tickets]


def test_it_has_log_ins_and_mails_without_secrets(premises: Premises) -> None:
    """
    The account has its sessions and the outbox its mails, without hash, ids and tokens.
    """
    shop, email = premises.shop, sample(Registration).email
    credentials = Credentials(email=email, password=sample(Registration).password)
    tokens = [shop.log_in_customer(ANONYMOUS, credentials) for _ in range(2)]
    with premises.store.begin() as work:
        work.outgoing_mails.add(OutgoingMail.to(email, MailKind.PASSWORD_RESET, NOON), 3)

    found = export(premises)

    assert found.account is not None
    assert (Role.CUSTOMER, email) == (found.account.role, found.account.email)
    assert (ExportedSession(started_at=NOON, revoked_at=None),) * 2 == found.account.sessions
    mail = ExportedMail(kind=MailKind.PASSWORD_RESET, asked_at=NOON, due_at=NOON)
    assert (mail,) == found.mails
    shown = repr(found)
    assert not any(pair.refresh_token in shown or pair.token in shown for pair in tokens)
    assert "plain:" not in shown


def test_others_are_not_in_it(premises: Premises) -> None:
    """
    Another customer's things and names are left out, also of a ticket that was corrected.
    """
    draft = sample(TicketDraft, customer_id=2)
    moved = premises.shop.open_ticket(CLEO, draft)
    premises.shop.open_ticket(CLEO, draft)
    premises.shop.change_ticket(MECHANIC, moved.id, lambda form: evolve(form, customer_id=1))

    found = export(premises)

    (ticket,) = found.service_tickets
    assert [(Role.CUSTOMER, None), (Role.MECHANIC, "Bob")] == [
        (entry.by.role, entry.by.name) for entry in ticket.history
    ]
    assert ticket.history == premises.shop.list_history(CUSTOMER, moved.id, ALL).items
    assert "Cleo" == premises.history(moved.id)[0].by.name
    assert "Cleo" not in repr(found)


def test_it_has_what_is_on_the_papers_of_estimates(premises: Premises) -> None:
    """
    As it was: also of a ticket that is another customer's now, who gets nothing of it.
    """
    shop, ticket = premises.shop, premises.open(vehicle_id=1)
    ada, vehicle = shop.read_customer(CUSTOMER, ADA), ticket.vehicle
    shop.add_job(MECHANIC, ticket.id, JobDraft(title="Brakes"))
    estimate = shop.make_estimate(MECHANIC, ticket.id, EstimateForm())
    shop.change_customer(CUSTOMER, ADA, lambda form: evolve(form, address="2 Oak St"))
    paper = ExportedEstimatePaper(
        ticket_id=ticket.id,
        number=estimate.number,
        customer=CustomerDetails.of(ada),
        vehicle=vehicle,
    )
    assert (paper,) == export(premises).estimate_papers

    shop.change_ticket(MECHANIC, ticket.id, lambda form: evolve(form, customer_id=2))

    assert (paper,) == export(premises).estimate_papers
    assert () == export(premises, 2).estimate_papers


def test_who_has_no_login_has_no_account(premises: Premises) -> None:
    """
    A walk-in customer without an e-mail address has a record and no more.
    """
    new = premises.shop.add_customer(MECHANIC, NewCustomer(name="Dan", phone="+1-555-0100"))

    found = export(premises, new.id)

    assert (new, None, (), (), ()) == (
        found.customer,
        found.account,
        found.vehicles,
        found.service_tickets,
        found.mails,
    )


def test_only_the_customer_and_managers_get_it(premises: Premises) -> None:
    """
    The customer gets the same as a manager; to another customer there is nobody.
    """
    assert export(premises) == premises.shop.export_customer(CUSTOMER, ADA)
    with pytest.raises(CustomerNotFound):
        premises.shop.export_customer(CLEO, ADA)


def test_who_is_gone_has_no_export(premises: Premises) -> None:
    """
    An unknown id, an erased customer and a merged record are not found.
    """
    third = premises.shop.register_customer(ANONYMOUS, sample(Registration, email="c@x.example"))
    premises.shop.merge_customers(MANAGER, ADA, CustomerMerge(from_id=third.id))
    premises.erase(2)

    for gone in (2, third.id, 99):
        with pytest.raises(CustomerNotFound):
            export(premises, gone)


def test_a_customer_is_found_by_address(premises: Premises) -> None:
    """
    The case of the address does not matter; of staff and strangers there is no customer.
    """
    assert premises.shop.find_customer(MECHANIC, "CLEO@x.example").id == 2
    for nobody in ("bob@shop.example", "nobody@x.example"):
        with pytest.raises(CustomerNotFound, match="no customer has this e-mail address"):
            premises.shop.find_customer(MECHANIC, nobody)
