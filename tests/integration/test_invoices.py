"""A mistake on an invoice, from the credit to the next invoice, over HTTP on each database."""

from itertools import count
from typing import Any, Final

from attrs import field, frozen

from tests.integration.apps import EVE, AppClient

CORE: Final = {"kind": "fee", "description": "Disposal", "quantity": 1}


@frozen
class Desk:
    """A ticket of one charge, and what staff does with it."""

    client: AppClient
    manager: str
    ticket: str
    charge: str
    _keys: Any = field(factory=count)

    @classmethod
    def of(cls, client: AppClient, price: float) -> "Desk":
        """Return a new ticket that was completed."""
        manager, draft = client.token(EVE), {"customer_id": 1, "description": "x"}
        opened = client.ask("POST", "/service_tickets", manager, draft | {"mechanic_ids": [1]})
        ticket = opened.headers["Location"]
        line = client.ask("POST", f"{ticket}/charges", manager, CORE | {"unit_price": price})
        desk = cls(client, manager, ticket, f"{ticket}/charges/{line.json['id']}")
        desk.move("in_progress", "completed")
        return desk

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of the answer to a POST, with a key of its own."""
        key = {"Idempotency_Key": f"key-{next(self._keys)}"}
        answer = self.client.ask("POST", path, self.manager, body, **key)
        return answer.status_code, answer.json

    def move(self, *statuses: str) -> None:
        """Move the ticket."""
        for to in statuses:
            status, answer = self.post(f"{self.ticket}/transitions", {"to": to})
            assert status == 200, answer

    def invoice(self) -> dict[str, Any]:
        """Issue an invoice."""
        status, answer = self.post(f"{self.ticket}/invoice")
        assert status == 201, answer
        return dict(answer)

    def figures(self, invoice: dict[str, Any]) -> tuple[Any, ...]:
        """Return what has become of an invoice."""
        shown = self.client.get(f"/invoices/{invoice['id']}", self.manager).json
        names = ("credited", "paid", "due", "payment_status")
        return (shown["totals"]["total"], *(shown[name] for name in names))


def test_payments_fill_the_invoice_after_a_credit(client: AppClient) -> None:
    """
    All of an invoice is credited, the ticket reopened and changed: what was paid fills the new one.
    """
    desk = Desk.of(client, 100)
    first = desk.invoice()
    paid = desk.post(f"{desk.ticket}/payments", {"amount": 100, "method": "card"})[1]
    blocked = desk.post(f"{desk.ticket}/transitions", {"to": "in_progress"})
    everything = {"all": True, "reason": "The price was wrong"}
    assert 201 == desk.post(f"/invoices/{first['id']}/credit_notes", everything)[0]
    desk.move("in_progress")
    client.ask("PATCH", desk.charge, desk.manager, {"unit_price": 80.5}, If_Match="*")
    desk.move("completed")
    second = desk.invoice()

    assert (409, ["invoiced"]) == (blocked[0], [one["code"] for one in blocked[1]["blockers"]])
    assert (100, 100, 0, 0, "credited") == desk.figures(first)
    assert (80.5, 0, 80.5, 0, "paid") == desk.figures(second)
    assert (second["number"], second["previous"]) == ("INV-2", first["digest"])
    entries = client.get("/customers/1/statement", desk.manager).json
    assert [100, -100, -100, 80.5] == [one["amount"] for one in entries["entries"]]
    assert -19.5 == entries["closing"]
    given_back = {"amount": 19.5, "reason": "Paid too much"}
    assert 201 == desk.post(f"/payments/{paid['id']}/refunds", given_back)[0]
    assert 0 == client.get("/customers/1/statement", desk.manager).json["closing"]


def test_a_cent_too_much_is_refused(client: AppClient) -> None:
    """
    Payments, refunds and credits that are 0.01 too large are 409, and change nothing.
    """
    desk = Desk.of(client, 100)
    invoice = desk.invoice()
    paid = desk.post(f"{desk.ticket}/payments", {"amount": 60, "method": "cash"})[1]
    credit = {"lines": [{"line": 1, "amount": 30.01}], "reason": "x"}
    desk.post(f"/payments/{paid['id']}/refunds", {"amount": 20, "reason": "x"})
    desk.post(f"/invoices/{invoice['id']}/credit_notes", credit)
    before = desk.figures(invoice)

    refused = [
        desk.post(f"{desk.ticket}/payments", {"amount": 30, "method": "cash"}),
        desk.post(f"/payments/{paid['id']}/refunds", {"amount": 40.01, "reason": "x"}),
        desk.post(
            f"/invoices/{invoice['id']}/credit_notes",
            {"lines": [{"line": 1, "amount": 70}], "reason": "x"},
        ),
    ]

    assert [
        (409, "more-than-due"),
        (409, "more-than-paid"),
        (409, "more-than-invoiced"),
    ] == [(status, body["code"]) for status, body in refused]
    assert (100, 30.01, 40, 29.99, "partly_paid") == before == desk.figures(invoice)
