"""Payments, refunds, statements and receivables over HTTP."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from mechanic_core.access import Actor
from mechanic_http.routes import ROUTES
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, PROBLEM, Client
from tests.unit.http.test_idempotent_replay import KEY, new_client
from tests.unit.http.test_invoices import credit, finished, invoice, move, pay

_keys = count()
CASH = {"amount": 50, "method": "cash"}
MEMBERS = {
    *("id", "ticket_id", "amount", "method", "received_on", "reference", "at", "by"),
    *("refunds", "refunded"),
}


def refund(shop: Client, number: int, amount: float, actor: Actor = MANAGER, **form: Any) -> Any:
    """Return the answer to a refund of payment *number*, which has a new key."""
    key = {"Idempotency-Key": f"refund-{next(_keys)}"}
    body = {"amount": amount, "reason": "Paid twice", **form}
    return shop.ask("POST", f"/payments/{number}/refunds", body, actor, key)


def today(shop: Client) -> date:
    """Return the day of the shop, whose time zone is UTC."""
    return shop.premises.clock.at.date()


def test_a_payment_has_its_own_address() -> None:
    """
    Without a day it was received today; the invoice shows what is paid.
    """
    shop = new_client()
    path = finished(shop)
    invoice(shop, path)

    paid = pay(shop, path, "50.25", reference="check 1042")

    assert (201, "/payments/1") == (paid.status_code, paid.headers["Location"])
    assert set(paid.json) == MEMBERS
    assert (50.25, str(today(shop)), "check 1042", []) == tuple(
        paid.json[one] for one in ("amount", "received_on", "reference", "refunds")
    )
    assert paid.json == shop.get("/payments/1", CUSTOMER).json
    assert paid.json == shop.get(f"{path}/payments", CUSTOMER).json["items"][0]
    shown = shop.get("/invoices/1", CUSTOMER).json
    assert (50.25, 69.75, "partly_paid") == (shown["paid"], shown["due"], shown["payment_status"])


def test_a_payment_is_taken_once() -> None:
    """
    A retry with the same key gets the first answer, and nothing is paid again.
    """
    shop = new_client()
    path = finished(shop)
    answers = [shop.ask("POST", f"{path}/payments", CASH, MECHANIC, KEY) for _ in range(3)]
    other = shop.ask("POST", f"{path}/payments", {**CASH, "amount": 51}, MECHANIC, KEY)

    assert 1 == len({answer.text for answer in answers})
    assert [201] * 3 == [answer.status_code for answer in answers]
    assert ["/payments/1"] * 3 == [answer.headers["Location"] for answer in answers]
    assert [None, "true", "true"] == [one.headers.get("Idempotency-Replayed") for one in answers]
    assert (422, "key-reused") == (other.status_code, other.json["code"])
    assert 1 == len(shop.get(f"{path}/payments", MECHANIC).json["items"])


def test_refunds_and_credits_are_done_once() -> None:
    """
    A retry with the same key gives nothing back a second time.
    """
    shop = new_client()
    path = finished(shop)
    invoice(shop, path)
    pay(shop, path, 120)
    refunded = [
        shop.ask("POST", "/payments/1/refunds", {"amount": 1, "reason": "x"}, MANAGER, KEY)
        for _ in "12"
    ]
    form = {"lines": [{"line": 1, "amount": 1}], "reason": "x"}
    credited = [shop.ask("POST", "/invoices/1/credit_notes", form, MANAGER, KEY) for _ in "12"]

    assert refunded[0].json == refunded[1].json
    assert credited[0].json == credited[1].json
    assert 1 == shop.get("/payments/1", MECHANIC).json["refunded"]
    assert 1 == shop.get("/invoices/1", MECHANIC).json["credited"]


@pytest.mark.parametrize(
    ("path", "tagged", "code"),
    [
        ("/service_tickets/1/payments", "/service_tickets/1", "ticket-changed"),
        ("/invoices/1/credit_notes", "/invoices/1", "invoice-changed"),
        ("/payments/1/refunds", "/payments/1", "payment-changed"),
    ],
)
def test_money_changes_hands_on_condition(path: str, tagged: str, code: str) -> None:
    """
    `If-Match` has the tag of the ticket, invoice or payment: a stale one moves no money.
    """
    shop = new_client()
    invoice(shop, finished(shop))
    pay(shop, "/service_tickets/1", 100)
    stale = shop.get(tagged, MANAGER).headers["ETag"]
    move(shop, "/service_tickets/1", "closed")
    refund(shop, 1, 1)
    before = shop.get("/customers/1/statement", MANAGER).json
    form: Any = {
        "/service_tickets/1/payments": {"amount": 1, "method": "cash"},
        "/invoices/1/credit_notes": {"lines": [{"line": 1, "amount": 1}], "reason": "x"},
        "/payments/1/refunds": {"amount": 1, "reason": "x"},
    }[path]

    refused = shop.ask("POST", path, form, MANAGER, {**KEY, "If-Match": stale})
    after = shop.get("/customers/1/statement", MANAGER).json
    present = {"If-Match": shop.get(tagged, MANAGER).headers["ETag"]}
    done = shop.ask("POST", path, form, MANAGER, {"Idempotency-Key": "other", **present})

    assert (412, code) == (refused.status_code, refused.json["code"])
    assert before == after
    assert 201 == done.status_code, done.text


KEYED = ("/service_tickets/1/payments", "/payments/1/refunds", "/invoices/1/credit_notes")


@pytest.mark.parametrize("path", KEYED)
@pytest.mark.parametrize("raw", [b"{}", b"{", b""])
def test_a_key_is_required_before_anything_else(path: str, raw: bytes) -> None:
    """
    Without one the body is not even read, and whether the thing is there does not matter.
    """
    refused = new_client().ask("POST", path, actor=MANAGER, raw=raw)

    assert (400, "idempotency-key-required", PROBLEM) == (
        refused.status_code,
        refused.json["code"],
        refused.headers["Content-Type"],
    )


@pytest.mark.parametrize("path", KEYED)
def test_permission_comes_before_the_key(path: str) -> None:
    """
    Strangers and customers are told that they may not, with a key or without.
    """
    shop = new_client()

    assert [401, 403] == [
        shop.ask("POST", path, {}, actor).status_code for actor in (ANONYMOUS, CUSTOMER)
    ]


def test_three_operations_require_a_key() -> None:
    """
    They are those in which money changes hands.
    """
    operations = [one for route in ROUTES for one in route.operations.values()]

    assert {"take_payment", "refund_payment", "credit_invoice"} == {
        one.operation_id for one in operations if one.requires_key
    }


def test_a_malformed_key_is_refused() -> None:
    """
    A key that is there and is none is 400 too, and nothing is paid.
    """
    shop = new_client()
    path = finished(shop)

    refused = shop.ask("POST", f"{path}/payments", CASH, MECHANIC, {"Idempotency-Key": '""'})

    assert (400, "malformed-header") == (refused.status_code, refused.json["code"])
    assert [] == shop.get(f"{path}/payments", MECHANIC).json["items"]


def test_a_deposit_has_no_bound_and_fills_the_invoice() -> None:
    """
    What is paid before the invoice fills it; with one no more is taken than is due.
    """
    shop = new_client()
    path = finished(shop)
    pay(shop, path, 100)
    made = invoice(shop, path).json

    beyond = pay(shop, path, 20.01)
    rest = pay(shop, path, 20)

    assert (100, 100, 20) == (made["deposit"], made["paid"], made["due"])
    assert (409, "more-than-due", 20) == (
        beyond.status_code,
        beyond.json["code"],
        beyond.json["due"],
    )
    assert 201 == rest.status_code
    assert "paid" == shop.get("/invoices/1", MECHANIC).json["payment_status"]
    credit(shop, 1, all=True)
    assert 201 == pay(shop, path, 500).status_code


def test_a_cancelled_ticket_takes_no_payment() -> None:
    """
    Nobody pays for what is not done; an unknown ticket is not found.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    move(shop, path, "cancelled")

    refused = pay(shop, path, 1)

    assert (409, "ticket-frozen") == (refused.status_code, refused.json["code"])
    assert 404 == pay(shop, "/service_tickets/99", 1).status_code


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"amount": 0}, "#/amount"),
        ({"amount": -1}, "#/amount"),
        ({"amount": 1.001}, "#/amount"),
        ({"method": "barter"}, "#/method"),
        ({"method": None}, "#/method"),
        ({"received_on": "soon"}, "#/received_on"),
        ({"reference": "a\nb"}, "#/reference"),
        ({"note": "x"}, "#/note"),
    ],
)
def test_wrong_payments_are_named(form: Any, pointer: str) -> None:
    """
    What is wrong is 422 with its pointer, and nothing is paid.
    """
    shop = new_client()
    path = finished(shop)

    refused = pay(shop, path, **{"amount": 1, **form})

    assert (422, [pointer]) == (
        refused.status_code,
        [one["pointer"] for one in refused.json["errors"]],
    )


@pytest.mark.parametrize(("days", "status"), [(0, 201), (1, 422), (-365, 201), (-367, 422)])
def test_money_was_received_in_the_last_year(days: int, status: int) -> None:
    """
    A day to come, or more than a year back, is 422.
    """
    shop = new_client()
    path = finished(shop)
    day = today(shop) + timedelta(days)

    answer = pay(shop, path, 1, received_on=str(day))

    assert status == answer.status_code
    if status == 422:
        assert ["#/received_on"] == [one["pointer"] for one in answer.json["errors"]]


def test_no_more_is_refunded_than_was_paid() -> None:
    """
    The refusal says what is left; the refund is a part of its payment, and due again.
    """
    shop = new_client()
    path = finished(shop)
    invoice(shop, path)
    pay(shop, path, 120)

    first = refund(shop, 1, 20.5, method="card")
    beyond = refund(shop, 1, 99.51)
    missing = refund(shop, 9, 1)

    assert (201, "/payments/1", "card", "Paid twice") == (
        first.status_code,
        first.headers["Location"],
        first.json["method"],
        first.json["reason"],
    )
    assert (409, "more-than-paid", 99.5) == (
        beyond.status_code,
        beyond.json["code"],
        beyond.json["refundable"],
    )
    assert (404, "payment-not-found") == (missing.status_code, missing.json["code"])
    shown = shop.get("/payments/1", CUSTOMER).json
    assert ([first.json], 20.5) == (shown["refunds"], shown["refunded"])
    assert 20.5 == shop.get("/invoices/1", CUSTOMER).json["due"]


def test_refunding_a_deposit_frees_the_ticket() -> None:
    """
    A ticket with money on it is not cancelled before that is given back.
    """
    shop = new_client()
    path = f"/service_tickets/{shop.premises.open().id}"
    pay(shop, path, 10)

    blocked = move(shop, path, "cancelled")
    refund(shop, 1, 10)

    assert (409, ["deposit-unsettled"]) == (
        blocked.status_code,
        [one["code"] for one in blocked.json["blockers"]],
    )
    assert 200 == move(shop, path, "cancelled").status_code


def test_strangers_see_no_payments() -> None:
    """
    Another customer's payments and statement look missing.
    """
    shop = new_client()
    path = finished(shop)
    pay(shop, path, 10)

    assert {404} == {
        shop.get(one, OTHER).status_code
        for one in ("/payments/1", f"{path}/payments", "/customers/1/statement")
    }


def test_takings_are_payments_less_refunds() -> None:
    """
    By method and day, each of its own; a method without any is left out.
    """
    shop = new_client()
    path = finished(shop)
    day = today(shop)
    pay(shop, path, 100)
    pay(shop, path, 30, method="card", received_on=str(day - timedelta(3)))
    refund(shop, 1, 25, method="card")

    every = shop.get("/payments?include_total=true&per_page=1", MANAGER).json
    before = shop.get(f"/payments?to={day - timedelta(1)}", MANAGER).json
    cards = shop.get("/payments?method=card", MANAGER).json

    assert ({"cash": 100, "card": 5}, 2, 1, True) == (
        every["totals"],
        every["total"],
        len(every["items"]),
        every["has_more"],
    )
    assert ({"card": 30}, [2]) == (before["totals"], [one["id"] for one in before["items"]])
    assert ({"card": 5}, [2]) == (cards["totals"], [one["id"] for one in cards["items"]])
    assert {} == shop.get("/payments?from=2999-01-01", MANAGER).json["totals"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/payments?method=barter", "method"),
        ("/payments?from=2026-02-02&to=2026-02-01", "from"),
        ("/payments?ticket_id=1", "ticket_id"),
        ("/customers/1/statement?from=2026-02-02&to=2026-02-01", "from"),
        ("/customers/1/statement?to=x", "to"),
        ("/customers/1/statement?page=1", "page"),
        ("/receivables?as_of=now", "as_of"),
        ("/receivables?from=2026-01-01", "from"),
    ],
)
def test_wrong_parameters_are_named(path: str, parameter: str) -> None:
    """
    A wrong query parameter is 422.
    """
    refused = new_client().get(path, MANAGER)

    assert (422, [parameter]) == (
        refused.status_code,
        [one["parameter"] for one in refused.json["errors"]],
    )


def account() -> Client:
    """Return a shop in which customer 1 has an invoice, a credit, a payment and a refund."""
    shop = new_client()
    path = finished(shop)
    invoice(shop, path)
    pay(shop, path, 50, received_on=str(today(shop) - timedelta(10)))
    credit(shop, 1, lines=[{"line": 1, "amount": 20}])
    refund(shop, 1, 5)
    return shop


def test_a_statement_adds_up() -> None:
    """
    Each entry has its day, its address and the balance after it, and the last one is the closing.
    """
    shop = account()
    day = today(shop)

    shown = shop.get("/customers/1/statement", CUSTOMER).json

    assert (0, 55) == (shown["opening"], shown["closing"])
    assert [
        (str(day - timedelta(10)), "payment", "/payments/1", None, -50, -50),
        (str(day), "invoice", "/invoices/1", "INV-1", 120, 70),
        (str(day), "credit_note", "/credit_notes/1", "CN-1", -20, 50),
        (str(day), "refund", "/payments/1", None, 5, 55),
    ] == [
        tuple(one[name] for name in ("on", "kind", "subject", "number", "amount", "balance"))
        for one in shown["entries"]
    ]
    for one in shown["entries"]:
        assert 200 == shop.get(one["subject"], CUSTOMER).status_code


def test_a_statement_opens_with_what_was_before() -> None:
    """
    Days at both ends are included; what came before the first is the opening.
    """
    shop = account()
    day = today(shop)
    path = "/customers/1/statement"

    later = shop.get(f"{path}?from={day}&to={day}", CUSTOMER).json
    sooner = shop.get(f"{path}?to={day - timedelta(1)}", MECHANIC).json

    assert (-50, 55, 3) == (later["opening"], later["closing"], len(later["entries"]))
    assert (0, -50, 1) == (sooner["opening"], sooner["closing"], len(sooner["entries"]))
    empty = shop.get(f"{path}?from=2999-01-01", CUSTOMER).json
    assert (55, [], 55) == (empty["opening"], empty["entries"], empty["closing"])


def test_a_statement_has_an_entity_tag() -> None:
    """
    What has not changed is not sent again.
    """
    shop = account()
    tag = shop.get("/customers/1/statement", CUSTOMER).headers["ETag"]

    again = shop.get("/customers/1/statement", CUSTOMER, If_None_Match=tag)

    assert 304 == again.status_code


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "current"),
        (1, "days_1_30"),
        (31, "days_31_60"),
        (61, "days_61_90"),
        (91, "over_90"),
    ],
)
def test_receivables_age(days: int, bucket: str) -> None:
    """
    A day to come shows how what is due today will have aged; a row adds up.
    """
    shop = account()
    pay(shop, f"/service_tickets/{shop.premises.open().id}", 7)
    day = today(shop) + timedelta(days)

    shown = shop.get(f"/receivables?as_of={day}", MANAGER).json

    (row,) = shown["items"]
    assert {"customer_id": 1, "name": "Ada", bucket: 55, "deposits": 7, "balance": 48} == {
        name: one for name, one in row.items() if one
    }
    assert (str(day), 48) == (shown["as_of"], shown["totals"]["balance"])


def test_money_is_told_in_events() -> None:
    """
    Invoices, credit notes and payments are subjects of events, as GET answers them.
    """
    shop = account()

    feed = shop.get("/events?include=subjects&limit=500", MANAGER).json

    told = [
        one
        for one in feed["items"]
        if one["subject"].split("/")[1] in ("invoices", "credit_notes", "payments")
    ]
    assert [
        "invoice.created",
        "payment.created",
        "invoice.changed",
        "invoice.changed",
        "credit_note.created",
        "payment.refunded",
        "invoice.changed",
    ] == [one["type"] for one in sorted(told, key=lambda one: one["position"])]
    for path in ("/invoices/1", "/credit_notes/1", "/payments/1"):
        assert shop.get(path, MANAGER).json == feed["subjects"][path]
    assert "Ada" not in str(feed["items"])
