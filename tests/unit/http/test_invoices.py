"""Invoices and credit notes over HTTP."""

import hashlib
import json
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from mechanic_core.access import Actor
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.pricing.test_vectors import VECTORS
from tests.unit.http.shop import OTHER, Client
from tests.unit.http.test_idempotent_replay import new_client
from tests.unit.http.test_prices import cents, request_of, shifted

ADDED = {"description", "jobs", "discounts", "deposit", "issued_on", "by"}
"""The members of an invoice beyond those of the contract."""

_keys = count()

MEMBERS = {
    *("id", "number", "ticket_id", "customer_id", "customer", "seller", "vehicle", "odometer"),
    *("service_date", "lines", "totals", "tax", "decisions", "issued_at", "due_date"),
    *("credited", "paid", "due", "payment_status", "digest", "previous"),
}


def finished(shop: Client, *lines: dict[str, Any], to: str = "completed") -> str:
    """Return the path of a new ticket with lines of labour that was moved *to* a status."""
    path = f"/service_tickets/{shop.premises.open().id}"
    for line in lines or ({"description": "Brakes", "hours": 2, "rate": 60},):
        added = shop.ask("POST", f"{path}/labor", line, MECHANIC)
        assert 201 == added.status_code, added.text
    for status in ("in_progress", "completed", "closed")[: {"completed": 2, "closed": 3}[to]]:
        assert 200 == move(shop, path, status).status_code
    return path


def move(shop: Client, path: str, to: str) -> Any:
    """Return the answer to a transition of the ticket at *path*."""
    return shop.ask("POST", f"{path}/transitions", {"to": to}, MECHANIC)


def invoice(shop: Client, path: str, tag: str = "*") -> Any:
    """Return the answer to the invoicing of the ticket at *path*, in the version of *tag*."""
    return shop.ask("POST", f"{path}/invoice", actor=MECHANIC, headers={"If-Match": tag})


def credit(shop: Client, number: int, actor: Actor = MANAGER, **form: Any) -> Any:
    """Return the answer to a credit of invoice *number*, which has a new key."""
    key = {"Idempotency-Key": f"credit-{next(_keys)}"}
    body = {"reason": "Goodwill", **form}
    return shop.ask("POST", f"/invoices/{number}/credit_notes", body, actor, key)


def pay(shop: Client, path: str, amount: float | str, **form: Any) -> Any:
    """Return the answer to a payment on the ticket at *path*, which has a new key."""
    key = {"Idempotency-Key": f"pay-{next(_keys)}"}
    body = {"amount": amount, "method": "cash", **form}
    return shop.ask("POST", f"{path}/payments", body, MECHANIC, key)


def test_an_invoice_has_the_members_of_the_contract() -> None:
    """
    It names the customer, the shop as it was, the lines and the sums, and where it is.
    """
    shop = new_client()
    shop.ask("PATCH", "/shop", {"name": "Moore Motors", "payment_terms_days": 30}, MANAGER)
    path = finished(shop)

    made = invoice(shop, path)

    assert (201, "/invoices/1") == (made.status_code, made.headers["Location"])
    assert MEMBERS | ADDED == set(made.json)
    assert ("INV-1", "unpaid", None) == (
        made.json["number"],
        made.json["payment_status"],
        made.json["previous"],
    )
    assert "Moore Motors" == made.json["seller"]["name"]
    assert {"name", "address", "email", "phone"} == set(made.json["customer"])
    assert (120, 0, 0, 120) == tuple(
        made.json[one] if one in made.json else made.json["totals"][one]
        for one in ("total", "credited", "paid", "due")
    )
    assert str(shop.premises.clock.at.date() + timedelta(30)) == made.json["due_date"]
    assert made.json == shop.get("/invoices/1", CUSTOMER).json
    assert made.headers["ETag"] == shop.get("/invoices/1", CUSTOMER).headers["ETag"]


def test_invoices_can_be_checked() -> None:
    """
    Each digest is that of its text without what may change, and the next invoice has it.
    """
    shop = new_client()
    for _ in "12":
        invoice(shop, finished(shop, {"description": "Größe & <b>", "hours": 0.25, "rate": 90.1}))
    pay(shop, "/service_tickets/1", 10)

    items = shop.get("/invoices", MECHANIC).json["items"]

    assert [None, items[0]["digest"]] == [one["previous"] for one in items]
    assert [digest_of(one) for one in items] == [one["digest"] for one in items]


def digest_of(document: dict[str, Any]) -> str:
    """Return the digest of an invoice as it was served."""
    changing = {"id", "digest", "customer_id", "credited", "paid", "due", "payment_status"}
    members = {name: one for name, one in document.items() if name not in changing}
    members["by"] = {name: one for name, one in document["by"].items() if name != "name"}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("to", ["open", "in_progress"])
def test_what_is_not_completed_is_not_invoiced(to: str) -> None:
    """
    The refusal has the status of the ticket.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    if to != "open":
        move(shop, path, to)

    refused = invoice(shop, path)

    assert (409, "not-completed", to) == (
        refused.status_code,
        refused.json["code"],
        refused.json["current_state"],
    )
    assert 404 == invoice(shop, "/service_tickets/999").status_code


def test_a_ticket_is_invoiced_once_until_all_is_credited() -> None:
    """
    The refusal names the invoice; a closed ticket can be invoiced anew, with the same lines.
    """
    shop = new_client()
    path = finished(shop, to="closed")
    first = invoice(shop, path)

    refused = invoice(shop, path)
    credited = credit(shop, 1, all=True)
    again = invoice(shop, path)

    assert (409, "already-invoiced", 1) == (
        refused.status_code,
        refused.json["code"],
        refused.json["invoice_id"],
    )
    assert (201, 201, "INV-2") == (
        credited.status_code,
        again.status_code,
        again.json["number"],
    )
    assert first.json["lines"] == again.json["lines"]
    assert "credited" == shop.get("/invoices/1", CUSTOMER).json["payment_status"]


def test_invoicing_is_conditional_on_the_ticket() -> None:
    """
    `If-Match` has the tag of the ticket: what was changed since is not invoiced.
    """
    shop = new_client()
    path = finished(shop)
    tag = shop.get(path, MECHANIC).headers["ETag"]
    for to in ("in_progress", "completed"):
        move(shop, path, to)
    present = shop.get(path, MECHANIC).headers["ETag"]

    statuses = [invoice(shop, path, one).status_code for one in (tag, present)]

    assert [412, 201] == statuses


def test_a_total_below_zero_is_not_invoiced() -> None:
    """
    What the shop owes the customer is no invoice.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    core = {"kind": "core", "description": "Core", "quantity": -1, "unit_price": 45}
    shop.ask("POST", f"{path}/charges", core, MECHANIC)
    for to in ("in_progress", "completed"):
        move(shop, path, to)

    refused = invoice(shop, path)

    assert (409, "total-negative") == (refused.status_code, refused.json["code"])


def test_no_invoice_is_above_the_ceiling() -> None:
    """
    The refusal says how far the ticket is above what was authorized.
    """
    shop = new_client()
    path = finished(shop)
    shop.ask("PATCH", "/shop", {"authorization": "ceiling"}, MANAGER)
    limit = {"amount": "119.99", "person": "Ada", "channel": "in_person"}
    assert 201 == shop.ask("POST", f"{path}/decisions", limit, MECHANIC).status_code

    refused = invoice(shop, path)

    assert (409, "over-authorized") == (refused.status_code, refused.json["code"])
    assert (119.99, 120, 0.01) == tuple(
        refused.json[one] for one in ("ceiling", "current", "excess")
    )


def test_blockers_show_in_transitions() -> None:
    """
    Invoices, and what is paid ahead, block what would undo them.
    """
    shop = new_client()
    shop.ask("PATCH", "/shop", {"invoicing": "required"}, MANAGER)
    path = finished(shop)
    before = blockers(shop, path)
    invoice(shop, path)
    after = blockers(shop, path)
    other = f"/service_tickets/{shop.premises.open().id}"
    pay(shop, other, 10)

    assert (["not-invoiced"], []) == (before["closed"], before["in_progress"])
    assert ([], ["invoiced"]) == (after["closed"], after["in_progress"])
    assert ["deposit-unsettled"] == blockers(shop, other)["cancelled"]
    refused = move(shop, path, "in_progress")
    assert (409, ["invoiced"]) == (
        refused.status_code,
        [one["code"] for one in refused.json["blockers"]],
    )


def blockers(shop: Client, path: str) -> dict[str, list[str]]:
    """Return the codes of the blockers of a ticket by the status that they block."""
    shown = shop.get(f"{path}/transitions", MECHANIC).json["items"]
    return {one["to"]: [blocker["code"] for blocker in one["blockers"]] for one in shown}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3]),
        ("customer_id=1", [1, 2, 3]),
        ("customer_id=2", []),
        ("ticket_id=2", [2]),
        ("payment_status=paid", [2]),
        ("payment_status=partly_paid", [1]),
        ("payment_status=unpaid", []),
        ("payment_status=credited", [3]),
        ("from=2999-01-01", []),
        ("to=1999-12-31", []),
    ],
)
def test_invoices_are_filtered(query: str, expected: list[int]) -> None:
    """
    All conditions of a query hold for what is listed.
    """
    shop = new_client()
    for _ in "123":
        invoice(shop, finished(shop))
    pay(shop, "/service_tickets/1", 20)
    pay(shop, "/service_tickets/2", 120)
    credit(shop, 3, all=True)

    assert expected == [one["id"] for one in shop.get(f"/invoices?{query}", MECHANIC).json["items"]]


def test_days_of_issue_are_included() -> None:
    """
    The first and the last day of a period belong to it.
    """
    shop = new_client()
    day = invoice(shop, finished(shop)).json["issued_on"]

    assert 1 == len(shop.get(f"/invoices?from={day}&to={day}", MECHANIC).json["items"])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("customer_id=0", "customer_id"),
        ("ticket_id=x", "ticket_id"),
        ("payment_status=late", "payment_status"),
        ("from=yesterday", "from"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("status=paid", "status"),
    ],
)
def test_wrong_filters_are_named(query: str, parameter: str) -> None:
    """
    A wrong query parameter is 422.
    """
    refused = new_client().get(f"/invoices?{query}", MECHANIC)

    assert (422, [parameter]) == (
        refused.status_code,
        [one["parameter"] for one in refused.json["errors"]],
    )


def test_customers_see_their_own_invoices() -> None:
    """
    Newest first; another's look missing.
    """
    shop = new_client()
    for _ in "12":
        invoice(shop, finished(shop))
    credit(shop, 1, all=True)

    mine = shop.get("/my-invoices", CUSTOMER).json["items"]

    assert ["INV-2", "INV-1"] == [one["number"] for one in mine]
    assert [] == shop.get("/my-invoices", OTHER).json["items"]
    assert {404} == {
        shop.get(path, OTHER).status_code
        for path in ("/invoices/1", "/invoices/1/credit_notes", "/credit_notes/1", "/invoices/9")
    }


def test_a_credit_note_has_the_members_of_the_contract() -> None:
    """
    `all` credits what is left; the note names its invoice, and the invoice shows what is credited.
    """
    shop = new_client()
    invoice(shop, finished(shop))
    part = credit(shop, 1, lines=[{"line": 1, "amount": "19.99"}])
    rest = credit(shop, 1, lines=[{"line": 1, "amount": "100.01"}], reason="Wrong car")

    assert (201, "/credit_notes/1") == (part.status_code, part.headers["Location"])
    assert {
        *("id", "number", "invoice_id", "lines", "totals", "tax", "reason", "issued_at"),
        *("invoice_number", "ticket_id", "customer", "seller", "issued_on", "by"),
        *("previous", "digest"),
    } == set(part.json)
    assert ("CN-1", 19.99, 1) == (
        part.json["number"],
        part.json["totals"]["total"],
        part.json["invoice_id"],
    )
    assert part.json["digest"] == rest.json["previous"]
    assert [1, 2] == [
        one["id"] for one in shop.get("/invoices/1/credit_notes", CUSTOMER).json["items"]
    ]
    assert rest.json == shop.get("/credit_notes/2", CUSTOMER).json
    shown = shop.get("/invoices/1", MECHANIC).json
    assert (120, 0, "credited") == (shown["credited"], shown["due"], shown["payment_status"])


@pytest.mark.parametrize(
    ("form", "status", "code", "lines"),
    [
        ({"lines": [{"line": 1, "quantity": 1.501}]}, 409, "more-than-invoiced", [1]),
        ({"lines": [{"line": 1, "amount": 1}]}, 409, "credited-otherwise", [1]),
        ({"lines": [{"line": 2, "amount": "100.01"}]}, 409, "more-than-invoiced", [2]),
        ({"lines": [{"line": 9, "amount": 1}]}, 422, "unknown", None),
        ({"lines": [{"line": 1, "amount": 1, "quantity": 1}]}, 422, "rule-broken", None),
        ({"lines": [{"line": 1}]}, 422, "rule-broken", None),
        ({"lines": [{"line": 2, "quantity": 1}] * 2}, 422, "rule-broken", None),
        ({"lines": []}, 422, "rule-broken", None),
        ({}, 422, "rule-broken", None),
        ({"all": True, "lines": [{"line": 1, "quantity": 1}]}, 422, "rule-broken", None),
        ({"all": "yes"}, 422, "rule-broken", None),
        ({"all": True, "reason": " "}, 422, "rule-broken", None),
        ({"all_": True}, 422, "rule-broken", None),
    ],
)
def test_credits_are_bounded(form: Any, status: int, code: str, lines: list[int] | None) -> None:
    """
    No more of a line is credited than is left, in one way alone; a refusal names the lines.
    """
    shop = new_client()
    work = {"description": "Brakes", "hours": 2, "rate": 50}
    invoice(shop, finished(shop, work, work))
    credit(shop, 1, lines=[{"line": 1, "quantity": 0.5}])

    refused = credit(shop, 1, **form)

    assert (status, code) == (refused.status_code, refused.json["code"]), refused.text
    assert lines == refused.json.get("line_numbers")
    assert 25 == shop.get("/invoices/1", MECHANIC).json["credited"]


def test_nothing_is_left_of_what_is_credited() -> None:
    """
    Another credit of everything is a conflict; one of an unknown invoice is not found.
    """
    shop = new_client()
    invoice(shop, finished(shop))
    answers = [credit(shop, number, all=True) for number in (1, 1, 2)]

    assert [201, 409, 404] == [one.status_code for one in answers]
    assert ["more-than-invoiced", "invoice-not-found"] == [one.json["code"] for one in answers[1:]]


@pytest.mark.parametrize(
    "vector", [pytest.param(one, id=one["name"]) for one in VECTORS if "credit_notes" in one]
)
def test_a_published_vector_is_credited_over_http(vector: dict[str, Any]) -> None:
    """
    The credit notes of a published vector are what it says, to the cent.
    """
    shop = new_client()
    request = request_of(vector)
    profile = {name: one for name, one in request["profile"].items() if one is not None}
    assert 200 == shop.ask("PATCH", "/shop", profile, MANAGER).status_code
    path = f"/service_tickets/{shop.premises.open().id}"
    numbers = [add_line(shop, path, line) for line in request["lines"]]
    discounts = [{**one, "reason": "As published"} for one in request["discounts"]]
    shop.ask("PUT", f"{path}/discounts", {"items": discounts}, MECHANIC)
    for to in ("in_progress", "completed"):
        assert 200 == move(shop, path, to).status_code

    made = invoice(shop, path).json
    lines = {(one["kind"], one["id"]): one["line"] for one in made["lines"]}
    by_id = {
        line["id"]: lines[number] for line, number in zip(vector["lines"], numbers, strict=True)
    }

    assert [vector["expect"][one] for one in ("net", "tax", "total")] == [
        cents(made["totals"][one]) for one in ("net", "tax", "total")
    ]
    for note in vector["credit_notes"]:
        parts = [
            {"line": by_id[int(number)], "quantity": shifted(part, 3)}
            for number, part in note["quantities"].items()
        ]
        given = credit(shop, 1, lines=parts).json
        assert (note["net"], note["tax"]) == tuple(
            cents(given["totals"][one]) for one in ("net", "tax")
        )


def test_an_invoice_without_lines_is_credited_too() -> None:
    """
    Then its ticket can be reopened; a second credit finds nothing left.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    for to in ("in_progress", "completed"):
        move(shop, path, to)
    invoice(shop, path)

    credited, again = (credit(shop, 1, all=True) for _ in "12")

    assert (201, [], 0) == (
        credited.status_code,
        credited.json["lines"],
        credited.json["totals"]["total"],
    )
    assert (409, "more-than-invoiced") == (again.status_code, again.json["code"])
    assert "credited" == shop.get("/invoices/1", MECHANIC).json["payment_status"]
    assert 200 == shop.get("/credit_notes/1.html", MECHANIC).status_code
    assert 200 == move(shop, path, "in_progress").status_code


def add_line(shop: Client, path: str, line: dict[str, Any]) -> tuple[str, int]:
    """Return the kind and id of a line of a published vector, which was added to a ticket."""
    kind = line["kind"]
    form = {name: one for name, one in line.items() if name not in ("id", "kind") and one}
    if kind == "part":
        part = {"name": "Part", "price": form.pop("unit_price"), "quantity": form["quantity"]}
        number = shop.ask("POST", "/inventory", part, MECHANIC).json["id"]
        added = shop.ask("POST", f"{path}/parts", {"part_id": number, **form}, MECHANIC)
    elif kind == "labor":
        added = shop.ask("POST", f"{path}/labor", {"description": "Work", **form}, MECHANIC)
    else:
        named = {"kind": kind, "description": kind, **form}
        added = shop.ask("POST", f"{path}/charges", named, MECHANIC)
    assert 201 == added.status_code, added.text
    return kind, added.json["id"]


def test_the_customer_of_an_invoiced_ticket_is_fixed() -> None:
    """
    Whoever owes it is no slip of the pen any more.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    pay(shop, path, 5)

    refused = shop.ask("PATCH", path, {"customer_id": 2}, MECHANIC)

    assert (409, "customer-fixed") == (refused.status_code, refused.json["code"])


def test_who_owes_is_not_erased() -> None:
    """
    The refusal names the tickets; a settled account does not stand in the way.
    """
    shop = new_client()
    path = finished(shop, to="closed")
    invoice(shop, path)

    refused = shop.ask("DELETE", "/customers/1", actor=MANAGER)
    pay(shop, path, 120)
    erased = shop.ask("DELETE", "/customers/1", actor=MANAGER)

    assert (409, "balance-open", [1]) == (
        refused.status_code,
        refused.json["code"],
        refused.json["tickets"],
    )
    assert 204 == erased.status_code
    assert 200 == shop.get("/invoices/1", MANAGER).status_code
