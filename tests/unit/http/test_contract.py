"""Every route of the contract responds to a permitted actor with the right status and members."""

import functools
import re
from typing import Any

import pytest
from attrs import field, frozen

from mechanic_core.access import Actor
from mechanic_core.accounts.password_resets import RESET_LIFE
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON
from tests.unit.http.shop import ANONYMOUS, SETTINGS, Client, client, restored, with_content

WHO = {"email": "ada@example.com", "password": "correct horse battery"}
BOB = {"email": "bob@shop.example", "password": "correct horse battery"}
TICKET = {"customer_id": 1, "description": "Grinds", "vin": "1HGCM82633A004352"}
LABOR = {"description": "Replace pads", "hours": 1.5, "rate": "80.00", "mechanic_id": 2}
CORE = {"kind": "core", "description": "Core, alternator", "quantity": 1, "unit_price": 45.5}
ANSWERS = {"answers": [{"job_id": 2, "answer": "authorized"}]}
TOLD = {"person": "Ada", "channel": "phone", "contact": "+1-555-0100"}
DECLINED = {"answers": [{"job_id": 3, "answer": "declined"}], **TOLD}
KEY = {"Idempotency-Key": "contract"}
PAYMENT = {"amount": 20, "method": "card", "received_on": "2026-03-02", "reference": "A-17"}
REFUND = {"amount": "9.99", "reason": "Paid twice"}
CREDIT = {"lines": [{"line": 1, "quantity": 0.1}], "reason": "Took less time"}
FLEET = {"scope": "all", "percent": 7.5, "reason": "Fleet customer"}
RESET = f"password-reset:1:nonce:{(NOON + RESET_LIFE).timestamp():.0f}"
"""The token of the first password reset, in the spelling of `PlainLinks`."""


@frozen
class RequestCase:
    """A request of the contract with the status and some members of its response."""

    method: str
    path: str
    actor: Actor
    status: int
    body: Any = None
    members: dict[str, Any] = field(factory=dict)
    headers: dict[str, str] = field(factory=dict)


CONTRACT = (
    RequestCase(
        "POST", "/login", ANONYMOUS, 200, WHO, {"token_type": "Bearer", "expires_in": 1800}
    ),
    RequestCase("POST", "/mechanics/login", ANONYMOUS, 200, BOB, {"token_type": "Bearer"}),
    RequestCase("POST", "/logout", CUSTOMER, 204),
    RequestCase("GET", "/me", MECHANIC, 200, None, {"id": 2, "role": "mechanic", "name": "Bob"}),
    RequestCase(
        "PUT",
        "/me/password",
        CUSTOMER,
        204,
        {"current_password": WHO["password"], "new_password": "another good one"},
    ),
    RequestCase("GET", "/.well-known/jwks.json", ANONYMOUS, 200, None, {"keys": []}),
    RequestCase("POST", "/customers/2/password_resets", MECHANIC, 201),
    RequestCase("POST", "/mechanics/2/password_resets", MANAGER, 201),
    RequestCase("POST", "/password_resets", ANONYMOUS, 202, {"email": "ada@example.com"}),
    RequestCase(
        "POST", f"/password_resets/{RESET}", ANONYMOUS, 204, {"new_password": "another good one"}
    ),
    RequestCase(
        "POST",
        "/customers",
        ANONYMOUS,
        201,
        {"name": "Di", **WHO, "email": "d@x.example"},
        {"id": 3},
    ),
    RequestCase("GET", "/customers?q=ada", MECHANIC, 200, None, {"page": 1, "has_more": False}),
    RequestCase("GET", "/customers/1", CUSTOMER, 200, None, {"id": 1, "phone": None}),
    RequestCase(
        "PUT", "/customers/1", CUSTOMER, 200, {"name": "A", "email": "a@x.example"}, {"name": "A"}
    ),
    RequestCase(
        "PATCH", "/customers/1", MECHANIC, 200, {"phone": "555-0100"}, {"phone": "555-0100"}
    ),
    RequestCase("DELETE", "/customers/2", MANAGER, 204),
    RequestCase("POST", "/customers/1/merge", MANAGER, 200, {"from_id": 2}, {"id": 1}),
    RequestCase("GET", "/my-tickets", CUSTOMER, 200, None, {"per_page": 20, "next_cursor": None}),
    RequestCase("POST", "/vehicles", CUSTOMER, 201, {"plate": "8B"}, {"id": 3, "customer_id": 1}),
    RequestCase(
        "GET", "/vehicles?plate=7a&customer_id=1", MECHANIC, 200, None, {"has_more": False}
    ),
    RequestCase("GET", "/vehicles/1", CUSTOMER, 200, None, {"vin_check": "valid", "plate": "7A"}),
    RequestCase("PUT", "/vehicles/1", CUSTOMER, 200, {"year": 2003}, {"year": 2003, "plate": None}),
    RequestCase(
        "PATCH", "/vehicles/1", CUSTOMER, 200, {"year": 2003}, {"year": 2003, "plate": "7A"}
    ),
    RequestCase("DELETE", "/vehicles/2", MANAGER, 204),
    RequestCase("GET", "/vehicles/1/service_tickets", CUSTOMER, 200, None, {"page": 1}),
    RequestCase("GET", "/vehicles/1/odometer", CUSTOMER, 200, None, {"items": []}),
    RequestCase("GET", "/mechanics", ANONYMOUS, 200, None, {"page": 1}),
    RequestCase("GET", "/mechanics/2", ANONYMOUS, 200, None, {"name": "Bob", "specialty": None}),
    RequestCase(
        "POST", "/mechanics", MANAGER, 201, {"name": "Di", **WHO}, {"id": 3, "role": "mechanic"}
    ),
    RequestCase(
        "PUT", "/mechanics/2", MANAGER, 200, {"name": "B", "email": "b@x.example"}, {"name": "B"}
    ),
    RequestCase(
        "PATCH", "/mechanics/2", MECHANIC, 200, {"specialty": "brakes"}, {"specialty": "brakes"}
    ),
    RequestCase("GET", "/mechanics/2/worked?from=2026-01-01", MECHANIC, 200, None, {"page": 1}),
    RequestCase("DELETE", "/mechanics/2", MANAGER, 204),
    RequestCase("GET", "/mechanics/leaderboard?limit=1&to=2027-01-01", ANONYMOUS, 200),
    RequestCase("POST", "/service_tickets", MECHANIC, 201, TICKET, {"id": 5, "status": "open"}),
    RequestCase(
        "GET", "/service_tickets?status=open&customer_id=1", MECHANIC, 200, None, {"page": 1}
    ),
    RequestCase("GET", "/service_tickets/1", CUSTOMER, 200, None, {"vin": None}),
    RequestCase(
        "PUT", "/service_tickets/1", MECHANIC, 200, {"description": "D"}, {"description": "D"}
    ),
    RequestCase("PATCH", "/service_tickets/1", MECHANIC, 200, {"service_date": "2026-05-01"}),
    RequestCase("DELETE", "/service_tickets/1", MANAGER, 204),
    RequestCase(
        "PUT", "/service_tickets/1/edit", MECHANIC, 200, {"add_ids": [1], "remove_ids": [2]}
    ),
    RequestCase("PUT", "/service_tickets/1/mechanics/1", MECHANIC, 200),
    RequestCase("DELETE", "/service_tickets/1/mechanics/2", MECHANIC, 200, None, {"mechanics": []}),
    RequestCase("GET", "/service_tickets/1/transitions", CUSTOMER, 200, None, {"status": "open"}),
    RequestCase("POST", "/service_tickets/1/transitions", MECHANIC, 200, {"to": "in_progress"}),
    RequestCase("GET", "/service_tickets/1/history", CUSTOMER, 200, None, {"page": 1}),
    RequestCase(
        "POST",
        "/service_tickets/1/parts",
        MECHANIC,
        201,
        {"part_id": 1, "quantity": 1.5},
        {"quantity": 1.5, "unit_price": 19.99, "amount": 29.99},
    ),
    RequestCase(
        "PATCH", "/service_tickets/2/parts/1", MECHANIC, 200, {"quantity": 3}, {"quantity": 3}
    ),
    RequestCase("DELETE", "/service_tickets/2/parts/1", MECHANIC, 204),
    RequestCase("POST", "/service_tickets/1/labor", MECHANIC, 201, LABOR, {"amount": 120}),
    RequestCase(
        "PATCH", "/service_tickets/2/labor/1", MECHANIC, 200, {"rate": 10.1}, {"amount": 15.15}
    ),
    RequestCase("DELETE", "/service_tickets/2/labor/1", MECHANIC, 204),
    RequestCase("POST", "/service_tickets/1/charges", MECHANIC, 201, CORE, {"amount": 45.5}),
    RequestCase(
        "PATCH",
        "/service_tickets/2/charges/1",
        MECHANIC,
        200,
        {"quantity": -1},
        {"amount": -45.5, "net": -45.5, "tax_class": "core"},
    ),
    RequestCase("DELETE", "/service_tickets/2/charges/1", MECHANIC, 204),
    RequestCase(
        "POST",
        "/service_tickets/1/jobs",
        MECHANIC,
        201,
        {"title": "Oil service", "kind": "maintenance"},
        {"status": "proposed", "changed_since_authorized": False, "comes_back_from": None},
    ),
    RequestCase(
        "PATCH", "/service_tickets/2/jobs/2", MECHANIC, 200, {"title": "B"}, {"kind": "diagnosis"}
    ),
    RequestCase("DELETE", "/service_tickets/2/jobs/2", MECHANIC, 204),
    RequestCase(
        "PUT",
        "/service_tickets/2/discounts",
        MECHANIC,
        200,
        {"items": [FLEET]},
        {"discounts": [FLEET]},
    ),
    RequestCase("GET", "/service_tickets/2/price", CUSTOMER, 200, None, {"tax": []}),
    RequestCase("GET", "/service_tickets/2/estimates", CUSTOMER, 200, None, {"page": 1}),
    RequestCase(
        "POST",
        "/service_tickets/2/estimates",
        MECHANIC,
        201,
        {"job_ids": [1], "valid_until": "2099-01-31", "note": "Ask for Bob"},
        {"number": 3, "ticket_id": 2, "status": "open", "supplies": None, "revised_total": 205.48},
    ),
    RequestCase(
        "GET", "/service_tickets/2/estimates/2", CUSTOMER, 200, None, {"number": 2, "note": None}
    ),
    RequestCase("GET", "/service_tickets/2/estimates/2.html", CUSTOMER, 200),
    RequestCase("GET", "/service_tickets/2/estimates/2.pdf", CUSTOMER, 200),
    RequestCase(
        "POST",
        "/service_tickets/2/estimates/2/decisions",
        CUSTOMER,
        201,
        ANSWERS,
        {"kind": "estimate", "estimate": 2, "channel": "portal", "person": "Ada", "contact": None},
    ),
    RequestCase("POST", "/service_tickets/2/estimates/2/links", MECHANIC, 201),
    RequestCase("GET", "/service_tickets/2/decisions", CUSTOMER, 200, None, {"has_more": False}),
    RequestCase(
        "POST",
        "/service_tickets/2/decisions",
        MECHANIC,
        201,
        {"amount": 1000, **TOLD},
        {"kind": "limit", "amount": 1000, "answers": [], "estimate": None, **TOLD},
    ),
    RequestCase(
        "GET",
        "/service_tickets/2/authorization",
        CUSTOMER,
        200,
        None,
        {
            "mode": "off",
            "authorized": 0,
            "limit": None,
            "tolerance": 0,
            "ceiling": 0,
            "current": 205.48,
            "headroom": -205.48,
            "undecided": [1, 2],
            "changed": [],
        },
    ),
    RequestCase(
        "POST",
        "/service_tickets/4/invoice",
        MECHANIC,
        201,
        None,
        {"id": 2, "number": "INV-2", "ticket_id": 4, "customer_id": 1, "paid": 0, "due": 120},
    ),
    RequestCase(
        "GET",
        "/invoices?customer_id=1&ticket_id=3&payment_status=partly_paid&from=2026-01-01",
        MECHANIC,
        200,
        None,
        {"page": 1, "has_more": False},
    ),
    RequestCase(
        "GET",
        "/invoices/1",
        CUSTOMER,
        200,
        None,
        {
            "number": "INV-1",
            "credited": 8,
            "paid": 50,
            "due": 62,
            "payment_status": "partly_paid",
            "previous": None,
        },
    ),
    *(
        RequestCase("GET", f"{path}.{suffix}", CUSTOMER, 200)
        for path in ("/invoices/1", "/credit_notes/1", "/customers/1/statement")
        for suffix in ("html", "pdf")
    ),
    RequestCase("GET", "/my-invoices", CUSTOMER, 200, None, {"per_page": 20}),
    RequestCase(
        "POST",
        "/invoices/1/credit_notes",
        MANAGER,
        201,
        CREDIT,
        {"number": "CN-2", "invoice_id": 1, "tax": [], "reason": "Took less time"},
        KEY,
    ),
    RequestCase("GET", "/invoices/1/credit_notes", CUSTOMER, 200, None, {"page": 1}),
    RequestCase("GET", "/credit_notes/1", CUSTOMER, 200, None, {"number": "CN-1"}),
    RequestCase(
        "POST",
        "/service_tickets/3/payments",
        MECHANIC,
        201,
        PAYMENT,
        {"id": 2, "ticket_id": 3, **PAYMENT, "refunds": [], "refunded": 0},
        KEY,
    ),
    RequestCase("GET", "/service_tickets/3/payments", CUSTOMER, 200, None, {"page": 1}),
    RequestCase(
        "POST",
        "/payments/1/refunds",
        MANAGER,
        201,
        REFUND,
        {"amount": 9.99, "method": "cash", "reason": "Paid twice"},
        KEY,
    ),
    RequestCase(
        "GET",
        "/payments?from=2026-01-01&to=2099-12-31&method=cash",
        MANAGER,
        200,
        None,
        {"totals": {"cash": 50}},
    ),
    RequestCase("GET", "/payments/1", CUSTOMER, 200, None, {"amount": 50, "method": "cash"}),
    RequestCase(
        "GET",
        "/customers/1/statement?from=2026-01-01&to=2099-12-31",
        CUSTOMER,
        200,
        None,
        {"customer_id": 1, "opening": 0, "closing": 62},
    ),
    RequestCase(
        "GET", "/receivables?as_of=2099-12-31", MANAGER, 200, None, {"as_of": "2099-12-31"}
    ),
    RequestCase("GET", "/recommendations?status=open", CUSTOMER, 200, None, {"page": 1}),
    RequestCase(
        "GET",
        "/recommendations/1",
        CUSTOMER,
        200,
        None,
        {"ticket_id": 2, "title": "Wipers", "estimate": 1, "times_offered": 1, "status": "open"},
    ),
    RequestCase("POST", "/recommendations/1/dismiss", MECHANIC, 200, None, {"status": "dismissed"}),
    RequestCase("GET", "/inventory?q=pad&sku=PAD", ANONYMOUS, 200, None, {"page": 1}),
    RequestCase("GET", "/inventory?low_stock=true", MECHANIC, 200, None, {"page": 1}),
    RequestCase("GET", "/inventory/1", ANONYMOUS, 200, None, {"price": 19.99, "available": 8}),
    RequestCase("POST", "/inventory", MECHANIC, 201, {"name": "Oil", "price": 7}, {"id": 4}),
    RequestCase(
        "PUT", "/inventory/1", MECHANIC, 200, {"name": "Pad", "price": 1.1}, {"quantity": 10}
    ),
    RequestCase("PATCH", "/inventory/1", MECHANIC, 200, {"quantity": 5.5}, {"available": 3.5}),
    RequestCase("DELETE", "/inventory/2", MECHANIC, 204),
    RequestCase("GET", "/inventory?archived=true", MECHANIC, 200, None, {"page": 1}),
    RequestCase("POST", "/inventory/3/restore", MECHANIC, 200, None, {"archived": False}),
    RequestCase("GET", "/events?after=999", MANAGER, 200, None, {"items": [], "has_more": False}),
    RequestCase(
        "POST",
        "/prices",
        MECHANIC,
        200,
        {"lines": [{"kind": "labor", "hours": 0.25, "rate": 90.1}]},
        {"tax": []},
    ),
    RequestCase(
        "GET",
        "/shop",
        ANONYMOUS,
        200,
        None,
        {
            "name": "Mechanic Shop",
            "address": None,
            "phone": None,
            "email": None,
            "currency": "USD",
            "time_zone": "UTC",
        },
    ),
    RequestCase(
        "PUT",
        "/shop",
        MANAGER,
        200,
        {"name": "Moore Motors", "time_zone": "Pacific/Honolulu"},
        {"name": "Moore Motors", "time_zone": "Pacific/Honolulu", "currency": "USD"},
    ),
    RequestCase("PATCH", "/shop", MANAGER, 200, {"phone": "555-0100"}, {"phone": "555-0100"}),
    RequestCase("GET", "/shop/history", MANAGER, 200, None, {"items": [], "page": 1}),
    RequestCase("GET", "/inventory/1/movements", MECHANIC, 200, None, {"page": 1}),
    RequestCase(
        "POST",
        "/inventory/1/movements",
        MECHANIC,
        201,
        {"kind": "receive", "quantity": 2, "note": "new"},
        {"on_hand_change": 2, "on_hand_after": 12, "ticket_id": None},
    ),
)


ON_TICKET_2 = tuple(
    RequestCase("POST", f"/service_tickets/2/{below}", MECHANIC, 201, body)
    for below, body in (
        ("parts", {"part_id": 1, "quantity": 2}),
        ("labor", LABOR),
        ("charges", CORE),
        ("jobs", {"title": "A", "kind": "diagnosis"}),
        ("jobs", {"title": "Wipers"}),
        ("estimates", {"job_ids": [3]}),
        ("estimates/1/decisions", DECLINED),
        ("estimates", {"job_ids": [2]}),
    )
)
"""What is done on ticket 2 before the requests of the table: its second estimate is open."""


INVOICED = (
    *(
        RequestCase("POST", f"/service_tickets/{ticket}/{below}", MECHANIC, status, body)
        for ticket in (3, 4)
        for below, status, body in (
            ("labor", 201, LABOR),
            ("transitions", 200, {"to": "in_progress"}),
            ("transitions", 200, {"to": "completed"}),
        )
    ),
    RequestCase("POST", "/service_tickets/3/invoice", MECHANIC, 201),
    RequestCase("POST", "/invoices/1/credit_notes", MANAGER, 201, CREDIT, headers=KEY),
    RequestCase(
        "POST",
        "/service_tickets/3/payments",
        MECHANIC,
        201,
        {"amount": 50, "method": "cash"},
        headers=KEY,
    ),
)
"""What is done on tickets 3 and 4: both are completed, and one has an invoice, partly paid."""


def client_with_records() -> Client:
    """Return a client of a shop with new, finished and invoiced tickets, and unused records."""
    return restored(*_client_with_records())


@functools.cache
def _client_with_records() -> tuple[Client, object]:
    found = client(SETTINGS)
    for _ in range(4):
        found.premises.open()
    for case in (
        RequestCase("POST", "/customers/1/password_resets", MECHANIC, 201),
        *ON_TICKET_2,
        *INVOICED,
        RequestCase("POST", "/vehicles", MECHANIC, 201, {"customer_id": 1}),
        RequestCase("POST", "/inventory", MECHANIC, 201, {"name": "Rag", "price": 0, "sku": "RAG"}),
        RequestCase("POST", "/inventory", MECHANIC, 201, {"name": "Old", "price": 0, "sku": "OLD"}),
        RequestCase("DELETE", "/inventory/3", MECHANIC, 204),
    ):
        answer = found.ask(case.method, case.path, case.body, case.actor, case.headers)
        assert case.status == answer.status_code, answer.text
    return with_content(found)


@pytest.mark.parametrize("case", CONTRACT, ids=lambda case: f"{case.method} {case.path}")
def test_responds_as_the_contract_says(case: RequestCase) -> None:
    """
    A permitted actor gets the status and the members that the contract requires.
    """
    shop = client_with_records()

    response = shop.ask(case.method, case.path, case.body, case.actor, case.headers)

    assert case.status == response.status_code, response.text
    assert not case.members or case.members.items() <= response.json.items()


def test_covers_every_route() -> None:
    """
    The table has a request for every operation; the token refresh has its own test.
    """
    served = {(method, route.template) for route in ROUTES for method in route.operations}
    covered = {(case.method, template_of(case.path)) for case in CONTRACT}

    assert served - {("POST", "/token/refresh")} == covered


def template_of(path: str) -> str:
    """Return the route template that matches a path of the table."""
    segments = path.partition("?")[0].split("/")
    for route in ROUTES:
        expected = route.template.split("/")
        if len(segments) == len(expected) and all(
            wanted == given
            or re.fullmatch(re.sub(r"{\w+}", r"\\d+", wanted), given)
            or (wanted, given) == ("{link_token}", RESET)
            for wanted, given in zip(expected, segments, strict=True)
        ):
            return route.template
    return path


def test_refreshes_tokens_once() -> None:
    """
    A refresh token works once; reuse is refused and revokes the new refresh token too.
    """
    shop = client()
    first = shop.ask("POST", "/login", WHO).json["refresh_token"]

    second = shop.ask("POST", "/token/refresh", {"refresh_token": first})
    again = shop.ask("POST", "/token/refresh", {"refresh_token": first})
    after = shop.ask("POST", "/token/refresh", {"refresh_token": second.json["refresh_token"]})

    assert [200, 401, 401] == [r.status_code for r in (second, again, after)]
