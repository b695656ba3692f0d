"""Estimates, invoices and credit notes on paper are the same bytes for ever, on each database."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import field, frozen

from tests.integration.apps import ADA, EVE, AppClient
from tests.integration.programs import send, serving

TICKET: Final = "/service_tickets/1"
DOCUMENTS: Final = (f"{TICKET}/estimates/1", "/invoices/1", "/credit_notes/1")
RATES: Final = [
    {"tax_class": "parts", "authority": "State", "percent": 7.25},
    {"tax_class": "labor", "authority": "State", "percent": 7.25},
]
PROFILE: Final = {"name": "Moore & Sons", "time_zone": "America/Chicago", "tax_rates": RATES}
DECISION: Final = {
    "answers": [{"job_id": 1, "answer": "authorized"}, {"job_id": 2, "answer": "declined"}],
    "person": "Ada Moore",
    "channel": "phone",
    "contact": "+1-555-0123",
}


def papers_of(*documents: str) -> list[str]:
    """Return the paths of the papers of documents."""
    return [f"{path}.{end}" for path in documents for end in ("html", "pdf")]


@frozen
class Desk:
    """Somebody at the desk, who is a manager."""

    client: AppClient
    token: str
    keys: Iterator[int] = field(factory=count)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Do something that succeeds, once."""
        key = {"Idempotency_Key": f"key-{next(self.keys)}"} if method == "POST" else {}
        answer = self.client.ask(method, path, self.token, body, **key)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def papers(self, *documents: str) -> list[bytes]:
        """Return the papers of *documents*, or of all."""
        paths = papers_of(*documents or DOCUMENTS)
        answers = [self.client.get(path, self.token) for path in paths]
        assert [200] * len(paths) == [one.status_code for one in answers]
        return [one.content for one in answers]


@pytest.fixture
def desk(client: AppClient) -> Desk:
    """The desk of a shop with an invoice, of which a part is credited."""
    desk = Desk(client, client.token(EVE))
    desk.do("PATCH", "/shop", PROFILE)
    desk.do("PATCH", "/customers/1", {"name": "Ada Moore", "address": "12 Elm St"})
    desk.do("POST", "/vehicles", {"customer_id": 1, "plate": "7ABC123"})
    ticket = {"customer_id": 1, "vehicle_id": 1, "description": "Brakes", "mechanic_ids": [2]}
    desk.do("POST", "/service_tickets", ticket | {"service_date": "2026-03-02"})
    for title in ("Front brakes", "Wiper blades"):
        job = desk.do("POST", f"{TICKET}/jobs", {"title": title})["id"]
        desk.do("POST", f"{TICKET}/parts", {"job_id": job, "part_id": 1, "quantity": 1})
        labor = {"job_id": job, "description": "Fit", "hours": 2, "rate": 80, "mechanic_id": 2}
        desk.do("POST", f"{TICKET}/labor", labor)
    desk.do("POST", f"{TICKET}/estimates", {})
    desk.do("POST", f"{TICKET}/estimates/1/decisions", DECISION)
    desk.do("POST", f"{TICKET}/payments", {"amount": 20, "method": "card"})
    for status in ("in_progress", "completed"):
        desk.do("POST", f"{TICKET}/transitions", {"to": status})
    desk.do("POST", f"{TICKET}/invoice")
    part = {"lines": [{"line": 2, "quantity": 0.5}], "reason": "Took less time"}
    desk.do("POST", "/invoices/1/credit_notes", part)
    return desk


def change_the_world(desk: Desk) -> None:
    """Change everything that the documents are about, and what has become of them."""
    desk.do("PATCH", "/customers/1", {"name": "Ada Lovelace", "address": "2 Oak St"})
    desk.do("PATCH", "/inventory/1", {"price": 999, "name": "Other pad"})
    rates = [rate | {"percent": 19, "authority": "Federal"} for rate in RATES]
    other = {"tax_rates": rates, "name": "Other", "time_zone": "Asia/Tokyo", "disclosures": ["No."]}
    desk.do("PATCH", "/shop", other)
    desk.do("PATCH", "/mechanics/2", {"name": "Robert"})
    desk.do("PATCH", "/mechanics/1", {"name": "Evelyn"})
    desk.do("PATCH", "/vehicles/1", {"plate": "OTHER"})
    desk.do("POST", f"{TICKET}/payments", {"amount": 5, "method": "cash"})
    desk.do("POST", "/payments/1/refunds", {"amount": 1, "reason": "Too much"})
    desk.do("POST", "/invoices/1/credit_notes", {"all": True, "reason": "Goodwill"})
    desk.do("POST", f"{TICKET}/transitions", {"to": "closed"})
    desk.do("POST", f"{TICKET}/invoice")
    desk.do("POST", "/customers/2/merge", {"from_id": 1})


def test_papers_are_the_same_whatever_happens_later(desk: Desk) -> None:
    """
    Address, names, price, tax rate, plate, payment, refund, credit, new invoice and merge.
    """
    before = desk.papers()

    change_the_world(desk)

    assert before == desk.papers()
    assert "Ada Lovelace" == desk.client.get("/invoices/2", desk.token).json["customer"]["name"]


def test_an_estimate_stays_while_its_ticket_goes_on(desk: Desk) -> None:
    """
    Name, address, plate, odometer, description, day, vehicle, line, profile, answers, erasure.
    """
    ticket, owner = "/service_tickets/2", {"customer_id": 2}
    for plate in ("8XYZ", "9XYZ"):
        desk.do("POST", "/vehicles", owner | {"plate": plate})
    about = {"vehicle_id": 2, "odometer": 100, "description": "Noise"}
    desk.do("POST", "/service_tickets", owner | about)
    desk.do("POST", f"{ticket}/jobs", {"title": "Bearing"})
    desk.do("POST", f"{ticket}/labor", {"description": "Fit", "hours": 2, "rate": 80})
    job = desk.do("POST", f"{ticket}/estimates", {})["jobs"][0]["id"]
    estimate = f"{ticket}/estimates/1"
    before = desk.papers(estimate)

    contact = {"name": "Cleo Lovelace", "address": "3 Ash St", "phone": "+1-555-0177"}
    for path, change in (
        ("/customers/2", contact),
        ("/vehicles/2", {"plate": "OTHER", "make": "Ford"}),
        (ticket, {"odometer": 200, "description": "Squeals", "service_date": "2026-03-01"}),
        (ticket, {"vehicle_id": 3}),
        (f"{ticket}/labor/3", {"rate": 90}),
        ("/shop", {"name": "Other", "time_zone": "Asia/Tokyo", "tax_rates": []}),
    ):
        desk.do("PATCH", path, change)
        assert before == desk.papers(estimate), path
    answers = [{"job_id": job, "answer": "authorized"}]
    desk.do("POST", f"{estimate}/decisions", DECISION | {"answers": answers})
    desk.do("POST", f"{ticket}/estimates", {})
    desk.do("POST", f"{ticket}/transitions", {"to": "cancelled"})
    assert 204 == desk.client.ask("DELETE", "/customers/2", desk.token).status_code

    assert before == desk.papers(estimate)
    assert before[0] != desk.papers(f"{ticket}/estimates/2")[0]


def test_another_process_makes_the_same_papers(desk: Desk, url: str, tmp_path: Path) -> None:
    """
    A server of its own, in another time zone, after the world has changed.
    """
    before, token = desk.papers(), desk.client.token(ADA)
    desk.do("PATCH", "/customers/1", {"address": "2 Oak St"})
    env = {"DATABASE_URL": url, "SECRET_KEY": "s" * 40, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}
    with (
        serving(tmp_path, "serve", "--port", "0", env=env) as program,
        closing(program.connection()) as connection,
    ):
        found = []
        for path in papers_of(*DOCUMENTS):
            send(connection, "GET", path, token=token)
            found.append(connection.getresponse().read())

    assert before == found
