"""`customer export`: what the shop has stored about a customer, as one JSON document."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from mechanic_core.access import ANONYMOUS, SYSTEM, Actor, Role
from mechanic_core.accounts.account import Credentials
from mechanic_core.customers.customer import CustomerId, NewCustomer, Registration
from mechanic_core.estimates.decision import Channel, LimitForm
from mechanic_core.estimates.estimate import EstimateForm
from mechanic_core.inventory.part import PartForm
from mechanic_core.invoices.credit_note import CreditNoteForm
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Money, Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.payments.payment import PaymentForm, PaymentMethod
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm
from mechanic_http.json import codec
from mechanic_shop import open_shop
from tests.integration.cli.outcomes import CommandLine, is_one_line
from tests.strategies import sample

PASSWORD = "correct horse battery"
ADA = Actor(Role.CUSTOMER, 1)


@pytest.fixture
def shop_url(shop_cli: CommandLine, url: str) -> str:
    """The URL of a shop with Ada, who has a vehicle and a ticket, with Cleo and a walk-in."""
    shop_cli("db", "upgrade", DATABASE_URL=url)
    with open_shop(url) as shop:
        shop.hire_mechanic(SYSTEM, sample(Hiring, name="Bob Moss", email="bob@example.com"))
        for number, name in enumerate(("Ada", "Cleo"), start=1):
            email = f"{name}@example.com"
            new = Registration(name=f"{name} Lane", email=email, password=PASSWORD)
            shop.register_customer(ANONYMOUS, new)
            plate = f"{name}-{number}"
            shop.add_vehicle(SYSTEM, VehicleForm(customer_id=number, plate=plate, odometer=5))
        shop.add_customer(SYSTEM, NewCustomer(name="Dan", phone="+1-555-0100"))
        part = shop.add_part(SYSTEM, sample(PartForm, quantity=Quantity(9_000)))
        draft = sample(TicketDraft, customer_id=1, vehicle_id=1, mechanic_ids=(1,))
        ticket = shop.open_ticket(SYSTEM, draft)
        line = PartLineForm(part_id=part.id, quantity=Quantity(1_500))
        shop.add_part_line(SYSTEM, ticket.id, line)
        shop.make_estimate(SYSTEM, ticket.id, EstimateForm())
        limit = LimitForm(amount=Money(1), person="Ada", channel=Channel.IN_PERSON)
        shop.set_spending_limit(SYSTEM, ticket.id, limit)
        deposit = PaymentForm(amount=Money(1), method=PaymentMethod.CASH)
        shop.take_payment(SYSTEM, ticket.id, deposit)
        for to in (Status.IN_PROGRESS, Status.COMPLETED):
            shop.move_ticket(SYSTEM, ticket.id, TransitionForm(to=to))
        invoice = shop.issue_invoice(SYSTEM, ticket.id)
        shop.credit_invoice(SYSTEM, invoice.id, CreditNoteForm(all_=True, reason="Came back"))
    return url


def as_json(record: object) -> Any:
    """Return a record as a response has it."""
    return json.loads(codec.encode(record))


def seen_by_ada(shop: Shop) -> dict[str, Any]:
    """Return what Ada's own requests show."""
    page = PageRequest(size=100)
    return {
        "customer": as_json(shop.read_customer(ADA, CustomerId(1))),
        "vehicles": [
            {
                "vehicle": as_json(one),
                "odometer": [*map(as_json, shop.list_odometer(ADA, one.id, page).items)],
            }
            for one in shop.list_vehicles(ADA, VehicleFilter(), page).items
        ],
        "service_tickets": [
            {
                "ticket": as_json(one),
                "history": [*map(as_json, shop.list_history(ADA, one.id, page).items)],
                "estimates": [*map(as_json, shop.list_estimates(ADA, one.id, page).items)],
                "decisions": [*map(as_json, shop.list_decisions(ADA, one.id, page).items)],
                "payments": [*map(as_json, shop.list_ticket_payments(ADA, one.id, page).items)],
            }
            for one in shop.list_my_tickets(ADA, page).items
        ],
        "estimate_papers": [
            {
                "ticket_id": one.ticket_id,
                "number": one.number,
                "customer": as_json(one.customer),
                "vehicle": as_json(one.vehicle),
            }
            for ticket in shop.list_my_tickets(ADA, page).items
            for one in shop.list_estimates(ADA, ticket.id, page).items
        ],
        "recommendations": [
            *map(as_json, shop.list_recommendations(ADA, RecommendationFilter(), page).items)
        ],
        "invoices": [
            {
                "invoice": as_json(one),
                "credit_notes": [*map(as_json, shop.list_credit_notes(ADA, one.id, page).items)],
            }
            for one in shop.list_my_invoices(ADA, page).items
        ],
    }


def test_it_has_what_the_customer_can_read(shop_cli: CommandLine, shop_url: str) -> None:
    """
    The document has the members of the API; by address it is the same as by id.
    """
    with open_shop(shop_url) as shop:
        shop.log_in_customer(ANONYMOUS, Credentials(email="ada@example.com", password=PASSWORD))
        expected = seen_by_ada(shop)

    printed = shop_cli("customer", "export", "--email", " ADA@example.com", DATABASE_URL=shop_url)
    again = shop_cli("customer", "export", "--id", "1", DATABASE_URL=shop_url)

    assert (0, "") == (printed.code, printed.err)
    found = json.loads(printed.out)
    assert expected == {name: found[name] for name in expected}
    assert {"role", "email", "sessions"} == found["account"].keys()
    assert [{"started_at", "revoked_at"}] == [one.keys() for one in found["account"]["sessions"]]
    assert {*expected, "exported_at", "account", "mails"} == found.keys()
    assert found == json.loads(again.out) | {"exported_at": found["exported_at"]}


def test_it_has_no_secrets_and_nothing_of_others(shop_cli: CommandLine, shop_url: str) -> None:
    """
    Hash, tokens, ids of sessions and links, and what others have are left out.
    """
    with open_shop(shop_url) as shop:
        pair = shop.log_in_customer(
            ANONYMOUS, Credentials(email="ada@example.com", password=PASSWORD)
        )
        link = shop.issue_customer_reset(SYSTEM, CustomerId(1))
        with shop.begin() as work:
            account = work.accounts.of(Role.CUSTOMER, 1)
            (session,) = work.sessions.of(Role.CUSTOMER, 1)

    printed = shop_cli("customer", "export", "--id", "1", DATABASE_URL=shop_url).out

    assert account is not None
    secrets = (account.password_hash, session.id, pair.token, pair.refresh_token, link.token)
    assert [] == [one for one in (*secrets, PASSWORD, "Cleo", "cleo", "bob@") if one in printed]


def test_a_new_file_is_its_owners_only(
    shop_cli: CommandLine, shop_url: str, tmp_path: Path
) -> None:
    """
    `--out` writes a file that only its owner can read; one that exists is left as it is.
    """
    words = ("customer", "export", "--id", "3", "--out", "dan.json")

    written = shop_cli(*words, DATABASE_URL=shop_url)
    before = (tmp_path / "dan.json").read_bytes()
    again = shop_cli(*words, DATABASE_URL=shop_url)

    file = tmp_path / "dan.json"
    assert (0, f"dan.json: {len(before)} bytes\n") == (written.code, written.out)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert ("Dan", None) == (json.loads(before)["customer"]["name"], json.loads(before)["account"])
    assert 1 == again.code
    assert is_one_line(again.err)
    assert "dan.json already exists: give another name, or delete it first" in again.err
    assert before == file.read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--id", "99"), 1, "No such customer"),
        (("--email", "bob@example.com"), 1, "no customer has this e-mail address"),
        ((), 2, "Give either --email or --id."),
        (("--id", "1", "--email", "ada@example.com"), 2, "Give either --email or --id."),
        (("--id", "0"), 2, "Invalid value for '--id'"),
    ],
)
def test_nobody_is_told_in_one_line(
    shop_cli: CommandLine, shop_url: str, words: tuple[str, ...], code: int, message: str
) -> None:
    """
    Without a customer there is one line and no file.
    """
    outcome = shop_cli("customer", "export", *words, "--out", "a.json", DATABASE_URL=shop_url)

    assert (code, "") == (outcome.code, outcome.out)
    assert is_one_line(outcome.err)
    assert message in outcome.err
    assert not Path("a.json").exists()
